"""Reports about an attempt that was given up: each makes the worker read the PSP's record of it, and none changes the charge itself.

What cannot be understood, or contradicts what is known of the attempt, is held on the charge for a person.
"""

import msgspec

from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.attempt_outcomes import as_of_attempt, decide_attempt
from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, HeldReason
from fincore.domain.held_report import ReportName, is_held, release_report
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import (
    DisputeReport,
    FraudWarningReport,
    KnownOutcome,
    Pending,
    RefundReport,
    Retryable,
    Unknown,
)
from fincore.domain.refusal import Refusal
from fincore.eventstore.recorder import Recorded
from fincore.write.psp.port import Look, NotFound, PspGateway, WebhookReport
from fincore.write.queue.port import ClaimedJob, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.record_outcome import RecordResult
from fincore.write.worker.plumbing.report_results import (
    LOOKS_MAX,
    count,
    hold,
    is_held_reason,
    lookup_pause_seconds,
    provenance_of,
)


class LoadedAttempt(msgspec.Struct, frozen=True):
    """An attempt of a charge that was given up, as the log tells it now, and the gateway of its PSP."""

    charge_id: ChargeId
    charge: Charge
    attempt: AbandonedAttempt
    gateway: PspGateway


async def process_attempt_report(
    context: JobContext, job: ClaimedJob, name: ReportName, report: WebhookReport, loaded: LoadedAttempt
) -> JobResult:
    """Record what the PSP's record says of the attempt's payment, not what the report says; then hold what needs a person."""
    record = await psp_call.inquire(
        loaded.gateway,
        loaded.charge_id,
        as_of_attempt(loaded.charge, loaded.attempt),
        context.clock,
        reported_reference=report.payment_reference,
        may_be_part=True,
    )
    recorded: RecordResult
    if isinstance(record, Pending | NotFound | Retryable | Unknown):
        reason = "the PSP shows no such payment" if isinstance(record, NotFound) else record.reason
        if job.attempt < LOOKS_MAX:
            return RetryIn(lookup_pause_seconds(job.attempt), reason)
        recorded = await hold(context, name, loaded.charge_id, "not_understood", reason)
    else:
        recorded = await _record(context, name, report, loaded, record)
    if isinstance(recorded, Refusal) and is_held_reason(recorded.code):
        recorded = await hold(context, name, loaded.charge_id, recorded.code, recorded.detail)
    if isinstance(recorded, Recorded):
        count(name, recorded, loaded.charge_id)
    return job_result(loaded.charge_id, recorded, attempt=job.attempt)


async def _record(
    context: JobContext,
    name: ReportName,
    report: WebhookReport,
    loaded: LoadedAttempt,
    record: KnownOutcome,
) -> RecordResult:
    number, now = loaded.attempt.number, context.clock.now()

    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        return decide_attempt(charge, number, record, now)

    recorded = await context.recorder.record(
        loaded.charge_id, decision, provenance_of(name, loaded.charge_id)
    )
    doubt = _doubt(loaded.attempt, report)
    if not isinstance(recorded, Recorded):
        return recorded
    if doubt is not None:
        return await hold(context, name, loaded.charge_id, *doubt)
    if is_held(loaded.charge.held_reports, name.psp_event_id):
        return await _release(context, name, loaded.charge_id)
    return recorded


async def _release(context: JobContext, name: ReportName, charge_id: ChargeId) -> RecordResult:
    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        if not is_held(charge.held_reports, name.psp_event_id):
            return ()
        return release_report(
            charge.held_reports,
            name.psp_event_id,
            released_by="worker",
            reason="read again and understood",
            now=context.clock.now(),
        )

    return await context.recorder.record(charge_id, decision, provenance_of(name, charge_id))


def _doubt(attempt: AbandonedAttempt, report: WebhookReport) -> tuple[HeldReason, str] | None:
    """Why a person has to look at a report although the payment is read."""
    content = report.content
    what = f"attempt {attempt.number} of the charge, which was given up"
    if report.unreadable is not None:
        return "not_understood", f"about {what}: {report.unreadable}"
    if isinstance(content, DisputeReport) or (isinstance(content, Look) and content.subject == "dispute"):
        return "contradicts_state", f"a dispute about {what}"
    if isinstance(content, FraudWarningReport):
        return "contradicts_state", f"a warning of fraud about {what}"
    if isinstance(content, RefundReport) and content.status == "failed":
        return "contradicts_state", f"a refund that failed, of {what}"
    return None
