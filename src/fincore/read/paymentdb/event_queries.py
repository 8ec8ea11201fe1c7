"""What merchants and staff ask about events of charges and of checkout sessions."""

from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from fincore.domain.ids import ChargeId, EventId, MerchantId
from fincore.domain.public_event import PublicEvent
from fincore.domain.public_session_event import PublicEventType, PublicSessionEvent
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import require_page, with_conditions
from fincore.read.paymentdb import event_row, session_event_row

_SQL = load_sql("fincore.read.paymentdb", "event_queries.sql")


class EventFilters(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant and mode of the events, and filters; a filter left None does not filter.

    `recorded_from` is inclusive, `recorded_before` exclusive: when FinCore wrote the event down.
    """

    merchant_id: MerchantId
    livemode: bool
    charge_id: ChargeId | None = None
    types: tuple[PublicEventType, ...] | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None


class EventPage(NamedTuple):
    """One page of a list, newest first; the last event's id is the cursor to the next."""

    events: list[PublicEvent | PublicSessionEvent]
    has_more: bool


class EventQueries:
    """The query side of events. It may lag behind the log by what the projectionist has not folded yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(
        self,
        merchant_id: MerchantId,
        livemode: bool,  # noqa: FBT001 -- the three together are the key
        event_id: EventId,
    ) -> PublicEvent | PublicSessionEvent | None:
        """A merchant's event, or None where the view has no such event of this merchant in this mode."""
        row = await self._pool.fetchrow(_SQL.find_event, merchant_id, livemode, event_id)
        return _event_of(row) if row else None

    async def timeline(
        self,
        merchant_id: MerchantId,
        livemode: bool,  # noqa: FBT001 -- the three together are the key
        charge_id: ChargeId,
    ) -> list[PublicEvent]:
        """The events of a merchant's charge by version, without a gap."""
        rows = await self._pool.fetch(_SQL.timeline, merchant_id, livemode, charge_id)
        return [event_row.event_of(row) for row in rows]

    async def list_events(
        self, filters: EventFilters, *, after_id: EventId | None = None, limit: int
    ) -> EventPage:
        """The next events after `after_id` in the list, at most `limit` (1 to `PAGE_ROWS_MAX`).

        The page is empty where the merchant has no event `after_id`, or the charge of the filter has not.
        """
        require_page(limit)
        # One more than asked for tells whether there is a further page.
        statement, arguments = list_statement(filters, after_id=after_id, limit=limit + 1)
        rows = await self._pool.fetch(statement, *arguments)
        return EventPage([_event_of(row) for row in rows[:limit]], has_more=len(rows) > limit)


def _event_of(row: asyncpg.Record) -> PublicEvent | PublicSessionEvent:
    if row["session_id"] is None:
        return event_row.event_of(row)
    return session_event_row.event_of(row)


def list_statement(
    filters: EventFilters, *, after_id: EventId | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists events through exactly the filters given, and its arguments."""
    scope = (filters.merchant_id, filters.livemode, limit)
    recorded = (
        (_SQL.recorded_from, filters.recorded_from),
        (_SQL.recorded_before, filters.recorded_before),
    )
    if filters.charge_id is not None:
        return with_conditions(
            _SQL.list_events_of_charge,
            (*scope, filters.charge_id),
            (*recorded, (_SQL.with_types, filters.types), (_SQL.after_event_of_charge, after_id)),
        )
    if filters.types is not None:
        return with_conditions(
            _SQL.list_events_of_types,
            (*scope, filters.types),
            (*recorded, (_SQL.after_event, after_id)),
        )
    return with_conditions(_SQL.list_events, scope, (*recorded, (_SQL.after_event, after_id)))
