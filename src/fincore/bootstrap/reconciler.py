"""What a run of reconciliation stands on: the stores, a running writer, the evidence, the formats."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, get_args

import asyncpg
import structlog

from fincore.bootstrap.databases import Stores
from fincore.domain.adjustment_events import ADJUSTMENT_EVENTS
from fincore.domain.clock import Clock
from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.settlement_events import PAYOUT_EVENTS, SETTLEMENT_FILE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.postgres.failures import OUTAGES, is_outage, outage_of
from fincore.reconciliation.adjustments.lost import AdjustmentLost
from fincore.reconciliation.adjustments.telling import AdjustmentNotRecorded
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.matching.matcher import Matcher
from fincore.reconciliation.matching.preconditions import RunRefused
from fincore.reconciliation.metrics import RUNS
from fincore.reconciliation.parsed_file import FileFormat
from fincore.reconciliation.reading.file_reader import FileReader
from fincore.reconciliation.reading.read_files import FileBooker
from fincore.reconciliation.rebuild.record_rebuild import RecordRebuild
from fincore.reconciliation.run import MatchNotRecorded, Reconciliation, ledger_caught_up
from fincore.write.settlement.adjustments import AdjustmentRecorder
from fincore.write.settlement.payout_references import PayoutReferences
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settlement_files import SettlementFileRecorder
from fincore.write.settlement.stated_fees import StatedFeeRecorder

_log = structlog.get_logger(__name__)

TURN_SECONDS: Final = 5.0
"""The pause before a process asks again for the turn that another one has."""
OF_PSPS: Final[tuple[FileFormat, ...]] = get_args(FileFormat)
"""The formats of PSPs: what a bank states is compared with no clearing account."""


def reconciliation_of(
    stores: Stores, writer: Writer[LogEvent], evidence: EvidenceStore, clock: Clock
) -> Reconciliation:
    """What reconciles an installation."""
    return Reconciliation(
        stores.ledgerdb,
        files=SettlementFileRecorder(EventLog(stores.eventstore, SETTLEMENT_FILE_EVENTS), writer),
        payouts=PayoutRecorder(EventLog(stores.eventstore, PAYOUT_EVENTS), writer, clock),
        payout_references=PayoutReferences(stores.eventstore),
        fees=StatedFeeRecorder(EventLog(stores.eventstore, CHARGE_EVENTS), writer),
        adjustments=AdjustmentRecorder(EventLog(stores.eventstore, ADJUSTMENT_EVENTS), writer),
        evidence=evidence,
        formats={name: FORMATS[name] for name in OF_PSPS},
        caught_up=ledger_caught_up(stores.eventstore, stores.ledgerdb),
    )


def record_rebuild_of(
    stores: Stores, writer: Writer[LogEvent], evidence: EvidenceStore, clock: Clock
) -> RecordRebuild:
    """What derives the record of an installation's reconciliation anew."""
    files = SettlementFileRecorder(EventLog(stores.eventstore, SETTLEMENT_FILE_EVENTS), writer)
    payouts = PayoutRecorder(EventLog(stores.eventstore, PAYOUT_EVENTS), writer, clock)
    return RecordRebuild(
        stores.ledgerdb,
        EventLog(stores.eventstore, LOG_EVENTS),
        reader=FileReader(stores.ledgerdb, files, evidence, {name: FORMATS[name] for name in OF_PSPS}),
        booker=FileBooker(stores.ledgerdb, files, payouts),
        matcher=Matcher(stores.ledgerdb, payouts),
        adjustments=AdjustmentRecorder(EventLog(stores.eventstore, ADJUSTMENT_EVENTS), writer),
    )


KeepFailure = Callable[[str], Awaitable[None]]
"""Keeps why a run failed, so that operations are told."""


def reconciled(reconciliation: Reconciliation, keep_failure: KeepFailure) -> Callable[[], Awaitable[None]]:
    """Runs until a run of this process has seen all that is kept by now, each run as `attempts` says. Raises outages of the databases."""
    attempt = attempts(reconciliation, keep_failure)

    async def run() -> None:
        # The run of another process may have begun before the last file was kept.
        while not await attempt():  # noqa: ASYNC110 -- the other process is not ours to hear of
            await asyncio.sleep(TURN_SECONDS)

    return run


def attempts(reconciliation: Reconciliation, keep_failure: KeepFailure) -> Callable[[], Awaitable[bool]]:
    """Runs once where no other process has the turn, and says whether it had it. Raises outages of the databases.

    Every failure is counted. An outage is for the caller to repeat, and is kept from the second in a row on: one alone may be a restart of
    the database. Any other failure is logged and kept, and fetching goes on; the next look is followed by a further run.
    """
    # A series that begins at 0 tells that the first run failed.
    for result in ("good", "failed", "interrupted"):
        RUNS.labels(result)
    interrupted = 0

    async def attempt() -> bool:
        nonlocal interrupted
        try:
            if await reconciliation.run() is None:
                return False
        except (MatchNotRecorded, AdjustmentNotRecorded, AdjustmentLost, RunRefused, Overloaded) as error:
            interrupted = 0
            _log.error("reconciliation.run_failed", reason=str(error))
            await _failed(keep_failure, str(error))
        except Exception as error:
            if is_outage(error):
                interrupted += 1
                RUNS.labels("interrupted").inc()
                if interrupted > 1:
                    await _kept_in_outage(keep_failure, _outage_text(error))
                raise
            interrupted = 0
            _log.exception("reconciliation.run_failed", reason=f"an error of FinCore's own: {error!r}")
            await _failed(
                keep_failure, f"an error of FinCore's own ({type(error).__name__}), which the log has"
            )
        else:
            interrupted = 0
            RUNS.labels("good").inc()
        return True

    return attempt


async def run_too_long(keep_failure: KeepFailure, reason: str) -> None:
    """A run was ended before its end, since it took too long. Raises outages of the databases."""
    _log.error("reconciliation.run_failed", reason=reason)
    await _failed(keep_failure, reason)


async def _kept_in_outage(keep_failure: KeepFailure, reason: str) -> None:
    """Keep why runs are interrupted, if the database takes it: the ledger or a statement may be slow while it answers."""
    try:
        await keep_failure(reason)
    except Exception as error:  # noqa: BLE001 -- the outage is what is raised, not that its reason is not kept
        if not is_outage(error):
            _log.exception("reconciliation.failure_not_kept")


def _outage_text(error: Exception) -> str:
    """What an outage is, without the text of a library, which may hold what was sent."""
    outage = outage_of(error)
    if isinstance(error, StoreUnavailable):
        return str(error)
    if isinstance(error, asyncpg.PostgresError) and outage is not None:
        return f"{OUTAGES[outage]} ({type(error).__name__})"
    return f"a database, or the store of evidence, does not answer in time ({type(error).__name__})"


async def _failed(keep_failure: KeepFailure, reason: str) -> None:
    """Count a run that failed, and keep why. Raises outages of the databases."""
    RUNS.labels("failed").inc()
    try:
        await keep_failure(reason)
    except Exception as error:
        if is_outage(error):
            raise
        _log.exception("reconciliation.failure_not_kept")
