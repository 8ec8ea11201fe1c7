"""The violations that browsers have reported: counted in memory, added to the table every few seconds, listed for operators."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
import structlog

from fincore.postgres.failures import is_outage
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.pages.metrics import CSP_REPORTS, UNREAD_REPORTS
from fincore.write.pages.violation import OTHER, Violation

_SQL = load_sql("fincore.write.pages", "csp_reports.sql")

ROWS_MAX: Final = 1_000
"""Rows of the table, beside one for the other sources of each page and directive."""
COUNTED_MAX: Final = 500
"""Different violations in memory; a further one counts among the other sources of its page and directive."""
FLUSH_SECONDS: Final = 5.0
FLUSH_TIMEOUT_SECONDS: Final = 5.0
KEPT_FOR: Final = timedelta(days=90)
"""How long a violation is kept that no browser reports any more."""

UnreadReason = Literal["media_type", "body", "report"]

_log = structlog.get_logger(__name__)


class KnownViolation(msgspec.Struct, frozen=True, kw_only=True):
    """A violation, how often it was reported, and from when to when."""

    page: str
    directive: str
    blocked: str
    reports: int
    first_seen_at: datetime
    last_seen_at: datetime


class CspReports:
    """Counts violations and keeps them. `run` must be running for them to reach the table; a crash loses those of seconds."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._counted: Counter[Violation] = Counter()

    def add(self, violations: Iterable[Violation]) -> None:
        """Count violations."""
        for violation in violations:
            CSP_REPORTS.labels(violation.directive, violation.source_kind).inc()
            self._count(violation, 1)

    def add_unread(self, reason: UnreadReason, reports: int = 1) -> None:
        """Count what a browser sent and FinCore does not read."""
        UNREAD_REPORTS.labels(reason).inc(reports)

    async def run(self) -> None:
        """Add what was counted to the table every few seconds until canceled; what cannot be added is added later."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                async with asyncio.timeout(FLUSH_TIMEOUT_SECONDS):
                    await self.flush()
            except Exception as error:  # noqa: BLE001 -- the counts stay; the next time comes soon
                if not is_outage(error):
                    _log.error("pages.reports_not_kept", error=repr(error))

    async def flush(self) -> None:
        """Add what was counted to the table now, and delete what is old. Raises what asyncpg raises."""
        counted, self._counted = self._counted, Counter()
        try:
            if counted:
                await self._pool.execute(
                    _SQL.add_reports,
                    [one.page for one in counted],
                    [one.directive for one in counted],
                    [one.blocked for one in counted],
                    list(counted.values()),
                    ROWS_MAX,
                    OTHER,
                )
        except BaseException:
            for violation, reports in counted.items():
                self._count(violation, reports)
            raise
        await self._pool.execute(_SQL.drop_old_reports, KEPT_FOR)

    async def list(self, *, limit: int) -> list[KnownViolation]:
        """The violations that were reported last."""
        return [KnownViolation(**dict(row)) for row in await self._pool.fetch(_SQL.list_reports, limit)]

    def _count(self, violation: Violation, reports: int) -> None:
        if violation not in self._counted and len(self._counted) >= COUNTED_MAX:
            violation = Violation(violation.page, violation.directive, OTHER)
        self._counted[violation] += reports
