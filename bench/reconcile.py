"""A run of reconciliation in a process of its own, so that its memory is its own.

Reads a `Day` as JSON from standard input, does what the role does with its file, and prints a `Reconciled`.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec
import uvloop

from bench.cpu import CpuMeter, memory_peak_mib
from bench.settlement_day import ACCOUNT_ID
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.roles import collect_garbage_seldom
from fincore.domain.adjustment_events import ADJUSTMENT_EVENTS
from fincore.domain.clock import SystemClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import RunId, SettlementFileId
from fincore.domain.job import Job
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import (
    PAYOUT_EVENTS,
    SETTLEMENT_FILE_EVENTS,
    SettlementFileAccepted,
    SettlementFileEvent,
)
from fincore.domain.settlement_file import ConvertedTotal, KindTotal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import Contended, NotFound, Recorded
from fincore.eventstore.subscription import Subscription
from fincore.postgres.job_insertion import Column, JobInsertion
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.reconciliation.evidence.folder import FolderEvidence
from fincore.reconciliation.fetching.remote import RemoteFile
from fincore.reconciliation.files import SettlementFiles
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.parsed_file import Expected
from fincore.reconciliation.run import Reconciliation
from fincore.reconciliation.source import SettlementSource
from fincore.reconciliation.sources import Sources
from fincore.write.settlement.adjustments import AdjustmentRecorder
from fincore.write.settlement.payout_references import PayoutReferences
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settlement_files import SettlementFileRecorder
from fincore.write.settlement.stated_fees import StatedFeeRecorder

TIMEOUT_SECONDS: Final = 600.0

_SQL = load_sql("bench", "settled_ledger.sql")
_SOURCE: Final = SettlementSource(
    name="bench",
    psp=PspName("paypal"),
    psp_account=PspAccount("test"),
    livemode=False,
    account_id=ACCOUNT_ID,
    names="*.CSV",
    format="paypal_stl",
    cron="0 9 * * *",
    late_after=None,
)
_NAME: Final = "bench-reconciliation"

Stage = Literal["read", "book", "match", "tell"]
"""`read`: the file is parsed and its lines stored. `book`: the log is told what it states, and the ledger books that. `match`: matches
and breaks are written. `tell`: the log is told what matched."""
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A database with what the ledger expects, the report of the day, and the process of PostgreSQL."""

    dsn: str
    report: str
    folder: str
    server_pid: int


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What something took: seconds, and CPU seconds of FinCore's process and of PostgreSQL."""

    seconds: float
    cpu_seconds: float
    server_cpu_seconds: float


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found, and what it took, stage by stage; `parse` is the parser alone, once more.

    Memory is resident at its peak, in MiB: of FinCore's process, and of the greatest session of PostgreSQL with the shared
    memory that it touched.
    """

    lines_matched: int
    lines_open: int
    breaks: dict[str, int]
    stages: dict[Stage, Spent]
    parse: Spent
    memory_peak_mib: float
    server_memory_peak_mib: float

    @property
    def seconds(self) -> float:
        """The whole run."""
        return sum(spent.seconds for spent in self.stages.values())


def reconcile(day: Day) -> Reconciled:
    """Keep the report as evidence and run once, in a process of its own."""
    output = subprocess.run(
        [sys.executable, "-m", "bench.reconcile"],
        input=msgspec.json.encode(day),
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_SECONDS,
        check=True,
    ).stdout
    return msgspec.json.decode(output.splitlines()[-1], type=Reconciled)


class _Stopwatch:
    """Times one stage after the other."""

    def __init__(self, server_pid: int) -> None:
        self._server_pid = server_pid
        self._meter = self._new_meter()
        self.spent: dict[Stage, Spent] = {}

    def lap(self, stage: Stage) -> None:
        """A stage has ended, and the next one begins."""
        self.spent[stage] = self.take()

    def take(self) -> Spent:
        """What was spent since the last time."""
        use = self._meter.use()
        self._meter = self._new_meter()
        return Spent(
            seconds=use.elapsed_seconds,
            cpu_seconds=use.seconds["fincore"],
            server_cpu_seconds=use.seconds["postgresql"],
        )

    def _new_meter(self) -> CpuMeter:
        return CpuMeter({"fincore": [os.getpid()], "postgresql": [self._server_pid]})


class _TimedFiles(SettlementFileRecorder):
    """A recorder that notes when a run turns from reading to booking, and from matching to telling."""

    stopwatch: _Stopwatch

    async def accept(
        self, accepted: SettlementFileAccepted, totals: Sequence[KindTotal], provenance: Provenance
    ) -> Recorded[SettlementFileEvent] | Refusal | NotFound | Contended:
        self.stopwatch.lap("read")
        return await super().accept(accepted, totals, provenance)

    async def match(
        self,
        file_id: SettlementFileId,
        run_id: RunId,
        sums: Sequence[KindTotal],
        provenance: Provenance,
        *,
        occurred_at: datetime,
        conversions: Sequence[ConvertedTotal] = (),
    ) -> Recorded[SettlementFileEvent] | Refusal | NotFound | Contended:
        self.stopwatch.lap("match")
        return await super().match(
            file_id, run_id, sums, provenance, occurred_at=occurred_at, conversions=conversions
        )


async def _run(day: Day) -> Reconciled:
    log_pool = await create_pool(day.dsn, application_name=_NAME, role="fincore_service")
    ledgerdb = await create_pool(
        day.dsn,
        application_name=_NAME,
        role="fincore_service",
        extra_settings={"search_path": "ledgerdb"},
    )
    evidence = FolderEvidence(Path(day.folder))
    ledger = Subscription(EventLog(log_pool, LOG_EVENTS), ledgerdb, LedgerService())
    try:
        await _keep(ledgerdb, evidence, Path(day.report))
        async with running_writer(log_pool, _NO_JOBS) as writer:
            files = _TimedFiles(EventLog(log_pool, SETTLEMENT_FILE_EVENTS), writer)

            async def caught_up() -> None:
                while await ledger.advance():
                    pass
                files.stopwatch.lap("book")

            reconciliation = Reconciliation(
                ledgerdb,
                files=files,
                payouts=PayoutRecorder(EventLog(log_pool, PAYOUT_EVENTS), writer, SystemClock()),
                payout_references=PayoutReferences(log_pool),
                fees=StatedFeeRecorder(EventLog(log_pool, CHARGE_EVENTS), writer),
                adjustments=AdjustmentRecorder(EventLog(log_pool, ADJUSTMENT_EVENTS), writer),
                evidence=evidence,
                formats={"paypal_stl": FORMATS["paypal_stl"]},
                caught_up=caught_up,
            )
            files.stopwatch = stopwatch = _Stopwatch(day.server_pid)
            result = await reconciliation.run()
            stopwatch.lap("tell")
        if result is None or result.problems or result.files_booked != 1:
            raise AssertionError(f"the run did not do what it was asked for: {result}")
        sessions = await log_pool.fetch(_SQL.sessions, _NAME)
        return Reconciled(
            lines_matched=result.lines_matched,
            lines_open=result.lines_open,
            breaks={row["class"]: row["breaks"] for row in await ledgerdb.fetch(_SQL.outcome)},
            stages=stopwatch.spent,
            memory_peak_mib=memory_peak_mib(os.getpid()),
            server_memory_peak_mib=max(memory_peak_mib(row["pid"]) for row in sessions),
            parse=_parsed(day),
        )
    finally:
        log_pool.terminate()
        ledgerdb.terminate()


async def _keep(ledgerdb: Pool, evidence: FolderEvidence, report: Path) -> None:
    """What a look at a source does with a file that it finds."""
    await Sources(ledgerdb).declare([_SOURCE])
    with report.open("rb") as content:
        kept = await evidence.keep(_SOURCE.psp, _SOURCE.psp_account, report.name, content)
    remote = RemoteFile(report.name, kept.size_bytes, datetime.now(UTC))
    await SettlementFiles(ledgerdb).record(_SOURCE, remote, kept, host_key=None)


def _refuse(jobs: Sequence[Job]) -> tuple[Column, ...]:
    raise AssertionError(f"a run of reconciliation queues no job, and there are {len(jobs)}")


_NO_JOBS: Final = JobInsertion("no_jobs as (select)", _refuse)


def _parsed(day: Day) -> Spent:
    stopwatch = _Stopwatch(day.server_pid)
    with Path(day.report).open("rb") as stream:
        for _ in FORMATS["paypal_stl"].parse(stream, Expected(ACCOUNT_ID, None)).lines:
            pass
    return stopwatch.take()


def main() -> None:
    """Entry point of the run's process."""
    day = msgspec.json.decode(sys.stdin.buffer.read(), type=Day)
    collect_garbage_seldom()  # as the roles do, and the command does not
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        reconciled = runner.run(_run(day))
    sys.stdout.buffer.write(msgspec.json.encode(reconciled) + b"\n")


if __name__ == "__main__":
    main()
