"""Reports of days: each is hashed when its day is over, and made again and compared with that hash when it is asked for."""

import hashlib
from datetime import date

import asyncpg

from fincore.domain.errors import UsageError
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.report.day_gathering import DayBefore, day_without_run, gather_day
from fincore.reconciliation.report.day_report import FORM_VERSION, CheckedDay, DayReport, day_report_json
from fincore.reconciliation.report.days import CountedRun, DayOfRuns, days_of
from fincore.reconciliation.report.snapshot import snapshot

_SQL = load_sql("fincore.reconciliation.report", "day_reports.sql")


async def seal_days(ledgerdb: Pool) -> None:
    """Hash the reports of the days that are over. The caller has the turn to run, and the reports of its runs are kept."""
    while True:
        async with snapshot(ledgerdb) as connection:
            sealed = await _sealed_last(connection)
            runs = await _runs_after(connection, sealed)
            day = next((one for one in days_of(runs, sealed) if one.is_over), None)
            if day is None:
                return
            before = await _before(connection, day.day)
            report = await gather_day(connection, day, before)
        failpoint("settlement_day", "before")
        await ledgerdb.execute(
            _SQL.seal_day,
            day.day,
            day.last_run_no,
            _sha256(report),
            before and before.day,
            day.run_no_before or None,
            before and before.sha256,
            runs[-1].run_no,
            FORM_VERSION,
        )
        failpoint("settlement_day", "after")


async def checked_day(ledgerdb: Pool, day: date) -> CheckedDay:
    """The report of a day, which may be one without a run. Raises `UsageError` for a day that has not begun."""
    async with snapshot(ledgerdb) as connection:
        today = await connection.fetchval(_SQL.today)
        kept = await connection.fetchrow(_SQL.sealed_day, day)
        before = await _before(connection, day)
        runs: DayOfRuns | None
        if kept is not None:
            runs = DayOfRuns(kept["day"], kept["run_no_before"], kept["last_run_no"], is_over=True)
        else:
            sealed = await _sealed_last(connection)
            found = days_of(await _runs_after(connection, sealed), sealed)
            runs = next((one for one in found if one.day == day), None)
            if runs is None:
                if day > today:
                    raise UsageError(f"{day} has not begun: name a day up to {today}, by UTC")
                report = day_without_run(day, before, so_far=sealed is None or day > sealed.day)
                return CheckedDay(report=report, sha256=_sha256(report), flaw=None, is_missing=day < today)
            # A day before it may wait to be sealed, too: then nothing names what comes before this one.
            earlier = next((one for one in reversed(found) if one.day < day), None)
            before = None if earlier else before
        report = await gather_day(connection, runs, before)
    sha256 = _sha256(report)
    if kept is not None:
        flaw = _flaw(kept, before, sha256)
    else:
        flaw = "no hash of it was kept when the day was over: the next run keeps it" if runs.is_over else None
    return CheckedDay(report=report, sha256=sha256, flaw=flaw, is_missing=False)


async def _sealed_last(connection: Connection) -> DayOfRuns | None:
    row = await connection.fetchrow(_SQL.sealed_last)
    return DayOfRuns(row["day"], row["run_no_before"], row["last_run_no"], is_over=True) if row else None


async def _runs_after(connection: Connection, sealed: DayOfRuns | None) -> list[CountedRun]:
    rows = await connection.fetch(_SQL.runs_after, 0 if sealed is None else sealed.last_run_no)
    return [CountedRun(row["run_no"], row["day"]) for row in rows]


async def _before(connection: Connection, day: date) -> DayBefore | None:
    row = await connection.fetchrow(_SQL.sealed_before, day)
    return DayBefore(row["day"], row["sha256"]) if row else None


def _sha256(report: DayReport) -> str:
    return hashlib.sha256(day_report_json(report)).hexdigest()


def _flaw(kept: asyncpg.Record, before: DayBefore | None, sha256: str) -> str | None:
    """Why a report is not the one of which the hash was kept."""
    if kept["form_version"] != FORM_VERSION:
        return f"it was hashed in form {kept['form_version']}, and this version of FinCore makes form {FORM_VERSION}"
    if (kept["day_before"], kept["sha256_before"]) != (before or (None, None)):
        return "the day before it is not the one that it followed: compare LedgerDB with a backup"
    if kept["sha256"] != sha256:
        return f"its hash was {kept['sha256']} when the day was sealed: what it stands on was changed, compare LedgerDB with a backup"
    return None
