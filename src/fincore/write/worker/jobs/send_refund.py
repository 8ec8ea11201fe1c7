"""The job `refund.send`: call the PSP for a refund and record what it says."""

from typing import Final

import msgspec

from fincore.domain.age import age_against
from fincore.domain.outcome import RefundOutcome, Retryable, Unknown
from fincore.domain.refund import Refund
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import RefundJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import Desk, OpenCharge
from fincore.write.worker.plumbing.job_result import job_result, wait_for_clock
from fincore.write.worker.plumbing.metrics import OUTCOMES_UNKNOWN
from fincore.write.worker.plumbing.record_outcome import settle_refund
from fincore.write.worker.plumbing.recorder import Recorded
from fincore.write.worker.policies.psp_key import KEY_SAFE_FOR
from fincore.write.worker.policies.retry_policy import RetryAfter, decide_retry

HELD_PAUSE_SECONDS: Final = 60.0
"""The pause of a refund that was taken on before a report about the same money was held. It waits while its key is safe;
after that it becomes unknown, and the janitor finds that it never happened."""


class SendRefund:
    """Handles `refund.send`. Doing the same job twice, or on two workers, refunds once: the key is the same."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Call the PSP unless the outcome is known or the janitor's business already."""
        asked = msgspec.json.decode(job.payload, type=RefundJob)
        at_hand = await self._desk.open_for_job(asked.charge_id)
        if isinstance(at_hand, Hold):
            return at_hand
        refund = at_hand.charge.refund(asked.refund_id)
        if refund is None:
            return Hold(f"{asked.refund_id}: {asked.charge_id} has no such refund")
        if refund.status != "processing" or refund.unknown_since is not None:
            return Done()
        age = age_against(KEY_SAFE_FOR, refund.requested_at, self._desk.clock)
        if age == "unclear":
            return wait_for_clock(self._desk.clock)
        if at_hand.charge.held_reports and age != "past":
            return RetryIn(HELD_PAUSE_SECONDS, "a report of the PSP about the charge is held")
        outcome = (
            Unknown(reason="the refund waited too long to be sent safely", since=self._desk.clock.now())
            if age == "past"
            else await self._outcome(at_hand, refund)
        )
        if isinstance(outcome, Retryable):
            retry = decide_retry(job.attempt, outcome, self._desk.retry_policy, fraction=self._desk.draw())
            if isinstance(retry, RetryAfter):
                return RetryIn(retry.delay_seconds, outcome.reason)
            outcome = Unknown(
                reason=f"gave up after {job.attempt} attempts: {outcome.reason}", since=self._desk.clock.now()
            )
        provenance = Provenance(correlation=at_hand.charge_id, actor="worker", causation=f"job:{job.job_id}")
        settled = await settle_refund(self._desk, at_hand, asked.refund_id, outcome, provenance)
        if isinstance(settled, Refusal) and settled.code == "psp_reference_taken":
            outcome = Unknown(reason=settled.detail, since=self._desk.clock.now())
            settled = await settle_refund(self._desk, at_hand, asked.refund_id, outcome, provenance)
        if isinstance(outcome, Unknown) and isinstance(settled, Recorded) and settled.events:
            OUTCOMES_UNKNOWN.labels(at_hand.charge.psp, "refund").inc()
        return job_result(at_hand.charge_id, settled, attempt=job.attempt)

    async def _outcome(self, at_hand: OpenCharge, refund: Refund) -> RefundOutcome:
        return await psp_call.refund(
            at_hand.gateway, at_hand.charge_id, at_hand.charge, refund, self._desk.clock
        )
