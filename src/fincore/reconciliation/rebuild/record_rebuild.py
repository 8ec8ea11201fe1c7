"""Derives anew the files, runs and adjustments that the log tells of and LedgerDB's database has lost.

Each of them is one transaction, in the order of the log, so that a rebuild that died is continued by the next one.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import EventId, RunId, SettlementFileId
from fincore.domain.log_events import LogEvent
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog, UnreadableEvent
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.adjustments.lost import AdjustmentLost, LostAdjustments
from fincore.reconciliation.breaks.break_actions import BreakNotChanged
from fincore.reconciliation.evidence.port import EvidenceNotKept, location_of
from fincore.reconciliation.matching.matcher import Matcher, OpenRun, Totals
from fincore.reconciliation.reading.file_reader import FileReader
from fincore.reconciliation.reading.read_files import FileBooker, FileNotBooked
from fincore.reconciliation.rebuild.told import (
    MatchDifference,
    Step,
    ToldAdjustment,
    ToldFile,
    ToldRun,
    differences,
    files_of,
    steps_of,
    sums_of,
)
from fincore.write.settlement.adjustments import AdjustmentRecorder

_SQL = load_sql("fincore.reconciliation.rebuild", "rebuild.sql")

TYPES: Final = (
    "settlement_file.accepted",
    "settlement_file.matched",
    "settlement_file.converted",
    "adjustment.booked",
    "adjustment.reversed",
)
EVENTS_AT_A_TIME: Final = 5_000
EVENTS_LOOKED_AT: Final = 1_000
"""How far before a run's first event the last entry that it saw is looked for."""


class RebuildRefused(FinCoreError):
    """The record cannot be derived anew. What was derived before stays, and is right; the message says what to do."""


class RebuiltRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was derived anew: files, runs and adjustments. `differences`: where the next run could not be derived as the log tells it."""

    files: int
    runs: int
    adjustments: int = 0
    differences: tuple[MatchDifference, ...] = ()


class _Differs(Exception):
    """What is matched anew is not what the log tells."""

    def __init__(self, found: Sequence[MatchDifference]) -> None:
        super().__init__()
        self.found = found


class RecordRebuild:
    """The caller has the turn to run, and the ledger has booked the whole log."""

    def __init__(
        self,
        ledgerdb: Pool,
        log: EventLog[LogEvent],
        *,
        reader: FileReader,
        booker: FileBooker,
        matcher: Matcher,
        adjustments: AdjustmentRecorder,
    ) -> None:
        self._pool = ledgerdb
        self._log = log
        self._reader = reader
        self._booker = booker
        self._matcher = matcher
        self._adjustments = LostAdjustments(ledgerdb, adjustments)

    async def rebuild(self) -> RebuiltRecord:
        """Derive all that is missing, up to the first run that differs. Raises `RebuildRefused`, and as the writer does."""
        steps = steps_of(await self._events())
        known = {RunId(row["run_id"]) for row in await self._pool.fetch(_SQL.known_runs)}
        _require_prefix(steps, known)
        runs = known | {step.run_id for step in steps if isinstance(step, ToldRun)}
        derived = Counter[type[Step]]()
        flaws: Sequence[MatchDifference] = ()
        last = max((number for number, step in enumerate(steps) if isinstance(step, ToldRun)), default=-1)
        for number, step in enumerate(steps):
            try:
                match step:
                    case ToldFile():
                        derived[ToldFile] += await self._derive_file(step)
                    case ToldAdjustment():
                        if not await self._pool.fetchval(_SQL.knows_adjustment, step.event_id):
                            derived[ToldAdjustment] += await self._derive_adjustment(
                                step, files_of(steps[number:]), runs
                            )
                    case ToldRun() if step.run_id not in known:
                        await self._derive_run(step, files_of(steps[number:]), is_last=number == last)
                        derived[ToldRun] += 1
                    case _:
                        continue
            except _Differs as differs:
                flaws = differs.found
                break
        return RebuiltRecord(
            files=derived[ToldFile],
            runs=derived[ToldRun],
            adjustments=derived[ToldAdjustment],
            differences=tuple(flaws),
        )

    async def _events(self) -> list[RecordedEvent[LogEvent]]:
        events: list[RecordedEvent[LogEvent]] = []
        tx = pos = 0
        while page := await self._log.read_types_after(tx, pos, TYPES, limit=EVENTS_AT_A_TIME):
            for one in page:
                if isinstance(one, UnreadableEvent):
                    raise RebuildRefused(
                        f"version {one.version} of the stream {one.stream_id} cannot be read ({one.reason}): install the version of "
                        "FinCore that wrote it, and repeat the command"
                    )
                events.append(one)
            tx, pos = page[-1].tx, page[-1].pos
        return events

    async def _derive_file(self, told: ToldFile) -> bool:
        """Read and book a file again, as far as that is not done; whether anything was."""
        accepted = told.accepted
        file_id = accepted.file_id
        status = await self._pool.fetchval(_SQL.status_of_file, file_id)
        if status == "booked":
            return False
        if status is None:
            await self._keep(told)
        try:
            refusal = await self._reader.read(file_id)
            status = await self._pool.fetchval(_SQL.status_of_file, file_id)
            if status == "read":
                await self._booker.book(file_id)
        except EvidenceNotKept as error:
            raise RebuildRefused(f"{error}. Bring the evidence back, and repeat the command") from error
        except FileNotBooked as error:
            raise RebuildRefused(str(error)) from error
        if refusal is not None:
            raise RebuildRefused(
                f"{accepted.name} ({file_id}) is not read as version {accepted.parser_version} of its parser read it: {refusal}. "
                "Mend what that says, or install the version of FinCore that read it, and repeat the command"
            )
        if status != "read":
            raise RebuildRefused(
                f"{accepted.name} ({file_id}) is {status} here and waits for a person, and the log has it as booked: release it with "
                "`fincore reconcile release`, and repeat the command"
            )
        return True

    async def _keep(self, told: ToldFile) -> None:
        one = told.accepted
        location = location_of(one.psp, one.psp_account, one.name, one.sha256)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _SQL.keep_source, one.source, one.psp, one.psp_account, one.livemode, one.format
            )
            await connection.execute(
                _SQL.keep_file,
                one.file_id,
                one.psp,
                one.psp_account,
                one.livemode,
                one.source,
                one.name,
                one.sha256,
                one.size_bytes,
                told.recorded_at,
                location,
                one.format,
            )
            await connection.execute(
                _SQL.keep_arrival, one.source, one.name, one.size_bytes, told.recorded_at, one.file_id
            )

    async def _derive_adjustment(
        self, told: ToldAdjustment, later_files: Collection[SettlementFileId], runs: Collection[RunId]
    ) -> int:
        """Take over an adjustment that is lost; how many. The run that found its break may have left no event: it is derived first.

        `runs` are those that are known, or told. Raises `_Differs` where that run is said to have matched nothing, and would match.
        """
        if told.run_id is not None and told.run_id not in runs:
            known = {RunId(row["run_id"]) for row in await self._pool.fetch(_SQL.known_runs)}
            if told.run_id not in known:
                silent = ToldRun(told.run_id, told.decided_at, told.place, [told.event_id], {})
                await self._derive_run(silent, later_files, is_last=False)
        try:
            return await self._adjustments.take_over(last_entry_id=await self._entry_of([told.event_id]))
        except (AdjustmentLost, BreakNotChanged) as error:
            raise RebuildRefused(f"an adjustment cannot be taken over: {error}") from error

    async def _derive_run(
        self, told: ToldRun, later_files: Collection[SettlementFileId], *, is_last: bool
    ) -> OpenRun:
        """Match as the run did. The log does not tell up to which entry it looked: it is one of two, and what is matched says which.

        Raises `_Differs` where it is neither.
        """
        found: _Differs | None = None
        for last_entry_id in await self._last_entries(told):

            def require(totals: Totals) -> None:
                flaws = differences(told, sums_of(*totals), is_last=is_last)
                if flaws:
                    raise _Differs(flaws)

            try:
                run = await self._matcher.match_again(
                    told.run_id, told.cut_off, last_entry_id, later_files=later_files, require=require
                )
            except _Differs as differs:
                found = differs
                continue
            if not is_last:
                await self._matcher.finish(run)
            return run
        assert found is not None  # noqa: S101 -- there is at least one
        raise found

    async def _last_entries(self, told: ToldRun) -> Sequence[int]:
        """The last entry that was recorded before the run looked, by the clocks; and the last one before those of its own events."""
        until = await self._entry_of(told.event_ids) - 1
        seen = await self._pool.fetchval(_SQL.last_seen)
        recorded = await self._log.last_recorded(told.place, told.cut_off, limit=EVENTS_LOOKED_AT)
        by_time = await self._pool.fetchrow(_SQL.entries_of, recorded)
        candidates = [until]
        if by_time is not None and by_time["last_entry_id"] is not None:
            candidates.insert(0, min(by_time["last_entry_id"], until))
        return list(dict.fromkeys(max(one, seen) for one in candidates))

    async def _entry_of(self, event_ids: Sequence[EventId]) -> int:
        """The first entry of the ledger that some events made."""
        own = await self._pool.fetchrow(_SQL.entries_of, event_ids)
        if own is None or own["first_entry_id"] is None:
            raise RebuildRefused(
                f"the ledger has no entry of the event {event_ids[0]}, which the log has: run `fincore rebuild ledgerdb`, and repeat the "
                "command"
            )
        first: int = own["first_entry_id"]
        return first


def _require_prefix(steps: Sequence[Step], known: Collection[RunId]) -> None:
    """Raise `RebuildRefused` where a run that is lost came before one that is not."""
    runs = [step.run_id for step in steps if isinstance(step, ToldRun)]
    lost = next((number for number, run_id in enumerate(runs) if run_id not in known), len(runs))
    later = [run_id for run_id in runs[lost:] if run_id in known]
    if later:
        raise RebuildRefused(
            f"LedgerDB's database has {later[0]} and not {runs[lost]}, which came before it: restore a backup of it that is whole"
        )
