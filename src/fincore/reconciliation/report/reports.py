"""Reports of runs: each is hashed when its run has finished, and made again and compared with that hash when it is asked for."""

import hashlib

from fincore.domain.errors import UsageError
from fincore.domain.ids import RunId
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.report.gathering import FinishedRun, finished_run, gather
from fincore.reconciliation.report.run_report import FORM_VERSION, CheckedReport, RunReport, report_json
from fincore.reconciliation.report.snapshot import snapshot

_SQL = load_sql("fincore.reconciliation.report", "reports.sql")


async def keep_reports(ledgerdb: Pool) -> None:
    """Hash the reports of the runs that have finished since the last one. The caller has the turn to run."""
    async with snapshot(ledgerdb) as connection:
        waiting = [FinishedRun(*row) for row in await connection.fetch(_SQL.runs_without_report)]
    for run in waiting:
        async with snapshot(ledgerdb) as connection:
            before = await connection.fetchval(_SQL.hash_before, run.run_no)
            report = await gather(connection, run, before)
        failpoint("settlement_report", "before")
        await ledgerdb.execute(_SQL.keep_report, run.run_no, _sha256(report), before, FORM_VERSION)
        failpoint("settlement_report", "after")


async def checked_report(ledgerdb: Pool, run_id: RunId | None) -> CheckedReport:
    """The report of a run, or of the last one that finished. Raises `UsageError` where there is none."""
    async with snapshot(ledgerdb) as connection:
        run = await finished_run(connection, run_id)
        if run is None:
            raise UsageError(
                "no run has finished: `fincore reconcile run` does one"
                if run_id is None
                else f"no run {run_id[:60]!r} has finished: `fincore reconcile report` shows the last one"
            )
        before = await connection.fetchval(_SQL.hash_before, run.run_no)
        kept = await connection.fetchrow(_SQL.kept_report, run.run_no)
        report = await gather(connection, run, before)
    sha256 = _sha256(report)
    flaw = None
    if kept is None:
        flaw = "no hash of it was kept when the run finished: the next run keeps it"
    elif kept["form_version"] != FORM_VERSION:
        flaw = f"it was hashed in form {kept['form_version']}, and this version of FinCore makes form {FORM_VERSION}"
    elif kept["sha256_before"] != before:
        flaw = "the report before it is not the one that it followed: compare LedgerDB with a backup"
    elif kept["sha256"] != sha256:
        flaw = f"its hash was {kept['sha256']} when the run finished: what it stands on was changed, compare LedgerDB with a backup"
    return CheckedReport(report=report, sha256=sha256, flaw=flaw)


def _sha256(report: RunReport) -> str:
    return hashlib.sha256(report_json(report)).hexdigest()
