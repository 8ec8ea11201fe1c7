"""What merchants and staff ask about charges."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.events import ChargeStatus
from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.risk_review import ReviewStatus
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import one_of, require_page, with_conditions
from fincore.read.paymentdb.charge_row import view_of
from fincore.read.paymentdb.charge_view import ChargeView

_SQL = load_sql("fincore.read.paymentdb", "queries.sql")


class ChargeFilters(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant and mode of the charges, and filters; one left None (or metadata left empty) does not filter.

    `created_from`, `amount_from_minor` and `amount_to_minor` are inclusive, `created_before` exclusive. `metadata`
    matches charges that carry all of its pairs. No `statuses` are all of them. `psp_reference` is an id of the payment, of a
    part of it, of a refund or of a dispute.
    """

    merchant_id: MerchantId
    livemode: bool
    statuses: tuple[ChargeStatus, ...] = ()
    customer_email: str | None = None
    disputed: bool | None = None
    currency: Currency | None = None
    amount_from_minor: int | None = None
    amount_to_minor: int | None = None
    psp_reference: str | None = None
    last4: str | None = None
    brand: str | None = None
    review: ReviewStatus | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    metadata: dict[str, str] = {}


class ChargePage(NamedTuple):
    """One page of a list, newest first; the last charge's id is the cursor to the next."""

    charges: list[ChargeView]
    has_more: bool


class ChargeQueries:
    """The query side of charges. It may lag behind the log by what the projectionist has not folded yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, merchant_id: MerchantId, livemode: bool, charge_id: ChargeId) -> ChargeView | None:  # noqa: FBT001 -- the three together are the key
        """A merchant's charge, or None where the view has no such charge of this merchant in this mode."""
        row = await self._pool.fetchrow(_SQL.find_charge, merchant_id, livemode, charge_id)
        return view_of(row) if row else None

    async def list_charges(
        self, filters: ChargeFilters, *, after_id: ChargeId | None = None, limit: int
    ) -> ChargePage:
        """The next charges after `after_id` in the list, at most `limit` (1 to `PAGE_ROWS_MAX`).

        The page is empty where the merchant has no charge `after_id`.
        """
        require_page(limit)
        # One more than asked for tells whether there is a further page.
        statement, arguments = list_statement(filters, after_id=after_id, limit=limit + 1)
        rows = await self._pool.fetch(statement, *arguments)
        return ChargePage([view_of(row) for row in rows[:limit]], has_more=len(rows) > limit)


def list_statement(
    filters: ChargeFilters, *, after_id: ChargeId | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists charges through exactly the filters given, and its arguments."""
    return with_conditions(
        _SQL.list_charges,
        (filters.merchant_id, filters.livemode, limit),
        (
            one_of(_SQL.with_status, _SQL.with_statuses, filters.statuses),
            (_SQL.with_customer_email, filters.customer_email),
            (_SQL.disputed, filters.disputed),
            (_SQL.with_currency, filters.currency),
            *_amounts(filters),
            (_SQL.with_psp_reference, filters.psp_reference),
            (_SQL.with_last4, filters.last4),
            (_SQL.with_brand, filters.brand),
            (_SQL.with_review, filters.review),
            (_SQL.created_from, filters.created_from),
            (_SQL.created_before, filters.created_before),
            (
                _SQL.with_metadata,
                msgspec.json.encode(filters.metadata).decode() if filters.metadata else None,
            ),
            (_SQL.after_charge, after_id),
        ),
    )


def _amounts(filters: ChargeFilters) -> Iterator[tuple[str, object | None]]:
    least, most = filters.amount_from_minor, filters.amount_to_minor
    if least is not None and least == most:
        yield _SQL.with_amount, least
        return
    yield _SQL.amount_from, least
    yield _SQL.amount_to, most
