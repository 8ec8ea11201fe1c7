"""The job `webhook.interpret`: read a webhook stored in the inbox, and record its report or hold it for a person.

A report counts for the payment that it names. The log decides which charge that is; where the log does not know the
payment, the metadata that FinCore gave the payment; then the PSP. A report that cannot be understood, or that contradicts
the log, is held on the charge.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.attempt_outcomes import attempt_at
from fincore.domain.charge import Charge
from fincore.domain.dispute_reports import dispute_doubt
from fincore.domain.errors import InvalidId
from fincore.domain.events import ChargeEvent
from fincore.domain.held_report import ReportName, hold_report, is_held, release_report
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import (
    Approved,
    DisputeReport,
    FraudWarningReport,
    KnownOutcome,
    LaterReport,
    PspName,
    PspReference,
    RefundReport,
    Retryable,
    Unknown,
)
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.psp.inbox import InboxReader
from fincore.write.psp.port import Look, NotFound, PayoutNotice, PspWebhooks, WebhookIgnored, WebhookReport
from fincore.write.queue.job_payloads import WebhookJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.attempt_reports import LoadedAttempt, process_attempt_report
from fincore.write.worker.plumbing.believed_times import believed_report
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.job_result import job_result, most_pressing
from fincore.write.worker.plumbing.job_spans import link_charge
from fincore.write.worker.plumbing.metrics import WEBHOOKS_PROCESSED
from fincore.write.worker.plumbing.part_reports import is_about_a_part, other_payment, seen_in_record
from fincore.write.worker.plumbing.payout_reports import RecordPayout
from fincore.write.worker.plumbing.record_outcome import (
    RecordResult,
    record_dispute_report,
    record_fraud_warning,
    record_payment_outcome,
    record_refund_outcome,
)
from fincore.write.worker.plumbing.recorder import Decision
from fincore.write.worker.plumbing.report_results import (
    LOOKS_MAX,
    NotOurs,
    count,
    hold,
    is_held_reason,
    lookup_pause_seconds,
    measure_wait,
    provenance_of,
    why_not_seen,
)

_log = structlog.get_logger(__name__)

LOOKUPS_MAX: Final = 150
"""About a day of asking."""
UNDERSTOOD: Final = "read again and understood"


class ProcessWebhook:
    """Handles `webhook.interpret`. A webhook read twice, late, or before our own call's response changes nothing twice."""

    def __init__(
        self,
        context: JobContext,
        inbox: InboxReader,
        webhooks: Mapping[PspName, PspWebhooks],
        payouts: RecordPayout,
    ) -> None:
        self._context = context
        self._inbox = inbox
        self._webhooks = webhooks
        self._payouts = payouts

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Record what the webhook reports, if it is about a payout or a charge of this installation."""
        key = msgspec.json.decode(job.payload, type=WebhookJob)
        stored = await self._inbox.find(key.psp, key.psp_account, key.psp_event_id)
        if stored is None:
            return Hold(
                f"the inbox has no body of event {key.psp_event_id} of {key.psp}: "
                "it never arrived, or its retention is over"
            )
        webhooks = self._webhooks.get(key.psp)
        if webhooks is None:
            return Hold(f"no reader for webhooks of {key.psp} is configured; add it, then requeue")
        measure_wait(job, key.psp, stored.received_at, self._context.clock)
        reports = webhooks.read(stored.body)
        if isinstance(reports, WebhookIgnored):
            return _ignored(key, reports.reason)
        if isinstance(reports, PayoutNotice):
            return await self._payouts(job, key, reports)
        name = ReportName(
            psp=key.psp, psp_account=key.psp_account, psp_event_id=key.psp_event_id, report_type=stored.type
        )
        # Each is recorded by itself; the job is done again for one that has to wait, and the others know theirs then.
        return most_pressing([await self._process(job, key, name, report) for report in reports])

    async def _process(
        self, job: ClaimedJob, key: WebhookJob, name: ReportName, report: WebhookReport
    ) -> JobResult:
        loaded = await self._find_charge(job, key, report)
        if isinstance(loaded, LoadedAttempt | LoadedCharge):
            await link_charge(self._context.recorder, loaded.charge_id)
            report = believed_report(report, loaded.charge, self._context.clock.now())
        if isinstance(loaded, LoadedAttempt):
            return await process_attempt_report(self._context, job, name, report, loaded)
        if not isinstance(loaded, LoadedCharge):
            return loaded
        if isinstance(report.content, Look):
            return await self._look(job, name, report, report.content, loaded)
        if is_about_a_part(loaded.charge, report):
            return await self._look_at_the_whole(job, name, report, loaded)
        return await self._record_or_hold(job, name, report, loaded)

    async def _look(
        self, job: ClaimedJob, name: ReportName, report: WebhookReport, look: Look, loaded: LoadedCharge
    ) -> JobResult:
        """Record what the PSP's own record says of the subject; the event itself is not believed."""
        if look.subject != "payment" and loaded.charge.psp_reference is None:
            return await self._look_at_payment_first(job, name, report, look, loaded)
        record = await self._record_of(report, look, loaded)
        if not isinstance(record, NotFound | Retryable | Unknown):
            seen = seen_in_record(loaded.charge, report, record)
            return await self._record_or_hold(job, name, seen, loaded)
        return await self._look_again(job, name, report, why_not_seen(look, record), loaded)

    async def _look_at_the_whole(
        self, job: ClaimedJob, name: ReportName, report: WebhookReport, loaded: LoadedCharge
    ) -> JobResult:
        """A report about a part of the payment counts once the PSP's record of the payment shows that part."""
        content, whole = report.content, Look(subject="payment")
        if not isinstance(content, LaterReport):
            return await self._look(job, name, report, whole, loaded)
        record = await self._record_of(report, whole, loaded)
        if isinstance(record, NotFound | Retryable | Unknown):
            return await self._look_again(job, name, report, why_not_seen(whole, record), loaded)
        if isinstance(record, Approved):
            provenance = provenance_of(name, loaded.charge_id)
            recorded = await record_payment_outcome(self._context, loaded, record, provenance)
            charge = await self._context.recorder.load(loaded.charge_id)
            if not isinstance(recorded, Recorded) or charge is None:
                return job_result(loaded.charge_id, recorded, attempt=job.attempt)
            loaded = msgspec.structs.replace(loaded, charge=charge)
        return await self._record_or_hold(job, name, report, loaded)

    async def _look_again(
        self, job: ClaimedJob, name: ReportName, report: WebhookReport, reason: str, loaded: LoadedCharge
    ) -> JobResult:
        """Look later at a record that says nothing now; in the end hold the report."""
        if job.attempt < LOOKS_MAX:
            return RetryIn(lookup_pause_seconds(job.attempt), reason)
        unclear = msgspec.structs.replace(report, content=None, unreadable=reason)
        return await self._record_or_hold(job, name, unclear, loaded)

    async def _look_at_payment_first(
        self, job: ClaimedJob, name: ReportName, report: WebhookReport, look: Look, loaded: LoadedCharge
    ) -> JobResult:
        """A refund or dispute of a payment that the charge does not know yet is looked at after the payment."""
        result = await self._look(job, name, report, Look(subject="payment"), loaded)
        if not isinstance(result, Done):
            return result
        if job.attempt < LOOKS_MAX:
            return RetryIn(lookup_pause_seconds(job.attempt), f"the {look.subject} is looked at next")
        reason = f"the PSP reports a {look.subject}, and the charge knows no payment that it could be of"
        unclear = msgspec.structs.replace(report, content=None, unreadable=reason)
        return await self._record_or_hold(job, name, unclear, loaded)

    async def _record_of(
        self, report: WebhookReport, look: Look, loaded: LoadedCharge
    ) -> KnownOutcome | RefundReport | DisputeReport | NotFound | Retryable | Unknown:
        gateway, charge, clock = loaded.gateway, loaded.charge, self._context.clock
        if look.subject == "payment":
            return await psp_call.inquire(
                gateway, loaded.charge_id, charge, clock, reported_reference=report.payment_reference
            )
        if look.psp_reference is None:
            return Unknown(reason=f"the event names no {look.subject}", since=clock.now())
        if look.subject == "refund":
            return await psp_call.inquire_refund(gateway, charge, None, look.psp_reference, clock)
        return await psp_call.inquire_dispute(gateway, charge, look.psp_reference, clock)

    async def _find_charge(
        self, job: ClaimedJob, key: WebhookJob, report: WebhookReport
    ) -> LoadedCharge | LoadedAttempt | JobResult:
        """The charge that a report is about: by the log, by our metadata, by asking the PSP, in this order."""
        reference = report.payment_reference
        hinted = None if report.charge_id is None else await self._load(key, report.charge_id)
        if reference and isinstance(hinted, LoadedCharge | LoadedAttempt) and _is_called(hinted, reference):
            return hinted
        if reference is None and hinted is None:
            WEBHOOKS_PROCESSED.labels(key.psp, "held_in_inbox").inc()
            return Hold(
                f"webhook {key.psp_event_id} names no payment: {report.unreadable or 'nothing is said of one'}"
            )
        known = reference and await self._context.recorder.charge_of(key.psp, key.psp_account, reference)
        found: LoadedCharge | LoadedAttempt | NotOurs | JobResult
        if known:
            found = await self._load(key, known)
        elif hinted is not None:
            found = hinted
        elif reference is None or report.shows_payment:
            found = NotOurs("it is about no charge of ours")
        else:
            found = await self._ask_psp(job, key, reference)
        return _ignored(key, found.reason) if isinstance(found, NotOurs) else found

    async def _ask_psp(
        self, job: ClaimedJob, key: WebhookJob, reference: PspReference
    ) -> LoadedCharge | LoadedAttempt | NotOurs | JobResult:
        gateway = self._context.gateways.get(key.psp)
        if gateway is None:
            return Hold(f"no gateway for PSP {key.psp} is configured; add it, then requeue")
        found = await psp_call.charge_of(gateway, key.psp_account, reference)
        match found:
            case Retryable() if job.attempt < LOOKUPS_MAX:
                return RetryIn(lookup_pause_seconds(job.attempt), found.reason)
            case Retryable():
                return Hold(
                    f"webhook {key.psp_event_id}: {found.reason}; requeue it when the PSP answers again"
                )
            case NotFound():
                return NotOurs("it is about no charge of ours")
            case _:
                return await self._load(key, found)

    async def _load(
        self, key: WebhookJob, charge_id: ChargeId
    ) -> LoadedCharge | LoadedAttempt | NotOurs | Hold:
        try:
            charge = await self._context.recorder.load(parse_charge_id(charge_id))
        except InvalidId:
            return NotOurs("what it names is no charge id")
        if charge is None:
            # Installations may share an account at a PSP: an id that is none of ours is one of theirs.
            return NotOurs("it is about a charge of another installation")
        is_current = (charge.psp, charge.psp_account) == (key.psp, key.psp_account)
        attempt = attempt_at(charge, key.psp, key.psp_account)
        if not is_current and attempt is None:
            # Believed for its own accounts only: a test account must not report about a live charge.
            return NotOurs(f"the charge is not of account {key.psp_account}")
        gateway = self._context.gateways.get(key.psp)
        if gateway is None:
            return Hold(f"{charge_id}: no gateway for PSP {key.psp} is configured; add it, then requeue")
        if attempt is not None:
            return LoadedAttempt(charge_id, charge, attempt, gateway)
        return LoadedCharge(charge_id, charge, gateway)

    async def _record_or_hold(
        self, job: ClaimedJob, name: ReportName, report: WebhookReport, loaded: LoadedCharge
    ) -> JobResult:
        provenance = provenance_of(name, loaded.charge_id)
        other = other_payment(loaded.charge, report)
        recorded = other or await self._record(name, report, loaded, provenance)
        if isinstance(recorded, Refusal) and is_held_reason(recorded.code):
            recorded = await hold(self._context, name, loaded.charge_id, recorded.code, recorded.detail)
        if isinstance(recorded, Recorded):
            count(name, recorded, loaded.charge_id)
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)

    async def _record(
        self, name: ReportName, report: WebhookReport, loaded: LoadedCharge, provenance: Provenance
    ) -> RecordResult:
        additional = self._held_or_released(name, report)
        match report.content:
            case RefundReport():
                return await record_refund_outcome(
                    self._context,
                    loaded,
                    None,
                    report.content,
                    provenance,
                    payment_reference=report.payment_reference,
                    additional=additional,
                )
            case DisputeReport():
                return await record_dispute_report(
                    self._context,
                    loaded,
                    report.content,
                    provenance,
                    payment_reference=report.payment_reference,
                    additional=additional,
                )
            case FraudWarningReport():
                return await record_fraud_warning(
                    self._context,
                    loaded,
                    report.content,
                    provenance,
                    payment_reference=report.payment_reference,
                    additional=additional,
                )
            case None | Unknown() | Look():
                return await self._context.recorder.record(loaded.charge_id, additional, provenance)
            case _:
                return await record_payment_outcome(
                    self._context, loaded, report.content, provenance, additional=additional
                )

    def _held_or_released(self, name: ReportName, report: WebhookReport) -> Decision:
        """Hold a report of which not all could be understood; release one that was held and is understood now."""

        def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
            now, held = self._context.clock.now(), charge.held_reports
            if report.unreadable is not None:
                return hold_report(held, name, "not_understood", report.unreadable, now)
            doubt = (
                dispute_doubt(charge, report.content) if isinstance(report.content, DisputeReport) else None
            )
            if doubt is not None and is_held_reason(doubt.code):
                return hold_report(held, name, doubt.code, doubt.detail, now)
            if is_held(held, name.psp_event_id):
                return release_report(
                    held, name.psp_event_id, released_by="worker", reason=UNDERSTOOD, now=now
                )
            return ()

        return decision


def _is_called(loaded: LoadedCharge | LoadedAttempt, reference: PspReference) -> bool:
    payment: Charge | AbandonedAttempt = (
        loaded.attempt if isinstance(loaded, LoadedAttempt) else loaded.charge
    )
    return payment.is_called(reference)


def _ignored(key: WebhookJob, reason: str) -> JobResult:
    WEBHOOKS_PROCESSED.labels(key.psp, "ignored").inc()
    _log.info("worker.webhook_ignored", psp=key.psp, psp_event_id=key.psp_event_id, reason=reason)
    return Done()
