"""The job `charge.resolve`: carry out the janitor's decisions until the outcome of a charge's operation is known."""

from datetime import datetime
from typing import assert_never

import msgspec
import structlog

from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import KnownOutcome, Rejected
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.carry_out import carry_out
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.metrics import OUTCOMES_RESOLVED
from fincore.write.worker.plumbing.record_outcome import record_payment_outcome
from fincore.write.worker.plumbing.recorder import Recorded
from fincore.write.worker.policies.findings import finding_on, never_happened
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


class ResolveCharge:
    """Handles `charge.resolve`. The attempts of the job are the janitor's inquiries."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Ask the PSP, unless the outcome became known meanwhile."""
        loaded = await self._context.load_for_job(msgspec.json.decode(job.payload, type=ChargeJob).charge_id)
        if isinstance(loaded, Hold):
            return loaded
        operation, since = loaded.charge.operation, loaded.charge.unknown_since
        if operation is None or since is None:
            return Done()
        finding = finding_on(
            operation.kind, await psp_call.inquire(loaded.gateway, *_named(loaded), self._context.clock)
        )
        if not isinstance(finding, Doubt):
            return await self._record(job, loaded, operation, finding, how="found")
        return await self._step(job, loaded, operation, since, finding)

    async def _step(
        self,
        job: ClaimedJob,
        loaded: LoadedCharge,
        operation: PendingOperation,
        unknown_since: datetime,
        doubt: Doubt,
    ) -> JobResult:
        policy, draw = self._context.janitor_policy, self._context.draw
        question = Question(
            inquiry=job.attempt,
            requested_at=operation.requested_at,
            unknown_since=unknown_since,
            now=self._context.clock.now(),
            is_searched=loaded.charge.psp_reference is None,
            distrust=self._context.clock.distrust(),
        )
        step = next_step(doubt, question, policy, fraction=draw())
        _log.info(
            "worker.janitor_stepped",
            charge_id=loaded.charge_id,
            operation=operation.kind,
            inquiry=job.attempt,
            step=type(step).__name__,
        )
        match step:
            case Repeat():
                loaded, outcome = await carry_out(self._context, loaded, operation, _provenance(job, loaded))
                said = outcome if isinstance(outcome, Rejected) else finding_on(operation.kind, outcome)
                if isinstance(said, Doubt):
                    again = ask_again(said.reason, question, policy, fraction=draw())
                    return RetryIn(again.delay_seconds, again.reason)
                return await self._record(job, loaded, operation, said, how="repeated")
            case AskAgain():
                return RetryIn(step.delay_seconds, step.reason)
            case NeverHappened():
                ended = never_happened(operation.kind, self._context.clock.now())
                return await self._record(job, loaded, operation, ended, how="never_happened")
            case GiveUp():
                return Hold(f"{loaded.charge_id}: {step.reason}")
            case _:
                assert_never(step)

    async def _record(
        self,
        job: ClaimedJob,
        loaded: LoadedCharge,
        operation: PendingOperation,
        said: KnownOutcome | Rejected,
        *,
        how: str,
    ) -> JobResult:
        if how == "never_happened":
            # An inference, not the PSP's report: an outcome that became known meanwhile is stronger.
            now = await self._context.recorder.load(loaded.charge_id)
            if now is None or now.unknown_since is None:
                return Done()
        recorded = await record_payment_outcome(self._context, loaded, said, _provenance(job, loaded))
        if isinstance(recorded, Recorded) and recorded.events:
            OUTCOMES_RESOLVED.labels(loaded.charge.psp, operation.kind, how).inc()
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)


def _provenance(job: ClaimedJob, loaded: LoadedCharge) -> Provenance:
    return Provenance(correlation=loaded.charge_id, actor="janitor", causation=f"job:{job.job_id}")


def _named(loaded: LoadedCharge) -> tuple[ChargeId, Charge]:
    return loaded.charge_id, loaded.charge
