"""The jobs `charge.resolve` and `refund.resolve`: carry out the janitor's decisions until the outcome is known."""

from collections.abc import Awaitable, Callable
from typing import Generic, Literal, TypeVar, assert_never

import msgspec
import structlog

from fincore.eventstore.recorder import Recorded
from fincore.write.queue.job_payloads import ChargeJob, RefundJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.in_doubt import InDoubt, OperationInDoubt, RefundInDoubt
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.metrics import OUTCOMES_RESOLVED
from fincore.write.worker.plumbing.record_outcome import RecordResult
from fincore.write.worker.policies.janitor import AskAgain, Doubt, GiveUp, NeverHappened, Repeat

OutcomeT = TypeVar("OutcomeT")

_log = structlog.get_logger(__name__)


class ResolveOutcome(Generic[OutcomeT]):
    """Handles a job that resolves an unknown outcome. The attempts of the job are the janitor's inquiries.

    `find` loads what the job is about; Done where nothing is unknown any more.
    """

    def __init__(
        self,
        context: JobContext,
        find: Callable[[JobContext, ClaimedJob], Awaitable[InDoubt[OutcomeT] | Done | Hold]],
    ) -> None:
        self._context = context
        self._find = find

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Ask the PSP; where that decides nothing, do what the janitor decides."""
        in_doubt = await self._find(self._context, job)
        if isinstance(in_doubt, Done | Hold):
            return in_doubt
        finding = await in_doubt.inquire()
        if isinstance(finding, Doubt):
            return await self._step(job, in_doubt, finding)
        return _recorded(job, in_doubt, await in_doubt.record(finding), "found")

    async def _step(self, job: ClaimedJob, in_doubt: InDoubt[OutcomeT], doubt: Doubt) -> JobResult:
        step = in_doubt.next_step(doubt)
        _log.info(
            "worker.janitor_stepped",
            charge_id=in_doubt.loaded.charge_id,
            in_doubt=in_doubt.name,
            operation=in_doubt.operation,
            inquiry=job.attempt,
            step=type(step).__name__,
        )
        match step:
            case Repeat():
                outcome = await in_doubt.repeat()
                if isinstance(outcome, Doubt):
                    again = in_doubt.ask_again(outcome.reason)
                    return RetryIn(again.delay_seconds, again.reason)
                return _recorded(job, in_doubt, await in_doubt.record(outcome), "repeated")
            case AskAgain():
                return RetryIn(step.delay_seconds, step.reason)
            case NeverHappened():
                return _recorded(job, in_doubt, await in_doubt.record_never_happened(), "never_happened")
            case GiveUp():
                return Hold(f"{in_doubt.name}: {step.reason}")
            case _:
                assert_never(step)


def _recorded(
    job: ClaimedJob,
    in_doubt: InDoubt[OutcomeT],
    recorded: RecordResult,
    how: Literal["found", "repeated", "never_happened"],
) -> JobResult:
    if isinstance(recorded, Recorded) and recorded.events:
        OUTCOMES_RESOLVED.labels(in_doubt.loaded.charge.psp, in_doubt.operation, how).inc()
    return job_result(in_doubt.loaded.charge_id, recorded, attempt=job.attempt)


async def find_operation(context: JobContext, job: ClaimedJob) -> OperationInDoubt | Done | Hold:
    """What a job `charge.resolve` is about; Done where its outcome became known meanwhile."""
    loaded = await context.load_for_job(msgspec.json.decode(job.payload, type=ChargeJob).charge_id)
    if isinstance(loaded, Hold):
        return loaded
    pending = loaded.charge.operation
    if pending is None or loaded.charge.unknown_since is None:
        return Done()
    return OperationInDoubt(context, job, loaded, pending)


async def find_refund(context: JobContext, job: ClaimedJob) -> RefundInDoubt | Done | Hold:
    """What a job `refund.resolve` is about; Done where the refund ended meanwhile."""
    payload = msgspec.json.decode(job.payload, type=RefundJob)
    loaded = await context.load_for_job(payload.charge_id)
    if isinstance(loaded, Hold):
        return loaded
    refund = loaded.charge.refund(payload.refund_id)
    if refund is None or refund.status not in ("processing", "pending"):
        return Done()
    return RefundInDoubt(context, job, loaded, refund)
