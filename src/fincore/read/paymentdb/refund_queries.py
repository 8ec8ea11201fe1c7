"""What merchants and staff ask about refunds."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from fincore.domain.ids import ChargeId, MerchantId, RefundId
from fincore.domain.refund import RefundStatus
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import one_of, require_page, with_conditions
from fincore.read.paymentdb.refund_row import view_of
from fincore.read.paymentdb.refund_view import RefundView

_SQL = load_sql("fincore.read.paymentdb", "refund_queries.sql")


class RefundFilters(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant and mode of the refunds, and filters; a filter left None does not filter.

    `created_from` is inclusive, `created_before` exclusive.
    """

    merchant_id: MerchantId
    livemode: bool
    charge_id: ChargeId | None = None
    statuses: tuple[RefundStatus, ...] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None


class RefundPage(NamedTuple):
    """One page of a list, newest first; the last refund's id is the cursor to the next."""

    refunds: list[RefundView]
    has_more: bool


class RefundQueries:
    """The query side of refunds. It may lag behind the log by what the projectionist has not folded yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, merchant_id: MerchantId, livemode: bool, refund_id: RefundId) -> RefundView | None:  # noqa: FBT001 -- the three together are the key
        """A merchant's refund, or None where the view has no such refund of this merchant in this mode."""
        row = await self._pool.fetchrow(_SQL.find_refund, merchant_id, livemode, refund_id)
        return view_of(row) if row else None

    async def list_refunds(
        self, filters: RefundFilters, *, after_id: RefundId | None = None, limit: int
    ) -> RefundPage:
        """The next refunds after `after_id` in the list, at most `limit` (1 to `PAGE_ROWS_MAX`).

        The page is empty where the merchant has no refund `after_id`.
        """
        require_page(limit)
        # One more than asked for tells whether there is a further page.
        statement, arguments = list_statement(filters, after_id=after_id, limit=limit + 1)
        rows = await self._pool.fetch(statement, *arguments)
        return RefundPage([view_of(row) for row in rows[:limit]], has_more=len(rows) > limit)


def list_statement(
    filters: RefundFilters, *, after_id: RefundId | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists refunds through exactly the filters given, and its arguments."""
    return with_conditions(
        _SQL.list_refunds,
        (filters.merchant_id, filters.livemode, limit),
        (
            (_SQL.of_charge, filters.charge_id),
            one_of(_SQL.with_status, _SQL.with_statuses, filters.statuses),
            (_SQL.created_from, filters.created_from),
            (_SQL.created_before, filters.created_before),
            (_SQL.after_refund, after_id),
        ),
    )
