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
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.job_result import job_result, wait_for_clock
from fincore.write.worker.plumbing.metrics import OUTCOMES_UNKNOWN
from fincore.write.worker.plumbing.record_outcome import record_refund_outcome
from fincore.write.worker.plumbing.recorder import Recorded
from fincore.write.worker.policies.psp_key import KEY_SAFE_FOR
from fincore.write.worker.policies.retry_policy import RetryAfter, decide_retry

HELD_PAUSE_SECONDS: Final = 60.0
"""The pause of a refund that was taken on before a report about the same money was held. It waits while its key is safe;
after that it becomes unknown, and the janitor finds that it never happened."""


class SendRefund:
    """Handles `refund.send`. Doing the same job twice, or on two workers, refunds once: the key is the same."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Call the PSP unless the outcome is known or the janitor's business already."""
        asked = msgspec.json.decode(job.payload, type=RefundJob)
        loaded = await self._context.load_for_job(asked.charge_id)
        if isinstance(loaded, Hold):
            return loaded
        refund = loaded.charge.refund(asked.refund_id)
        if refund is None:
            return Hold(f"{asked.refund_id}: {asked.charge_id} has no such refund")
        if refund.status != "processing" or refund.unknown_since is not None:
            return Done()
        age = age_against(KEY_SAFE_FOR, refund.requested_at, self._context.clock)
        if age == "unclear":
            return wait_for_clock(self._context.clock)
        if loaded.charge.held_reports and age != "past":
            return RetryIn(HELD_PAUSE_SECONDS, "a report of the PSP about the charge is held")
        outcome = (
            Unknown(reason="the refund waited too long to be sent safely", since=self._context.clock.now())
            if age == "past"
            else await self._outcome(loaded, refund)
        )
        if isinstance(outcome, Retryable):
            retry = decide_retry(
                job.attempt, outcome, self._context.retry_policy, fraction=self._context.draw()
            )
            if isinstance(retry, RetryAfter):
                return RetryIn(retry.delay_seconds, outcome.reason)
            outcome = Unknown(
                reason=f"gave up after {job.attempt} attempts: {outcome.reason}",
                since=self._context.clock.now(),
            )
        provenance = Provenance(correlation=loaded.charge_id, actor="worker", causation=f"job:{job.job_id}")
        recorded = await record_refund_outcome(self._context, loaded, asked.refund_id, outcome, provenance)
        if isinstance(recorded, Refusal) and recorded.code == "psp_reference_taken":
            outcome = Unknown(reason=recorded.detail, since=self._context.clock.now())
            recorded = await record_refund_outcome(
                self._context, loaded, asked.refund_id, outcome, provenance
            )
        if isinstance(outcome, Unknown) and isinstance(recorded, Recorded) and recorded.events:
            OUTCOMES_UNKNOWN.labels(loaded.charge.psp, "refund").inc()
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)

    async def _outcome(self, loaded: LoadedCharge, refund: Refund) -> RefundOutcome:
        return await psp_call.refund(
            loaded.gateway, loaded.charge_id, loaded.charge, refund, self._context.clock
        )
