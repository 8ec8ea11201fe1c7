"""The job `webhook.interpret`: read a webhook that lies in the inbox and record what it says."""

from collections.abc import Mapping
from functools import partial

import msgspec
import structlog

from fincore.domain.charge import decide
from fincore.domain.errors import InvalidId
from fincore.domain.ids import parse_charge_id
from fincore.domain.outcome import PspName, Unknown
from fincore.eventstore.commit import Provenance
from fincore.write.psp.inbox import InboxReader
from fincore.write.psp.port import PspWebhooks, WebhookFact, WebhookIgnored
from fincore.write.queue.job_payloads import WebhookJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult
from fincore.write.worker.job_result import job_result
from fincore.write.worker.metrics import WEBHOOKS_INTERPRETED
from fincore.write.worker.record import ChargeRecorder, Recorded

_log = structlog.get_logger(__name__)


class InterpretWebhook:
    """Handles `webhook.interpret`. A webhook read twice, or late, or before our own answer, changes nothing twice."""

    def __init__(
        self, recorder: ChargeRecorder, inbox: InboxReader, webhooks: Mapping[PspName, PspWebhooks]
    ) -> None:
        self._recorder = recorder
        self._inbox = inbox
        self._webhooks = webhooks

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Record the fact the webhook tells, if it tells one about a charge of ours."""
        key = msgspec.json.decode(job.payload, type=WebhookJob)
        body = await self._inbox.body_of(key.psp, key.psp_account, key.psp_event_id)
        if body is None:
            return Hold(f"the inbox has no event {key.psp_event_id} of {key.psp}")
        webhooks = self._webhooks.get(key.psp)
        if webhooks is None:
            return Hold(f"no reader for webhooks of {key.psp} is configured; add it, then requeue")
        said = webhooks.interpret(body)
        if isinstance(said, WebhookIgnored):
            return _ignored(key, said.reason)
        if isinstance(said.fact, Unknown):
            return _ignored(key, "it says nothing definite")
        return await self._record(key, said)

    async def _record(self, key: WebhookJob, said: WebhookFact) -> JobResult:
        # Installations may share an account at a PSP: a charge we do not know is one of theirs.
        try:
            charge_id = parse_charge_id(said.charge_id)
        except InvalidId:
            return _ignored(key, "its charge id is not one of ours")
        charge = await self._recorder.load(charge_id)
        if charge is None:
            return _ignored(key, "it is about a charge of another installation")
        if (charge.psp, charge.psp_account) != (key.psp, key.psp_account):
            # Believed for its own account only: a test account must not speak about a live charge.
            return _ignored(key, f"the charge is not of account {key.psp_account}")
        provenance = Provenance(correlation=charge_id, actor=f"webhook:{key.psp}", causation=key.psp_event_id)
        recorded = await self._recorder.record(charge_id, partial(decide, fact=said.fact), provenance)
        if isinstance(recorded, Recorded):
            WEBHOOKS_INTERPRETED.labels(key.psp, "recorded" if recorded.events else "known").inc()
        return job_result(charge_id, recorded)


def _ignored(key: WebhookJob, reason: str) -> JobResult:
    WEBHOOKS_INTERPRETED.labels(key.psp, "ignored").inc()
    _log.info("worker.webhook_ignored", psp=key.psp, psp_event_id=key.psp_event_id, reason=reason)
    return Done()
