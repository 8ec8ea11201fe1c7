"""The job `refund.resolve`: ask the PSP about a refund until it is known to have succeeded or failed."""

from datetime import timedelta
from typing import assert_never

import msgspec
import structlog

from fincore.domain.age import age_against
from fincore.domain.outcome import RefundRejected, RefundReport, Retryable, Unknown
from fincore.domain.refund import Refund
from fincore.eventstore.commit import Provenance
from fincore.write.psp.port import NotFound
from fincore.write.queue.job_payloads import RefundJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.metrics import OUTCOMES_RESOLVED
from fincore.write.worker.plumbing.record_outcome import record_refund_outcome
from fincore.write.worker.plumbing.recorder import Recorded
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fincore.write.worker.policies.janitor import (
    AskAgain,
    Doubt,
    GiveUp,
    NeverHappened,
    Question,
    Repeat,
    ask_again,
    next_step,
)

_log = structlog.get_logger(__name__)


class ResolveRefund:
    """Handles `refund.resolve`: of a refund in doubt by the janitor's rules, of a pending one by patience."""

    def __init__(self, context: JobContext, poll_policy: PollPolicy) -> None:
        self._context = context
        self._poll_policy = poll_policy

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Ask the PSP, unless the refund ended meanwhile."""
        asked = msgspec.json.decode(job.payload, type=RefundJob)
        loaded = await self._context.load_for_job(asked.charge_id)
        if isinstance(loaded, Hold):
            return loaded
        refund = loaded.charge.refund(asked.refund_id)
        if refund is None or refund.status not in ("processing", "pending"):
            return Done()
        answer = await psp_call.inquire_refund(
            loaded.gateway, loaded.charge, refund.refund_id, refund.psp_reference, self._context.clock
        )
        if refund.status == "pending":
            return await self._pending(job, loaded, refund, answer)
        if isinstance(answer, RefundReport):
            return await self._record(job, loaded, refund, answer, how="found")
        return await self._step(job, loaded, refund, answer)

    async def _pending(
        self,
        job: ClaimedJob,
        loaded: LoadedCharge,
        refund: Refund,
        answer: RefundReport | NotFound | Retryable | Unknown,
    ) -> JobResult:
        if isinstance(answer, RefundReport) and answer.status != "pending":
            return await self._record(job, loaded, refund, answer, how="found")
        patience = timedelta(seconds=self._poll_policy.refund_give_up_seconds)
        if age_against(patience, refund.requested_at, self._context.clock) == "past":
            return Hold(
                f"{refund.refund_id}: pending at the PSP for {patience.days} days; look it up at the PSP, "
                "then say what became of it with `fincore charges resolve`"
            )
        return RetryIn(self._poll_policy.refund_pause_seconds, "the PSP has not carried the refund out yet")

    async def _step(
        self, job: ClaimedJob, loaded: LoadedCharge, refund: Refund, answer: NotFound | Retryable | Unknown
    ) -> JobResult:
        policy, draw = self._context.janitor_policy, self._context.draw
        now = self._context.clock.now()
        question = Question(
            inquiry=job.attempt,
            requested_at=refund.requested_at,
            unknown_since=refund.unknown_since or refund.requested_at,
            now=now,
            is_searched=False,
            distrust=self._context.clock.distrust(),
        )
        doubt = _doubt(answer)
        step = next_step(doubt, question, policy, fraction=draw())
        _log.info(
            "worker.janitor_stepped",
            charge_id=loaded.charge_id,
            refund_id=refund.refund_id,
            inquiry=job.attempt,
            step=type(step).__name__,
        )
        match step:
            case Repeat() if loaded.charge.held_reports:
                again = ask_again("a report of the PSP is held", question, policy, fraction=draw())
                return RetryIn(again.delay_seconds, again.reason)
            case Repeat():
                outcome = await psp_call.refund(
                    loaded.gateway, loaded.charge_id, loaded.charge, refund, self._context.clock
                )
                if isinstance(outcome, Retryable | Unknown):
                    again = ask_again(outcome.reason, question, policy, fraction=draw())
                    return RetryIn(again.delay_seconds, again.reason)
                return await self._record(job, loaded, refund, outcome, how="repeated")
            case AskAgain():
                return RetryIn(step.delay_seconds, step.reason)
            case NeverHappened():
                rejected = RefundRejected(
                    code="psp_unavailable",
                    message="The payment service provider could not be reached; nothing was refunded.",
                    occurred_at=now,
                )
                return await self._record(job, loaded, refund, rejected, how="never_happened")
            case GiveUp():
                return Hold(f"{refund.refund_id} of {loaded.charge_id}: {step.reason}")
            case _:
                assert_never(step)

    async def _record(
        self,
        job: ClaimedJob,
        loaded: LoadedCharge,
        refund: Refund,
        said: RefundReport | RefundRejected,
        *,
        how: str,
    ) -> JobResult:
        provenance = Provenance(correlation=loaded.charge_id, actor="janitor", causation=f"job:{job.job_id}")
        recorded = await record_refund_outcome(self._context, loaded, refund.refund_id, said, provenance)
        if isinstance(recorded, Recorded) and recorded.events:
            OUTCOMES_RESOLVED.labels(loaded.charge.psp, "refund", how).inc()
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)


def _doubt(answer: NotFound | Retryable | Unknown) -> Doubt:
    match answer:
        case Retryable():
            return Doubt(kind="could_not_ask", reason=answer.reason)
        case Unknown():
            return Doubt(kind="undecided", reason=answer.reason)
        case NotFound():
            return Doubt(kind="not_done", reason="the PSP does not show such a refund")
        case _:
            assert_never(answer)
