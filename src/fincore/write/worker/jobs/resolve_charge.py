"""The job `charge.resolve`: carry out the janitor's decisions until the outcome of a charge's operation is known."""

from datetime import datetime
from typing import assert_never

import msgspec
import structlog

from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import Fact, Rejected
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.carry_out import carry_out
from fincore.write.worker.plumbing.context import Desk, OpenCharge
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.metrics import OUTCOMES_RESOLVED
from fincore.write.worker.plumbing.record_outcome import settle_payment
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

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Ask the PSP, unless the outcome became known meanwhile."""
        at_hand = await self._desk.open_for_job(msgspec.json.decode(job.payload, type=ChargeJob).charge_id)
        if isinstance(at_hand, Hold):
            return at_hand
        operation, since = at_hand.charge.operation, at_hand.charge.unknown_since
        if operation is None or since is None:
            return Done()
        finding = finding_on(
            operation.kind, await psp_call.inquire(at_hand.gateway, *_named(at_hand), self._desk.clock)
        )
        if not isinstance(finding, Doubt):
            return await self._record(job, at_hand, operation, finding, how="found")
        return await self._step(job, at_hand, operation, since, finding)

    async def _step(
        self,
        job: ClaimedJob,
        at_hand: OpenCharge,
        operation: PendingOperation,
        unknown_since: datetime,
        doubt: Doubt,
    ) -> JobResult:
        policy, draw = self._desk.janitor_policy, self._desk.draw
        question = Question(
            inquiry=job.attempt,
            requested_at=operation.requested_at,
            unknown_since=unknown_since,
            now=self._desk.clock.now(),
            is_searched=at_hand.charge.psp_reference is None,
            distrust=self._desk.clock.distrust(),
        )
        step = next_step(doubt, question, policy, fraction=draw())
        _log.info(
            "worker.janitor_stepped",
            charge_id=at_hand.charge_id,
            operation=operation.kind,
            inquiry=job.attempt,
            step=type(step).__name__,
        )
        match step:
            case Repeat():
                at_hand, outcome = await carry_out(self._desk, at_hand, operation, _provenance(job, at_hand))
                said = outcome if isinstance(outcome, Rejected) else finding_on(operation.kind, outcome)
                if isinstance(said, Doubt):
                    again = ask_again(said.reason, question, policy, fraction=draw())
                    return RetryIn(again.delay_seconds, again.reason)
                return await self._record(job, at_hand, operation, said, how="repeated")
            case AskAgain():
                return RetryIn(step.delay_seconds, step.reason)
            case NeverHappened():
                ended = never_happened(operation.kind, self._desk.clock.now())
                return await self._record(job, at_hand, operation, ended, how="never_happened")
            case GiveUp():
                return Hold(f"{at_hand.charge_id}: {step.reason}")
            case _:
                assert_never(step)

    async def _record(
        self,
        job: ClaimedJob,
        at_hand: OpenCharge,
        operation: PendingOperation,
        said: Fact | Rejected,
        *,
        how: str,
    ) -> JobResult:
        if how == "never_happened":
            # An inference, not the PSP's word: whatever became known meanwhile is stronger.
            now = await self._desk.recorder.load(at_hand.charge_id)
            if now is None or now.unknown_since is None:
                return Done()
        settled = await settle_payment(self._desk, at_hand, said, _provenance(job, at_hand))
        if isinstance(settled, Recorded) and settled.events:
            OUTCOMES_RESOLVED.labels(at_hand.charge.psp, operation.kind, how).inc()
        return job_result(at_hand.charge_id, settled, attempt=job.attempt)


def _provenance(job: ClaimedJob, at_hand: OpenCharge) -> Provenance:
    return Provenance(correlation=at_hand.charge_id, actor="janitor", causation=f"job:{job.job_id}")


def _named(at_hand: OpenCharge) -> tuple[ChargeId, Charge]:
    return at_hand.charge_id, at_hand.charge
