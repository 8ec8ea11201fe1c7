"""What browsers report of FinCore's pages, gathered in a process and kept in the table."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from fincore.postgres.pool import Pool
from fincore.write.pages.csp_reports import FLUSH_TIMEOUT_SECONDS, CspReports

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def running_csp_reports(pool: Pool) -> AsyncIterator[CspReports]:
    """What browsers report, kept in the table; at the end what is counted is added to it, if the database answers."""
    reports = CspReports(pool)
    running = asyncio.create_task(reports.run())
    try:
        yield reports
    finally:
        running.cancel()
        await asyncio.wait((running,))
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT_SECONDS):
                await reports.flush()
        except Exception as error:  # noqa: BLE001 -- a process that stops does not wait for counts
            _log.warning("pages.reports_not_kept", error=repr(error))
