"""Sealed days of reconciliation as people list them, each with its place in the chain."""

from datetime import date, datetime
from typing import NamedTuple

import msgspec

from fincore.domain.ids import RunId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import require_page

_SQL = load_sql("fincore.reconciliation.pages", "day_pages.sql")


class SealedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A day of runs and the hash of its report. `follows`: the day before it has the hash that this one names."""

    day: date
    runs: int
    last_run_id: RunId
    sha256: str
    day_before: date | None
    sha256_before: str | None
    written_at: datetime
    follows: bool


class DayPage(NamedTuple):
    """One page, the last day first; the last one's day is the place from which the next page goes on."""

    days: list[SealedReport]
    has_more: bool


async def list_days(ledgerdb: Pool, *, after: date | None = None, limit: int) -> DayPage:
    """The sealed days before the day `after`."""
    require_page(limit)
    rows = await ledgerdb.fetch(_SQL.list_days, limit + 1, after)
    return DayPage(
        [msgspec.convert(dict(row), SealedReport) for row in rows[:limit]], has_more=len(rows) > limit
    )
