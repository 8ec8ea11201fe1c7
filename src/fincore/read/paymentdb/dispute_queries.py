"""What merchants and staff ask about disputes."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from fincore.domain.ids import ChargeId, DisputeId, MerchantId
from fincore.domain.outcome import DisputeStatus
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import one_of, require_page, with_conditions
from fincore.read.paymentdb.dispute_row import view_of
from fincore.read.paymentdb.dispute_view import DisputeView

_SQL = load_sql("fincore.read.paymentdb", "dispute_queries.sql")


class DisputeFilters(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant and mode of the disputes, and filters; a filter left None does not filter.

    `opened_from` is inclusive, `opened_before` exclusive.
    """

    merchant_id: MerchantId
    livemode: bool
    charge_id: ChargeId | None = None
    statuses: tuple[DisputeStatus, ...] = ()
    opened_from: datetime | None = None
    opened_before: datetime | None = None


class DisputePage(NamedTuple):
    """One page of a list, newest first; the last dispute's id is the cursor to the next."""

    disputes: list[DisputeView]
    has_more: bool


class DisputeQueries:
    """The query side of disputes. It may lag behind the log by what the projectionist has not folded yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(
        self,
        merchant_id: MerchantId,
        livemode: bool,  # noqa: FBT001 -- the three together are the key
        dispute_id: DisputeId,
    ) -> DisputeView | None:
        """A merchant's dispute, or None where the view has no such dispute of this merchant in this mode."""
        row = await self._pool.fetchrow(_SQL.find_dispute, merchant_id, livemode, dispute_id)
        return view_of(row) if row else None

    async def list_disputes(
        self, filters: DisputeFilters, *, after_id: DisputeId | None = None, limit: int
    ) -> DisputePage:
        """The next disputes after `after_id` in the list, at most `limit` (1 to `PAGE_ROWS_MAX`).

        The page is empty where the merchant has no dispute `after_id`.
        """
        require_page(limit)
        # One more than asked for tells whether there is a further page.
        statement, arguments = list_statement(filters, after_id=after_id, limit=limit + 1)
        rows = await self._pool.fetch(statement, *arguments)
        return DisputePage([view_of(row) for row in rows[:limit]], has_more=len(rows) > limit)


def list_statement(
    filters: DisputeFilters, *, after_id: DisputeId | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists disputes through exactly the filters given, and its arguments."""
    return with_conditions(
        _SQL.list_disputes,
        (filters.merchant_id, filters.livemode, limit),
        (
            (_SQL.of_charge, filters.charge_id),
            one_of(_SQL.with_status, _SQL.with_statuses, filters.statuses),
            (_SQL.opened_from, filters.opened_from),
            (_SQL.opened_before, filters.opened_before),
            (_SQL.after_dispute, after_id),
        ),
    )
