"""The job `charge.resolve`: carry out the janitor's decisions until the outcome of a charge is known."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import assert_never

import msgspec
import structlog

from fincore.domain.charge import Charge, Refusal, decide
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import Declined, Fact, Failure, PspName
from fincore.eventstore.commit import Provenance
from fincore.write.psp.port import PspGateway
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker import psp_call
from fincore.write.worker.janitor import (
    AskAgain,
    GiveUp,
    Inquired,
    JanitorPolicy,
    NeverHappened,
    Record,
    Repeat,
    Step,
    after_repeat,
    next_step,
)
from fincore.write.worker.job_result import job_result
from fincore.write.worker.metrics import OUTCOMES_RESOLVED
from fincore.write.worker.record import ChargeRecorder, Decision, Recorded

_log = structlog.get_logger(__name__)


class ResolveCharge:
    """Handles `charge.resolve`. The attempts of the job are the janitor's inquiries."""

    def __init__(
        self,
        recorder: ChargeRecorder,
        gateways: Mapping[PspName, PspGateway],
        clock: Clock,
        *,
        janitor_policy: JanitorPolicy,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._recorder = recorder
        self._gateways = gateways
        self._clock = clock
        self._janitor_policy = janitor_policy
        self._draw = draw

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Ask the PSP, unless the outcome became known meanwhile."""
        charge_id = msgspec.json.decode(job.payload, type=ChargeJob).charge_id
        charge = await self._recorder.load(charge_id)
        if charge is None:
            return Hold(f"{charge_id}: the log has no such charge")
        if charge.unknown_since is None:
            return Done()
        gateway = self._gateways.get(charge.psp)
        if gateway is None:
            return Hold(f"{charge_id}: no gateway for PSP {charge.psp} is configured; add it, then requeue")
        step = await self._step(gateway, charge_id, charge, charge.unknown_since, job.attempt)
        _log.info(
            "worker.janitor_stepped", charge_id=charge_id, inquiry=job.attempt, step=type(step).__name__
        )
        match step:
            case Record():
                return await self._record(job, charge_id, charge.psp, _known(step.fact), how="found")
            case NeverHappened():
                decision = _never_happened(self._clock.now())
                return await self._record(job, charge_id, charge.psp, decision, how="never_happened")
            case AskAgain():
                return RetryIn(step.delay_seconds, step.reason)
            case GiveUp():
                return Hold(f"{charge_id}: {step.reason}")
            case _:
                assert_never(step)

    async def _step(
        self,
        gateway: PspGateway,
        charge_id: ChargeId,
        charge: Charge,
        unknown_since: datetime,
        inquiry: int,
    ) -> Record | NeverHappened | AskAgain | GiveUp:
        inquired = Inquired(
            answer=await psp_call.inquire(gateway, charge_id, charge),
            inquiry=inquiry,
            created_at=charge.created_at,
            unknown_since=unknown_since,
            now=self._clock.now(),
        )
        step: Step = next_step(inquired, self._janitor_policy, fraction=self._draw())
        if not isinstance(step, Repeat):
            return step
        outcome = await psp_call.authorize(gateway, charge_id, charge, self._clock, operation="repeat")
        return after_repeat(outcome, inquired, self._janitor_policy, fraction=self._draw())

    async def _record(
        self, job: ClaimedJob, charge_id: ChargeId, psp: PspName, decision: Decision, *, how: str
    ) -> JobResult:
        provenance = Provenance(correlation=charge_id, actor="janitor", causation=f"job:{job.job_id}")
        recorded = await self._recorder.record(charge_id, decision, provenance)
        if isinstance(recorded, Recorded) and recorded.events:
            OUTCOMES_RESOLVED.labels(psp, how).inc()
        return job_result(charge_id, recorded)


def _known(fact: Fact) -> Decision:
    return lambda charge: decide(charge, fact)


def _never_happened(now: datetime) -> Decision:
    failure = Failure(
        code="psp_unavailable",
        message="The payment service provider could not be reached; no money moved.",
        advice="retry_later",
    )

    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        # An inference, not the PSP's word: whatever became known meanwhile is stronger.
        if charge.unknown_since is None:
            return ()
        return decide(charge, Declined(failure=failure, occurred_at=now))

    return decision
