"""A run of reconciliation: kept files are read and booked, lines matched with the ledger, and the log told what matched.

Each step is safe to repeat: a run that died is continued by the next one, and nothing is done twice.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, assert_never

import msgspec
import structlog

from fincore.domain.errors import FinCoreError, Overloaded, StoreUnavailable
from fincore.domain.ids import RunId, SettlementFileId
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Contended, NotFound, Recorded
from fincore.postgres.failures import is_outage
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.adjustments.lost import LostAdjustments
from fincore.reconciliation.adjustments.telling import AdjustmentTelling
from fincore.reconciliation.bank.payout_lines import PayoutLines
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.fees.fee_lines import FeeLines
from fincore.reconciliation.matching.matcher import Matcher, OpenRun
from fincore.reconciliation.parsed_file import FileFormat
from fincore.reconciliation.reading.file_reader import FileReader, Format
from fincore.reconciliation.reading.read_files import ACTOR, FileBooker
from fincore.reconciliation.report.day_reports import seal_days
from fincore.reconciliation.report.reports import keep_reports
from fincore.write.settlement.adjustments import AdjustmentRecorder
from fincore.write.settlement.payout_references import PayoutReferences
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settlement_files import SettlementFileRecorder
from fincore.write.settlement.stated_fees import StatedFeeRecorder

_SQL = load_sql("fincore.reconciliation", "run.sql")
_log = structlog.get_logger(__name__)

CaughtUp = Callable[[], Awaitable[None]]
"""Returns once the ledger has booked all that is in the log now; raises `LedgerBehind`."""

LEDGER_SECONDS_MAX: Final = 120.0
"""How long a run waits for the ledger."""
LOOK_INTERVAL_SECONDS: Final = 0.2
MATCH_TRIES_MAX: Final = 5
"""How often a run begins to match while people go on adjusting."""


class LedgerBehind(StoreUnavailable):
    """The ledger has not booked what is in the log, so that a run would take what it knows for unknown."""

    def __init__(self) -> None:
        super().__init__(
            f"the ledger is behind the log and did not catch up within {LEDGER_SECONDS_MAX:g} s: see that a process of the role "
            "ledger runs, and run it again"
        )


class MatchNotRecorded(FinCoreError):
    """The log does not take what a run matched of a file. The next run tries it again."""


class Problem(msgspec.Struct, frozen=True):
    """A file of which nothing is booked, and why."""

    file_id: SettlementFileId
    reason: str


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did. `problems` are files that it could not read or book; breaks are counted as they stand after it."""

    run_id: RunId
    files_booked: int
    lines_matched: int
    lines_open: int
    breaks_opened: int
    breaks_closed: int
    breaks_open: int
    problems: tuple[Problem, ...] = ()


