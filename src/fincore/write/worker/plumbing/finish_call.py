"""What follows the first call for an operation or a refund: a repeat, a recorded outcome, or an outcome left unknown."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from fincore.domain.age import Age, age_against
from fincore.domain.outcome import Retryable, Unknown
from fincore.domain.refusal import Refusal
from fincore.eventstore.recorder import Recorded
from fincore.write.psp.limits import PspOperation
from fincore.write.queue.port import ClaimedJob, JobResult, RetryIn
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.metrics import OUTCOMES_UNKNOWN
from fincore.write.worker.plumbing.record_outcome import RecordResult
from fincore.write.worker.policies.retry_policy import RetryAfter, decide_retry

OutcomeT = TypeVar("OutcomeT")


def key_age(
    context: JobContext, loaded: LoadedCharge, operation: PspOperation, requested_at: datetime
) -> Age:
    """Whether the idempotency key of an operation is still safe at the charge's PSP (`within`)."""
    limits = loaded.gateway.limits.operations[operation]
    return age_against(timedelta(seconds=limits.key_safe_seconds), requested_at, context.clock)


async def finish_call(
    context: JobContext,
    job: ClaimedJob,
    loaded: LoadedCharge,
    operation: PspOperation,
    outcome: OutcomeT | Retryable | Unknown,
    *,
    record: Callable[[OutcomeT | Unknown], Awaitable[RecordResult]],
    fail_over: Callable[[Retryable], Awaitable[JobResult | None]] | None = None,
) -> JobResult:
    """Repeat later a call that is known not to have happened, or go on without it; record every other outcome.

    After the last repeat the outcome is unknown, because an earlier claim of the job may have reached the PSP. So it is where
    the PSP's response names what belongs to another charge: it says nothing of this one. `fail_over` sends the charge to another
    account instead, if it may; None if it may not.
    """
    now = context.clock.now()
    decided: OutcomeT | Unknown
    if isinstance(outcome, Retryable):
        retry = decide_retry(
            job.attempt,
            outcome,
            context.retry_policy,
            fraction=context.draw(),
            may_fail_over=fail_over is not None,
        )
        if isinstance(retry, RetryAfter):
            return RetryIn(retry.delay_seconds, outcome.reason, nothing_ran=True)
        if fail_over is not None and (failed_over := await fail_over(outcome)) is not None:
            return failed_over
        decided = Unknown(reason=f"gave up after {job.attempt} attempts: {outcome.reason}", since=now)
    else:
        decided = outcome
    recorded = await record(decided)
    if isinstance(recorded, Refusal) and recorded.code == "psp_reference_taken":
        decided = Unknown(reason=recorded.detail, since=context.clock.now())
        recorded = await record(decided)
    if isinstance(decided, Unknown) and isinstance(recorded, Recorded) and recorded.events:
        OUTCOMES_UNKNOWN.labels(loaded.charge.psp, operation).inc()
    return job_result(loaded.charge_id, recorded, attempt=job.attempt)
