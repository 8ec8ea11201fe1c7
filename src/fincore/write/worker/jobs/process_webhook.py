"""The job `webhook.interpret`: read a webhook that lies in the inbox, and record what it says or hold it for a person.

A report counts for the payment that it names. Which charge that is, our own log says first, then the metadata that we
gave the payment, then the PSP. What cannot be understood, or contradicts what is known, is held on the charge.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from fincore.domain.charge import Charge
from fincore.domain.dispute_reports import dispute_doubt
from fincore.domain.errors import InvalidId
from fincore.domain.events import ChargeEvent, HeldReason, ReportHeld
from fincore.domain.held_report import ReportName, hold_report, is_held, release_report
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import DisputeReport, PspName, PspReference, RefundReport, Retryable, Unknown
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.write.psp.inbox import InboxReader
from fincore.write.psp.port import NotFound, PspWebhooks, WebhookIgnored, WebhookReport
from fincore.write.queue.job_payloads import WebhookJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import Desk, OpenCharge
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.metrics import WEBHOOKS_INTERPRETED
from fincore.write.worker.plumbing.record_outcome import (
    Settled,
    settle_dispute,
    settle_payment,
    settle_refund,
)
from fincore.write.worker.plumbing.recorder import Decision, NoSuchCharge, Recorded

_log = structlog.get_logger(__name__)

LOOKUP_PAUSE_MAX_SECONDS: Final = 600.0
"""The longest pause before a PSP is asked again which charge a payment is; it doubles from one second."""
LOOKUPS_MAX: Final = 150
"""About a day of asking."""
UNDERSTOOD: Final = "read again and understood"

_HELD_REASONS: Final[Mapping[str, HeldReason]] = {
    "amount_differs": "amount_differs",
    "amount_exceeds_charge": "amount_exceeds_charge",
    "contradicts_state": "contradicts_state",
    "currency_differs": "currency_differs",
    "psp_reference_differs": "psp_reference_differs",
    "psp_reference_taken": "psp_reference_taken",
}
"""Code of the refusal of a report -> why it is held."""


class NotOurs(msgspec.Struct, frozen=True):
    """A report that is known to be about no charge of ours, and how."""

    reason: str


class InterpretWebhook:
    """Handles `webhook.interpret`. A webhook read twice, or late, or before our own answer, changes nothing twice."""

    def __init__(self, desk: Desk, inbox: InboxReader, webhooks: Mapping[PspName, PspWebhooks]) -> None:
        self._desk = desk
        self._inbox = inbox
        self._webhooks = webhooks

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Record what the webhook says, if it says something about a charge of ours."""
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
        told = webhooks.interpret(stored.body)
        if isinstance(told, WebhookIgnored):
            return _ignored(key, told.reason)
        at_hand = await self._find_charge(job, key, told)
        if not isinstance(at_hand, OpenCharge):
            return at_hand
        report = ReportName(
            psp=key.psp, psp_account=key.psp_account, psp_event_id=key.psp_event_id, report_type=stored.type
        )
        return await self._record(job, report, told, at_hand)

    async def _find_charge(
        self, job: ClaimedJob, key: WebhookJob, told: WebhookReport
    ) -> OpenCharge | JobResult:
        """The charge that a report is about: by the log, by our metadata, by asking the PSP, in this order."""
        reference = told.payment_reference
        hinted = None if told.charge_id is None else await self._open(key, told.charge_id)
        if isinstance(hinted, OpenCharge) and hinted.charge.psp_reference == reference:
            return hinted
        if reference is None and hinted is None:
            WEBHOOKS_INTERPRETED.labels(key.psp, "held_in_inbox").inc()
            return Hold(
                f"webhook {key.psp_event_id} names no payment: {told.unreadable or 'nothing is said of one'}"
            )
        known = reference and await self._desk.recorder.charge_of(key.psp, key.psp_account, reference)
        found: OpenCharge | NotOurs | JobResult
        if known:
            found = await self._open(key, known)
        elif hinted is not None:
            found = hinted
        elif reference is None or told.shows_payment:
            found = NotOurs("it is about no charge of ours")
        else:
            found = await self._ask_psp(job, key, reference)
        return _ignored(key, found.reason) if isinstance(found, NotOurs) else found

    async def _ask_psp(
        self, job: ClaimedJob, key: WebhookJob, reference: PspReference
    ) -> OpenCharge | NotOurs | JobResult:
        gateway = self._desk.gateways.get(key.psp)
        if gateway is None:
            return Hold(f"no gateway for PSP {key.psp} is configured; add it, then requeue")
        found = await psp_call.charge_of(gateway, key.psp_account, reference)
        match found:
            case Retryable() if job.attempt < LOOKUPS_MAX:
                pause_seconds = min(2.0 ** min(job.attempt - 1, 60), LOOKUP_PAUSE_MAX_SECONDS)
                return RetryIn(pause_seconds, found.reason)
            case Retryable():
                return Hold(
                    f"webhook {key.psp_event_id}: {found.reason}; requeue it when the PSP answers again"
                )
            case NotFound():
                return NotOurs("it is about no charge of ours")
            case _:
                return await self._open(key, found)

    async def _open(self, key: WebhookJob, charge_id: ChargeId) -> OpenCharge | NotOurs | Hold:
        try:
            at_hand = await self._desk.open(parse_charge_id(charge_id))
        except InvalidId:
            return NotOurs("what it names is no charge id")
        if isinstance(at_hand, NoSuchCharge):
            # Installations may share an account at a PSP: an id that is none of ours is one of theirs.
            return NotOurs("it is about a charge of another installation")
        if isinstance(at_hand, Hold):
            return at_hand
        if (at_hand.charge.psp, at_hand.charge.psp_account) != (key.psp, key.psp_account):
            # Believed for its own account only: a test account must not speak about a live charge.
            return NotOurs(f"the charge is not of account {key.psp_account}")
        return at_hand

    async def _record(
        self, job: ClaimedJob, report: ReportName, told: WebhookReport, at_hand: OpenCharge
    ) -> JobResult:
        provenance = Provenance(
            correlation=at_hand.charge_id, actor=f"webhook:{report.psp}", causation=report.psp_event_id
        )
        other = _other_payment(at_hand.charge, told)
        settled = other or await self._settle(report, told, at_hand, provenance)
        if isinstance(settled, Refusal) and settled.code in _HELD_REASONS:
            settled = await self._desk.recorder.record(
                at_hand.charge_id,
                lambda charge: hold_report(
                    charge.held_reports,
                    report,
                    _HELD_REASONS[settled.code],
                    settled.detail,
                    self._desk.clock.now(),
                ),
                provenance,
            )
        if isinstance(settled, Recorded):
            _count(report, settled, at_hand)
        return job_result(at_hand.charge_id, settled, attempt=job.attempt)

    async def _settle(
        self, report: ReportName, told: WebhookReport, at_hand: OpenCharge, provenance: Provenance
    ) -> Settled:
        beside = self._held_or_released(report, told)
        match told.said:
            case RefundReport():
                return await settle_refund(
                    self._desk,
                    at_hand,
                    None,
                    told.said,
                    provenance,
                    payment_reference=told.payment_reference,
                    beside=beside,
                )
            case DisputeReport():
                return await settle_dispute(
                    self._desk,
                    at_hand,
                    told.said,
                    provenance,
                    payment_reference=told.payment_reference,
                    beside=beside,
                )
            case None | Unknown():
                return await self._desk.recorder.record(at_hand.charge_id, beside, provenance)
            case _:
                return await settle_payment(self._desk, at_hand, told.said, provenance, beside=beside)

    def _held_or_released(self, report: ReportName, told: WebhookReport) -> Decision:
        """Hold a report of which not all could be understood; release one that was held and is understood now."""

        def beside(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
            now = self._desk.clock.now()
            if told.unreadable is not None:
                return hold_report(charge.held_reports, report, "not_understood", told.unreadable, now)
            doubt = dispute_doubt(charge, told.said) if isinstance(told.said, DisputeReport) else None
            if doubt is not None:
                return hold_report(charge.held_reports, report, _HELD_REASONS[doubt.code], doubt.detail, now)
            if is_held(charge.held_reports, report.psp_event_id):
                return release_report(
                    charge.held_reports, report.psp_event_id, released_by="worker", reason=UNDERSTOOD, now=now
                )
            return ()

        return beside


def _other_payment(charge: Charge, told: WebhookReport) -> Refusal | None:
    """Why a report is not about the charge's payment, although metadata at the PSP says that it is."""
    if told.payment_reference is None or charge.psp_reference in (None, told.payment_reference):
        return None
    return Refusal(
        "psp_reference_differs",
        f"the charge is {charge.psp_reference} at the PSP, and the report is about {told.payment_reference}",
    )


def _count(report: ReportName, recorded: Recorded, at_hand: OpenCharge) -> None:
    held = next((event for event in recorded.events if isinstance(event, ReportHeld)), None)
    if held is None:
        WEBHOOKS_INTERPRETED.labels(report.psp, "recorded" if recorded.events else "known").inc()
        return
    WEBHOOKS_INTERPRETED.labels(report.psp, "held").inc()
    _log.error(
        "worker.report_held",
        charge_id=at_hand.charge_id,
        psp_event_id=report.psp_event_id,
        type=report.report_type,
        reason=held.reason,
        detail=held.detail,
    )


def _ignored(key: WebhookJob, reason: str) -> JobResult:
    WEBHOOKS_INTERPRETED.labels(key.psp, "ignored").inc()
    _log.info("worker.webhook_ignored", psp=key.psp, psp_event_id=key.psp_event_id, reason=reason)
    return Done()
