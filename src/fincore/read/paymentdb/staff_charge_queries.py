"""Charges of all merchants, or of some, as staff find them: by any filters, newest first, and what the found add up to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import require_page
from fincore.read.paymentdb.charge_row import view_of
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.search_terms import as_term, beginning_with
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters, Walk
from fincore.read.paymentdb.staff_lists import Place, Scope

_SQL = load_sql("fincore.read.paymentdb", "staff_charge_queries.sql")

TERMS_MAX: Final = 50
"""Terms that a beginning may stand for."""
SUM_MINOR_MAX: Final = 2**63 - 1
"""A sum that is greater is told as this: 10,000 charges may come to more than a bigint holds."""


class StaffChargePage(NamedTuple):
    """One page, newest first. `next_place` is where the next one begins, None at the end of the list.

    `looked_back_to` is how far back the page looked where it looked at as many charges as it may; older ones may match. `is_cut`:
    more than `TERMS_MAX` terms begin as the filter says, and only charges with the first of them are listed.
    """

    charges: list[ChargeView]
    next_place: Place | None
    looked_back_to: datetime | None = None
    is_cut: bool = False


class ChargeTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Charges in one currency: how many, and the sums of what was asked for, captured and given back."""

    currency: Currency
    charges: int
    amount_minor: int
    captured_minor: int
    refunded_minor: int


class ChargeTotals(NamedTuple):
    """Totals by currency; not `is_exact` where there are more charges than were looked at, or a sum reaches `SUM_MINOR_MAX`.

    Each is then a lower bound.
    """

    totals: list[ChargeTotal]
    is_exact: bool


class StaffChargeQueries:
    """The query side of charges for staff. It may lag behind the log by what the projectionist has not folded yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, scope: Scope, charge_id: ChargeId) -> ChargeView | None:
        """A charge within the scope; None where there is none."""
        row = await self._pool.fetchrow(_SQL.find_charge, scope.livemode, charge_id)
        view = view_of(row) if row else None
        return view if view and scope.has(view.charge.merchant_id) else None

    async def list_charges(
        self, scope: Scope, filters: StaffChargeFilters, *, after: Place | None = None, limit: int
    ) -> StaffChargePage:
        """The next charges after a place, at most `limit` (1 to `PAGE_ROWS_MAX`)."""
        require_page(limit)
        terms, is_cut = await self._terms(scope, filters)
        walk = Walk(scope, filters, terms, after)
        # One more than asked for tells whether there is a further page.
        statement, arguments = walk.page(limit + 1)
        rows = await self._pool.fetch(statement, *arguments)
        end: Place | None = None
        if walk.is_narrowed and (walk.walks > 1 or len(rows) <= limit):
            statement, arguments = walk.end_of_look(walk.looked_at(limit + 1))
            row = await self._pool.fetchrow(statement, *arguments)
            end = None if row is None else _place(row)
        if end is not None:
            # Beyond the place where one walk stopped, what the others found is only a part.
            rows = [row for row in rows if _place(row) >= end]
        charges = [view_of(row) for row in rows[:limit]]
        if len(rows) > limit:
            return StaffChargePage(charges, _place(rows[limit - 1]), is_cut=is_cut)
        return StaffChargePage(charges, end, end and end.at, is_cut)

    async def total(self, scope: Scope, filters: StaffChargeFilters) -> ChargeTotals:
        """What the charges add up to, of as many as one look reaches."""
        terms, is_cut = await self._terms(scope, filters)
        walk = Walk(scope, filters, terms)
        statement, arguments = walk.totals()
        rows = await self._pool.fetch(statement, *arguments)
        statement, arguments = walk.end_of_look(walk.looks_max + 1)
        end = await self._pool.fetchrow(statement, *arguments)
        totals = [ChargeTotal(**dict(row)) for row in rows]
        is_held = all(
            max(one.amount_minor, one.captured_minor, one.refunded_minor) < SUM_MINOR_MAX for one in totals
        )
        return ChargeTotals(totals, is_exact=end is None and not is_cut and is_held)

    async def _terms(self, scope: Scope, filters: StaffChargeFilters) -> tuple[tuple[str, ...] | None, bool]:
        """The terms within the scope that the leading one stands for, and whether there are more of them."""
        leading = filters.leading_term
        if leading is None or filters.lead not in ("reference", "email", "metadata"):
            return None, False
        kind, wanted = leading
        if not wanted.is_prefix:
            return (as_term(wanted.text),), False
        first, end = beginning_with(wanted.text)
        arguments: list[object] = [scope.livemode, kind, first, end, TERMS_MAX + 1]
        statement = _SQL.terms_beginning
        if scope.merchants is not None:
            statement = _SQL.terms_of_merchants_beginning
            arguments.append(list(scope.merchants))
        rows: Sequence[asyncpg.Record] = await self._pool.fetch(statement, *arguments)
        found = tuple(row["term"] for row in rows)
        return found[:TERMS_MAX], len(found) > TERMS_MAX


def _place(row: asyncpg.Record) -> Place:
    return Place(row["created_at"], row["charge_id"])
