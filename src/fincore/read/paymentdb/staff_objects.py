"""Refunds, disputes and checkout sessions of all merchants, or of some, as staff list them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from fincore.domain.checkout_session import CheckoutSessionStatus
from fincore.domain.ids import ChargeId, CheckoutSessionId, DisputeId, RefundId
from fincore.domain.outcome import DisputeStatus
from fincore.domain.refund import RefundStatus
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import require_page
from fincore.read.paymentdb import dispute_row, refund_row, session_row
from fincore.read.paymentdb.dispute_view import DisputeView
from fincore.read.paymentdb.refund_view import RefundView
from fincore.read.paymentdb.session_row import SessionView
from fincore.read.paymentdb.staff_lists import Arguments, Condition, Scope

_SQL = load_sql("fincore.read.paymentdb", "staff_objects.sql")

ViewT = TypeVar("ViewT")


class Made(NamedTuple):
    """When something was made: from a time on, and before another one; None is no bound."""

    since: datetime | None = None
    before: datetime | None = None


ALWAYS = Made()


class Page(NamedTuple, Generic[ViewT]):
    """One page of a list; the id of the last is where the next one begins."""

    rows: list[ViewT]
    has_more: bool


class StaffObjects:
    """The query side of refunds, disputes and checkout sessions for staff. It may lag behind the log."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list_refunds(
        self,
        scope: Scope,
        *,
        limit: int,
        statuses: Sequence[RefundStatus] = (),
        charge_id: ChargeId | None = None,
        created: Made = ALWAYS,
        after_id: RefundId | None = None,
    ) -> Page[RefundView]:
        """Refunds, newest first."""
        require_page(limit)
        statement, arguments = statement_of(
            _SQL.list_refunds,
            scope,
            statuses,
            limit + 1,
            (
                (_SQL.of_charge, charge_id),
                (_SQL.created_from, created.since),
                (_SQL.created_before, created.before),
                (_SQL.after_refund, after_id),
            ),
        )
        rows = await self._pool.fetch(statement, *arguments)
        return Page([refund_row.view_of(row) for row in rows[:limit]], len(rows) > limit)

    async def list_disputes(
        self,
        scope: Scope,
        *,
        limit: int,
        statuses: Sequence[DisputeStatus] = (),
        charge_id: ChargeId | None = None,
        opened: Made = ALWAYS,
        after_id: DisputeId | None = None,
    ) -> Page[DisputeView]:
        """Disputes, newest first."""
        require_page(limit)
        statement, arguments = statement_of(
            _SQL.list_disputes,
            scope,
            statuses,
            limit + 1,
            (
                (_SQL.of_charge, charge_id),
                (_SQL.opened_from, opened.since),
                (_SQL.opened_before, opened.before),
                (_SQL.after_dispute, after_id),
            ),
        )
        rows = await self._pool.fetch(statement, *arguments)
        return Page([dispute_row.view_of(row) for row in rows[:limit]], len(rows) > limit)

    async def list_disputes_by_deadline(
        self,
        scope: Scope,
        *,
        limit: int,
        statuses: Sequence[DisputeStatus],
        after_id: DisputeId | None = None,
    ) -> Page[DisputeView]:
        """Disputes in some states, those with the soonest deadline first, and those without one last."""
        require_page(limit)
        statement, arguments = statement_of(
            _SQL.list_disputes_by_deadline,
            scope,
            statuses,
            limit + 1,
            ((_SQL.after_deadline, after_id),),
            by_merchant=False,
        )
        rows = await self._pool.fetch(statement, *arguments)
        return Page([dispute_row.view_of(row) for row in rows[:limit]], len(rows) > limit)

    async def list_sessions(
        self,
        scope: Scope,
        *,
        limit: int,
        statuses: Sequence[CheckoutSessionStatus] = (),
        created: Made = ALWAYS,
        after_id: CheckoutSessionId | None = None,
    ) -> Page[SessionView]:
        """Checkout sessions, newest first."""
        require_page(limit)
        statement, arguments = statement_of(
            _SQL.list_sessions,
            scope,
            statuses,
            limit + 1,
            (
                (_SQL.created_from, created.since),
                (_SQL.created_before, created.before),
                (_SQL.after_session, after_id),
            ),
        )
        rows = await self._pool.fetch(statement, *arguments)
        return Page([session_row.view_of(row) for row in rows[:limit]], len(rows) > limit)


def statement_of(
    template: str,
    scope: Scope,
    statuses: Sequence[str],
    limit: int,
    conditions: Sequence[Condition],
    *,
    by_merchant: bool = True,
) -> tuple[str, list[object]]:
    """A list of the newest of each merchant and each status, narrowed by the conditions that have a value, and its arguments."""
    arguments = Arguments()
    each = arguments.each(scope, statuses, by_merchant=by_merchant)
    narrowed = arguments.joined(conditions)
    placeholder = arguments.add(limit)
    statement = template.format(sources=each.sources, part=each.part, conditions=narrowed, limit=placeholder)
    return statement, arguments.values
