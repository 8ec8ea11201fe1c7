"""What merchants ask about checkout sessions."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from fincore.domain.checkout_session import CheckoutSessionStatus
from fincore.domain.ids import CheckoutSessionId, MerchantId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import one_of, require_page, with_conditions
from fincore.read.paymentdb.session_row import SessionView, view_of

_SQL = load_sql("fincore.read.paymentdb", "session_queries.sql")


class SessionFilters(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant and mode of the sessions, and filters; a filter left None does not filter.

    `created_from` is inclusive, `created_before` exclusive.
    """

    merchant_id: MerchantId
    livemode: bool
    statuses: tuple[CheckoutSessionStatus, ...] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None


class SessionPage(NamedTuple):
    """One page of a list, newest first; the last session's id is the cursor to the next."""

    sessions: list[SessionView]
    has_more: bool


class SessionQueries:
    """The query side of checkout sessions. It may lag behind the log by what the projectionist has not folded yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(
        self, merchant_id: MerchantId, session_id: CheckoutSessionId, *, livemode: bool
    ) -> SessionView | None:
        """A merchant's session, or None where the view has no such session of this merchant in this mode."""
        row = await self._pool.fetchrow(_SQL.find_session, merchant_id, livemode, session_id)
        return view_of(row) if row else None

    async def find_last(self) -> SessionView | None:
        """The session of any merchant and mode that was created last; None before the first. For operators."""
        row = await self._pool.fetchrow(_SQL.last_session)
        return view_of(row) if row else None

    async def list_sessions(
        self, filters: SessionFilters, *, after_id: CheckoutSessionId | None = None, limit: int
    ) -> SessionPage:
        """The next sessions after `after_id` in the list, at most `limit` (1 to `PAGE_ROWS_MAX`).

        The page is empty where the merchant has no session `after_id`.
        """
        require_page(limit)
        # One more than asked for tells whether there is a further page.
        statement, arguments = with_conditions(
            _SQL.list_sessions,
            (filters.merchant_id, filters.livemode, limit + 1),
            (
                one_of(_SQL.with_status, _SQL.with_statuses, filters.statuses),
                (_SQL.created_from, filters.created_from),
                (_SQL.created_before, filters.created_before),
                (_SQL.after_session, after_id),
            ),
        )
        rows = await self._pool.fetch(statement, *arguments)
        return SessionPage([view_of(row) for row in rows[:limit]], has_more=len(rows) > limit)
