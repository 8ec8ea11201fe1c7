"""What a run of reconciliation stands on: the stores, a running writer, the evidence, the formats."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, get_args

import structlog

from fincore.bootstrap.databases import Stores
from fincore.domain.adjustment_events import ADJUSTMENT_EVENTS
from fincore.domain.errors import Overloaded
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.settlement_events import PAYOUT_EVENTS, SETTLEMENT_FILE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.postgres.failures import is_outage
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


def reconciliation_of(stores: Stores, writer: Writer[LogEvent], evidence: EvidenceStore) -> Reconciliation:
    """What reconciles an installation."""
    return Reconciliation(
        stores.ledgerdb,
        files=SettlementFileRecorder(EventLog(stores.eventstore, SETTLEMENT_FILE_EVENTS), writer),
        payouts=PayoutRecorder(EventLog(stores.eventstore, PAYOUT_EVENTS), writer),
        payout_references=PayoutReferences(stores.eventstore),
        fees=StatedFeeRecorder(EventLog(stores.eventstore, CHARGE_EVENTS), writer),
        adjustments=AdjustmentRecorder(EventLog(stores.eventstore, ADJUSTMENT_EVENTS), writer),
        evidence=evidence,
        formats={name: FORMATS[name] for name in OF_PSPS},
        caught_up=ledger_caught_up(stores.eventstore, stores.ledgerdb),
    )


def record_rebuild_of(stores: Stores, writer: Writer[LogEvent], evidence: EvidenceStore) -> RecordRebuild:
    """What derives the record of an installation's reconciliation anew."""
    files = SettlementFileRecorder(EventLog(stores.eventstore, SETTLEMENT_FILE_EVENTS), writer)
    payouts = PayoutRecorder(EventLog(stores.eventstore, PAYOUT_EVENTS), writer)
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
    """Runs until a run of this process has seen all that is kept by now. Raises outages of the databases.

    Any other failure is logged, counted and kept, and fetching goes on; the next look is followed by a further run.
    """
    # A series that begins at 0 tells that the first run failed.
    for result in ("good", "failed"):
        RUNS.labels(result)

    async def run() -> None:
        try:
            # The run of another process may have begun before the last file was kept.
            while await reconciliation.run() is None:  # noqa: ASYNC110 -- the other process is not ours to hear of
                await asyncio.sleep(TURN_SECONDS)
        except (MatchNotRecorded, AdjustmentNotRecorded, AdjustmentLost, RunRefused, Overloaded) as error:
            _log.error("reconciliation.run_failed", reason=str(error))
            await _failed(keep_failure, str(error))
        except Exception as error:
            if is_outage(error):
                raise
            _log.exception("reconciliation.run_failed", reason=f"an error of FinCore's own: {error!r}")
            await _failed(
                keep_failure, f"an error of FinCore's own ({type(error).__name__}), which the log has"
            )
        else:
            RUNS.labels("good").inc()

    return run


async def _failed(keep_failure: KeepFailure, reason: str) -> None:
    """Count a run that failed, and keep why. Raises outages of the databases."""
    RUNS.labels("failed").inc()
    try:
        await keep_failure(reason)
    except Exception as error:
        if is_outage(error):
            raise
        _log.exception("reconciliation.failure_not_kept")
