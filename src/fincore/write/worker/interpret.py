"""The job `webhook.interpret`: read a webhook that lies in the inbox and record what it says."""

from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import DisputeReport, PspName, RefundReport, Retryable, Unknown
from fincore.eventstore.commit import Provenance
from fincore.write.psp.inbox import InboxReader
from fincore.write.psp.port import NotFound, PspWebhooks, WebhookFact, WebhookIgnored
from fincore.write.queue.job_payloads import WebhookJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker import psp_call
from fincore.write.worker.desk import Desk, OpenCharge
from fincore.write.worker.job_result import job_result
from fincore.write.worker.metrics import WEBHOOKS_INTERPRETED
from fincore.write.worker.record import NoSuchCharge, Recorded
from fincore.write.worker.settle import Settled, settle_dispute, settle_payment, settle_refund

_log = structlog.get_logger(__name__)

LOOKUP_PAUSE_MAX_SECONDS: Final = 600.0
"""The longest pause before a PSP is asked again which charge a payment is; it doubles from one second."""
LOOKUPS_MAX: Final = 150
"""About a day of asking."""


class InterpretWebhook:
    """Handles `webhook.interpret`. A webhook read twice, or late, or before our own answer, changes nothing twice."""

    def __init__(self, desk: Desk, inbox: InboxReader, webhooks: Mapping[PspName, PspWebhooks]) -> None:
        self._desk = desk
        self._inbox = inbox
        self._webhooks = webhooks

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Record the fact the webhook tells, if it tells one about a charge of ours."""
        key = msgspec.json.decode(job.payload, type=WebhookJob)
        body = await self._inbox.body_of(key.psp, key.psp_account, key.psp_event_id)
        if body is None:
            return Hold(
                f"the inbox has no body of event {key.psp_event_id} of {key.psp}: "
                "it never arrived, or its retention is over"
            )
        webhooks = self._webhooks.get(key.psp)
        if webhooks is None:
            return Hold(f"no reader for webhooks of {key.psp} is configured; add it, then requeue")
        told = webhooks.interpret(body)
        if isinstance(told, WebhookIgnored):
            return _ignored(key, told.reason)
        if isinstance(told.said, Unknown):
            return _ignored(key, "it says nothing definite")
        charge_id = await self._charge_id(key, told)
        match charge_id:
            case Retryable() if job.attempt < LOOKUPS_MAX:
                pause_seconds = min(2.0 ** min(job.attempt - 1, 60), LOOKUP_PAUSE_MAX_SECONDS)
                return RetryIn(pause_seconds, charge_id.reason)
            case Retryable():
                return Hold(
                    f"webhook {key.psp_event_id}: {charge_id.reason}; requeue it when the PSP answers again"
                )
            case NotFound() | None:
                return _ignored(key, "it is about no charge of ours")
        return await self._record(key, told, charge_id)

    async def _charge_id(self, key: WebhookJob, told: WebhookFact) -> ChargeId | NotFound | Retryable | None:
        if told.charge_id is not None:
            # Installations may share an account at a PSP: an id that is none of ours is one of theirs.
            try:
                return parse_charge_id(told.charge_id)
            except InvalidId:
                return None
        gateway = self._desk.gateways.get(key.psp)
        if gateway is None:
            return Retryable(reason=f"no gateway for PSP {key.psp} is configured")
        return await psp_call.charge_of(gateway, key.psp_account, told.payment_reference)

    async def _record(self, key: WebhookJob, told: WebhookFact, charge_id: ChargeId) -> JobResult:
        at_hand = await self._desk.open(charge_id)
        if isinstance(at_hand, NoSuchCharge):
            return _ignored(key, "it is about a charge of another installation")
        if isinstance(at_hand, Hold):
            return at_hand
        if (at_hand.charge.psp, at_hand.charge.psp_account) != (key.psp, key.psp_account):
            # Believed for its own account only: a test account must not speak about a live charge.
            return _ignored(key, f"the charge is not of account {key.psp_account}")
        settled = await self._settle(key, told, at_hand)
        if isinstance(settled, Recorded):
            WEBHOOKS_INTERPRETED.labels(key.psp, "recorded" if settled.events else "known").inc()
        return job_result(charge_id, settled)

    async def _settle(self, key: WebhookJob, told: WebhookFact, at_hand: OpenCharge) -> Settled:
        provenance = Provenance(
            correlation=at_hand.charge_id, actor=f"webhook:{key.psp}", causation=key.psp_event_id
        )
        match told.said:
            case RefundReport():
                return await settle_refund(
                    self._desk,
                    at_hand,
                    None,
                    told.said,
                    provenance,
                    payment_reference=told.payment_reference,
                )
            case DisputeReport():
                return await settle_dispute(self._desk, at_hand, told.said, provenance)
            case _:
                return await settle_payment(self._desk, at_hand, told.said, provenance)


def _ignored(key: WebhookJob, reason: str) -> JobResult:
    WEBHOOKS_INTERPRETED.labels(key.psp, "ignored").inc()
    _log.info("worker.webhook_ignored", psp=key.psp, psp_event_id=key.psp_event_id, reason=reason)
    return Done()
