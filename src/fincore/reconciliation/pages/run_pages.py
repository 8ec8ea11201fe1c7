"""Runs of reconciliation as people list them."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from fincore.domain.ids import RunId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import require_page

_SQL = load_sql("fincore.reconciliation.pages", "run_pages.sql")


class ListedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run, and what it did in one mode. `sha256` is that of its report; None until the next run has kept it."""

    run_id: RunId
    cut_off: datetime
    last_entry_id: int
    finished_at: datetime
    files: int
    lines_matched: int
    breaks_opened: int
    breaks_closed: int
    sha256: str | None


class RunPage(NamedTuple):
    """One page, the last run first; the last one's id is the place from which the next page goes on."""

    runs: list[ListedRun]
    has_more: bool


async def list_runs(ledgerdb: Pool, *, livemode: bool, after: RunId | None = None, limit: int) -> RunPage:
    """The runs that finished, of those before the run `after`."""
    require_page(limit)
    rows = await ledgerdb.fetch(_SQL.list_runs, livemode, limit + 1, after)
    return RunPage(
        [msgspec.convert(dict(row), ListedRun) for row in rows[:limit]], has_more=len(rows) > limit
    )