class Reconciliation:
    """Runs one after the other, in whichever process: a lock in the ledger's database holds the turn."""

    def __init__(
        self,
        ledgerdb: Pool,
        *,
        files: SettlementFileRecorder,
        payouts: PayoutRecorder,
        payout_references: PayoutReferences,
        fees: StatedFeeRecorder,
        adjustments: AdjustmentRecorder,
        evidence: EvidenceStore,
        formats: Mapping[FileFormat, Format],
        caught_up: CaughtUp,
    ) -> None:
        self._pool = ledgerdb
        self._files = files
        self._reader = FileReader(ledgerdb, files, evidence, formats)
        self._booker = FileBooker(ledgerdb, files, payouts)
        self._payout_lines = PayoutLines(ledgerdb, payouts, payout_references)
        self._fee_lines = FeeLines(ledgerdb, fees)
        self._adjusted = AdjustmentTelling(ledgerdb, adjustments)
        self._lost = LostAdjustments(ledgerdb, adjustments)
        self._matcher = Matcher(ledgerdb, payouts)
        self._caught_up = caught_up

    async def run(self) -> RunResult | None:
        """One run; None where another process is at it. Raises `LedgerBehind`, `RunRefused`, `MatchNotRecorded`, `AdjustmentLost`, and as the writer does."""
        async with self.turn() as is_ours:
            return await self._run() if is_ours else None

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Whether no other process has the turn; none gets it meanwhile."""
        async with self._pool.acquire() as connection:
            is_ours = await connection.fetchval(_SQL.try_turn)
            try:
                yield is_ours
            finally:
                if is_ours and not connection.is_closed():
                    await connection.execute(_SQL.end_turn)

    async def _run(self) -> RunResult:
        problems = [
            Problem(file_id, reason)
            for file_id in await self._reader.waiting()
            if (reason := await self._read(file_id)) is not None
        ]
        booked = 0
        for file_id in await self._booker.waiting():
            if (reason := await self._book(file_id)) is None:
                booked += 1
            else:
                problems.append(Problem(file_id, reason))
        await self.tell_last_run()
        await self._adjusted.tell()
        await self._caught_up()
        arrived, assessed = await self._payout_lines.take_up(), await self._fee_lines.take_up()
        if arrived or assessed:
            await self._caught_up()
        await self._lost.take_over()
        run = await self._match()
        await self._record(run)
        await keep_reports(self._pool)
        await seal_days(self._pool)
        return await self._result(run, booked, problems)

    async def tell_last_run(self) -> None:
        """Have the log tell what it lacks of the run that wrote matches last. The caller has the turn."""
        if (last := await self._matcher.last()) is not None:
            await self._record(last)

    async def _match(self) -> OpenRun:
        for _ in range(MATCH_TRIES_MAX):
            if (run := await self._matcher.match()) is not None:
                return run
            await self._adjusted.tell()
            await self._caught_up()
        raise LedgerBehind

    async def _read(self, file_id: SettlementFileId) -> str | None:
        try:
            return await self._reader.read(file_id)
        except Exception as error:  # noqa: BLE001 -- one file must not keep the others from the books
            return _problem(file_id, error)

    async def _book(self, file_id: SettlementFileId) -> str | None:
        try:
            await self._booker.book(file_id)
        except Exception as error:  # noqa: BLE001 -- one file must not keep the others from the books
            return _problem(file_id, error)
        return None

    async def _record(self, run: OpenRun) -> None:
        """Have the log tell what a run matched: an event for each file, kind and currency."""
        matched, converted = await self._matcher.totals(run)
        for file_id in dict.fromkeys((*matched, *converted)):
            result = await self._files.match(
                file_id,
                run.run_id,
                matched.get(file_id, ()),
                Provenance(correlation=run.run_id, actor=ACTOR),
                occurred_at=run.cut_off,
                conversions=converted.get(file_id, ()),
            )
            if not isinstance(result, Recorded):
                raise MatchNotRecorded(
                    f"the log does not take what {run.run_id} matched of {file_id}, and no run matches before it does: "
                    f"{_not_recorded(result)}"
                )
        await self._matcher.finish(run)

    async def _result(self, run: OpenRun, booked: int, problems: list[Problem]) -> RunResult:
        matched, is_open = await self._matcher.counts(run)
        breaks = await self._pool.fetchrow(_SQL.count_breaks, run.run_no)
        assert breaks is not None  # noqa: S101 -- three aggregates
        result = RunResult(
            run_id=run.run_id,
            files_booked=booked,
            lines_matched=matched,
            lines_open=is_open,
            breaks_opened=breaks["opened"],
            breaks_closed=breaks["closed"],
            breaks_open=breaks["open"],
            problems=tuple(problems),
        )
        _log.info(
            "reconciliation.run",
            run_id=run.run_id,
            files_booked=booked,
            lines_matched=matched,
            lines_open=is_open,
            breaks_opened=result.breaks_opened,
            breaks_open=result.breaks_open,
            problems=len(problems),
        )
        return result


def _not_recorded(result: Refusal | NotFound | Contended) -> str:
    match result:
        case Refusal():
            return result.detail
        case NotFound():
            return (
                "it has no event of the file, since it was set back after the file was booked. Restore LedgerDB's database from a "
                "backup of the same moment as the log's"
            )
        case Contended():
            return "others write to the file's stream. Run it again"
        case _:
            assert_never(result)


def _problem(file_id: SettlementFileId, error: Exception) -> str:
    """What keeps one file from being read or booked; it keeps no other one. Raises what concerns all of them."""
    if is_outage(error) or isinstance(error, Overloaded):
        raise error
    _log.error("reconciliation.file_not_booked", file_id=file_id, error=repr(error))
    if isinstance(error, FinCoreError):
        return str(error)
    return f"it cannot be read or booked: {type(error).__name__}; the log has the error"


def ledger_caught_up(eventstore: Pool, ledgerdb: Pool) -> CaughtUp:
    """Waits until the ledger's checkpoint has passed what is the end of the log now, for a bounded time."""

    async def caught_up() -> None:
        end = await eventstore.fetchrow(_SQL.end_of_log)
        if end is None:
            return
        try:
            async with asyncio.timeout(LEDGER_SECONDS_MAX):
                while not await ledgerdb.fetchval(_SQL.has_booked, end["tx"], end["pos"]):  # noqa: ASYNC110 -- another process books
                    await asyncio.sleep(LOOK_INTERVAL_SECONDS)
        except TimeoutError:
            raise LedgerBehind from None

    return caught_up
