"""The webhook endpoints of all merchants, as staff see them: how each fares, and only the host of its URL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import asyncpg
import msgspec
from yarl import URL

from fincore.domain.ids import MerchantId, WebhookEndpointId
from fincore.notify.endpoint import DisabledReason, EndpointStatus, Owner
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.notify", "all_endpoints.sql")

PAGE_ROWS_MAX: Final = 100
DELIVERIES_COUNTED_MAX: Final = 1_000
"""Deliveries of an endpoint in a state are counted no further."""

EndpointCondition = Literal["enabled", "failing", "disabled"]
"""`enabled`: it takes webhooks, and took the latest. `failing`: FinCore disabled it because nothing arrived, or the latest webhook did not
reach it. `disabled`: it takes nothing."""


_CONDITIONS: Final[Mapping[EndpointCondition, str]] = MappingProxyType(
    {"enabled": _SQL.enabled, "failing": _SQL.failing, "disabled": _SQL.disabled}
)


class OwnersSeen(NamedTuple):
    """Which owners count: a mode, and some merchants; all where `merchant_ids` is None."""

    livemode: bool
    merchant_ids: Sequence[MerchantId] | None = None


class EndpointState(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint and how it fares. `host` is all that is shown of its URL: the rest may hold a token.

    `failures` are those in a row; `pending` and `given_up` count deliveries up to `DELIVERIES_COUNTED_MAX`.
    """

    endpoint_id: WebhookEndpointId
    merchant_id: MerchantId
    livemode: bool
    host: str
    description: str | None
    event_types: list[str]
    status: EndpointStatus
    disabled_reason: DisabledReason | None
    failures: int
    paused_until: datetime | None
    last_success_at: datetime | None
    created_at: datetime
    pending: int
    given_up: int

    @property
    def owner(self) -> Owner:
        """The merchant and mode that it belongs to."""
        return Owner(self.merchant_id, self.livemode)


class EndpointPage(NamedTuple):
    """One page of a list, newest first; the last endpoint's id is the cursor to the next."""

    endpoints: list[EndpointState]
    has_more: bool


class FailingCount(NamedTuple):
    """How many endpoints fail, up to a bound, and how long the oldest webhook for them waits; None where none does."""

    endpoints: int
    oldest_at: datetime | None


class AllEndpoints:
    """Looks over the endpoints of all merchants."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(
        self,
        seen: OwnersSeen,
        *,
        condition: EndpointCondition | None = None,
        after_id: WebhookEndpointId | None = None,
        limit: int,
    ) -> EndpointPage:
        """The next endpoints after `after_id`, at most `limit` (1 to `PAGE_ROWS_MAX`)."""
        if not 1 <= limit <= PAGE_ROWS_MAX:
            raise ValueError(f"limit must be between 1 and {PAGE_ROWS_MAX}, not {limit}")
        arguments: list[object] = [*_filters(seen), DELIVERIES_COUNTED_MAX, limit + 1]
        conditions = ""
        wanted = None if condition is None else _CONDITIONS[condition]
        for text, value in ((wanted, True), (_SQL.after_endpoint, after_id)):
            if text is not None and value is not None:
                arguments.append(value)
                conditions += f"\n      and {text.format(value=f'${len(arguments)}')}"
        rows = await self._pool.fetch(_SQL.list_endpoints.format(conditions=conditions), *arguments)
        return EndpointPage([_state(row) for row in rows[:limit]], len(rows) > limit)

    async def find(
        self, endpoint_id: WebhookEndpointId, within: "Connection | None" = None
    ) -> EndpointState | None:
        """One endpoint of any merchant; None where there is none, or it was deleted."""
        row = await (within or self._pool).fetchrow(_SQL.find_endpoint, endpoint_id, DELIVERIES_COUNTED_MAX)
        return None if row is None else _state(row)

    async def set_status(
        self, connection: Connection, endpoint_id: WebhookEndpointId, status: EndpointStatus
    ) -> bool:
        """Enable an endpoint in a transaction, or disable it as `by_staff`; False where there is none. One that is disabled stays so for its reason.

        What waits for an endpoint that is disabled ends as failed within seconds, and can be replayed.
        """
        return await connection.execute(_SQL.set_status, endpoint_id, status) != "UPDATE 0"

    async def count_failing(self, seen: OwnersSeen, *, counted_max: int) -> FailingCount:
        """How many endpoints fail, at most `counted_max`."""
        row = await self._pool.fetchrow(_SQL.count_failing, *_filters(seen), counted_max)
        return FailingCount(0, None) if row is None else FailingCount(row["endpoints"], row["oldest_at"])


def _filters(seen: OwnersSeen) -> tuple[bool, Sequence[str] | None]:
    return seen.livemode, None if seen.merchant_ids is None else list(seen.merchant_ids)


_SHOWN: Final = tuple(field for field in EndpointState.__struct_fields__ if field != "host")


def _state(row: asyncpg.Record) -> EndpointState:
    host = URL(row["url"], encoded=True).raw_host or ""
    return EndpointState(host=host, **{name: row[name] for name in _SHOWN})
