"""The charges under review: the list that staff work through, and its figures. It may lag behind the log."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from fincore.domain.ids import ChargeId
from fincore.domain.risk_review import ReviewStatus
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.charge_row import view_of
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.metrics import REVIEWED_CAPTURED_BY_PSP, REVIEWS_DUE_SOON, REVIEWS_OPEN
from fincore.read.paymentdb.staff_lists import Scope, scope_arguments

_SQL = load_sql("fincore.read.paymentdb", "review_queries.sql")

DUE_SOON_SECONDS: Final = 4 * 3_600.0
"""A review that is decided without a person within this time is counted as due soon."""


async def list_reviews(pool: Pool, statuses: Sequence[ReviewStatus], *, limit: int) -> list[ChargeView]:
    """The charges with a review that stands in one of these ways, those that are decided soonest first."""
    rows = await pool.fetch(_SQL.list_reviews, list(statuses), limit)
    return [view_of(row) for row in rows]


async def list_waiting_reviews(
    pool: Pool, scope: Scope, *, after_id: ChargeId | None, limit: int
) -> list[ChargeView]:
    """The charges of a scope that wait for a decision, those that are decided soonest first; those without a time are the last."""
    rows = await pool.fetch(_SQL.list_waiting_reviews, *scope_arguments(scope), after_id, limit)
    return [view_of(row) for row in rows]


async def measure_reviews(pool: Pool, now: datetime) -> None:
    """Tell Prometheus how many reviews are open and due soon, and how many charges PSPs captured all the same."""
    row = await pool.fetchrow(_SQL.measure_reviews, now + timedelta(seconds=DUE_SOON_SECONDS))
    REVIEWS_OPEN.set(row["open"] if row else 0)
    REVIEWS_DUE_SOON.set(row["due_soon"] if row else 0)
    REVIEWED_CAPTURED_BY_PSP.set(row["captured_by_psp"] if row else 0)
