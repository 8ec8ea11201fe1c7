"""The jobs `charge.authorize`, `charge.capture`, `charge.cancel`: call the PSP for what a charge waits for."""

import msgspec

from fincore.domain.age import age_against
from fincore.domain.events import Operation
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import OperationOutcome, Rejected, Retryable, Unknown
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing.carry_out import CarriedOut, carry_out
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.job_result import job_result, wait_for_clock
from fincore.write.worker.plumbing.metrics import OUTCOMES_UNKNOWN
from fincore.write.worker.plumbing.record_outcome import record_payment_outcome
from fincore.write.worker.plumbing.recorder import Recorded
from fincore.write.worker.policies.findings import finding_on
from fincore.write.worker.policies.janitor import Doubt
from fincore.write.worker.policies.psp_key import KEY_SAFE_FOR
from fincore.write.worker.policies.retry_policy import RetryAfter, decide_retry


class OperateCharge:
    """Handles one kind of operation. Doing the same job twice, or on two workers, operates once: the key is the same."""

    def __init__(self, context: JobContext, operation: Operation) -> None:
        self._context = context
        self._kind = operation

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Call the PSP unless the outcome is known or the janitor's business already."""
        loaded = await self._context.load_for_job(msgspec.json.decode(job.payload, type=ChargeJob).charge_id)
        if isinstance(loaded, Hold):
            return loaded
        operation = loaded.charge.operation
        if operation is None or operation.kind != self._kind or loaded.charge.unknown_since is not None:
            return Done()
        age = age_against(KEY_SAFE_FOR, operation.requested_at, self._context.clock)
        if age == "unclear":
            return wait_for_clock(self._context.clock)
        provenance = Provenance(correlation=loaded.charge_id, actor="worker", causation=f"job:{job.job_id}")
        outcome: OperationOutcome
        if age == "past":
            outcome = Unknown(
                reason=f"the {operation.kind} waited too long to be sent safely",
                since=self._context.clock.now(),
            )
        else:
            loaded, outcome = await self._carried_out(loaded, operation, provenance)
        if isinstance(outcome, Retryable):
            retry = decide_retry(
                job.attempt, outcome, self._context.retry_policy, fraction=self._context.draw()
            )
            if isinstance(retry, RetryAfter):
                return RetryIn(retry.delay_seconds, outcome.reason)
            # A worker that died may have reached the PSP before: only the PSP knows that nothing happened.
            outcome = Unknown(
                reason=f"gave up after {job.attempt} attempts: {outcome.reason}",
                since=self._context.clock.now(),
            )
        recorded = await record_payment_outcome(self._context, loaded, outcome, provenance)
        if isinstance(recorded, Refusal) and recorded.code == "psp_reference_taken":
            # The PSP's answer names the payment of another charge: it says nothing of this one.
            outcome = Unknown(reason=recorded.detail, since=self._context.clock.now())
            recorded = await record_payment_outcome(self._context, loaded, outcome, provenance)
        if isinstance(outcome, Unknown) and isinstance(recorded, Recorded) and recorded.events:
            OUTCOMES_UNKNOWN.labels(loaded.charge.psp, self._kind).inc()
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)

    async def _carried_out(
        self, loaded: LoadedCharge, operation: PendingOperation, provenance: Provenance
    ) -> CarriedOut:
        now = self._context.clock.now()
        carried = await carry_out(self._context, loaded, operation, provenance)
        if isinstance(carried.outcome, Rejected | Retryable | Unknown):
            return carried
        # An answer that shows the payment as it was before decides nothing, with any HTTP status.
        finding = finding_on(operation.kind, carried.outcome)
        outcome = Unknown(reason=finding.reason, since=now) if isinstance(finding, Doubt) else finding
        return CarriedOut(carried.loaded, outcome)
