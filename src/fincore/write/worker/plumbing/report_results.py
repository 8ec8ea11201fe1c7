"""What becomes of a report that cannot be recorded as it is: held on its charge, or looked at again later; and how that is counted."""

from datetime import datetime
from typing import Final, TypeGuard, get_args

import msgspec
import structlog

from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent, HeldReason, ReportHeld
from fincore.domain.held_report import ReportName, hold_report
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import PspName, Retryable, Unknown
from fincore.domain.refusal import Refusal, RefusalCode
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.psp.port import Look, NotFound
from fincore.write.queue.port import ClaimedJob
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.metrics import WEBHOOK_READ_SECONDS, WEBHOOKS_PROCESSED
from fincore.write.worker.plumbing.record_outcome import RecordResult

_log = structlog.get_logger(__name__)

LOOKUP_PAUSE_MAX_SECONDS: Final = 600.0
"""The longest pause before a PSP is asked again about a payment; it doubles from one second."""
LOOKS_MAX: Final = 20
"""How often the PSP's record is read for an event before the event is held: some two hours."""


class NotOurs(msgspec.Struct, frozen=True):
    """A report that is known to be about no charge of this installation, and why."""

    reason: str


def measure_wait(job: ClaimedJob, psp: PspName, received_at: datetime, clock: Clock) -> None:
    """Measure how long a webhook waited that is read for the first time."""
    if job.attempt == 1:
        waited = clock.now() - received_at
        WEBHOOK_READ_SECONDS.labels(psp).observe(max(0.0, waited.total_seconds()))


def lookup_pause_seconds(attempt: int) -> float:
    """The pause after the attempt with this number, from 1."""
    return min(2.0 ** min(attempt - 1, 60), LOOKUP_PAUSE_MAX_SECONDS)


def why_not_seen(look: Look, record: NotFound | Retryable | Unknown) -> str:
    """Why the PSP's record does not say what became of the subject."""
    return f"the PSP shows no such {look.subject}" if isinstance(record, NotFound) else record.reason


def is_held_reason(code: RefusalCode) -> TypeGuard[HeldReason]:
    """Whether the refusal of a report with this code means that the report is held, with the code as the reason."""
    return code in get_args(HeldReason)


def provenance_of(name: ReportName, charge_id: ChargeId) -> Provenance:
    """Where the events come from that a report leads to."""
    return Provenance(correlation=charge_id, actor=f"webhook:{name.psp}", causation=name.psp_event_id)


async def hold(
    context: JobContext, name: ReportName, charge_id: ChargeId, reason: HeldReason, detail: str
) -> RecordResult:
    """Hold the report on the charge, for a person."""

    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        return hold_report(charge.held_reports, name, reason, detail, context.clock.now())

    return await context.recorder.record(charge_id, decision, provenance_of(name, charge_id))


def count(name: ReportName, recorded: Recorded[ChargeEvent], charge_id: ChargeId) -> None:
    """Count what became of a report, and log one that is held."""
    held = next((event for event in recorded.events if isinstance(event, ReportHeld)), None)
    if held is None:
        WEBHOOKS_PROCESSED.labels(name.psp, "recorded" if recorded.events else "known").inc()
        return
    WEBHOOKS_PROCESSED.labels(name.psp, "held").inc()
    _log.error(
        "worker.report_held",
        charge_id=charge_id,
        psp_event_id=name.psp_event_id,
        type=name.report_type,
        reason=held.reason,
        detail=held.detail,
    )
