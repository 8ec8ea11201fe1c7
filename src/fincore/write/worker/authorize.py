"""The job `charge.authorize`: call the PSP for a charge and record what it says."""

import random
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from fincore.domain.charge import Charge, decide
from fincore.domain.clock import Clock
from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.domain.outcome import Fact, Outcome, PspName, Retryable, Unknown
from fincore.eventstore.commit import Provenance
from fincore.write.psp.port import PspGateway
from fincore.write.queue.job_payloads import ChargeJob, resolve_job
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker import psp_call
from fincore.write.worker.janitor import JanitorPolicy
from fincore.write.worker.job_result import job_result
from fincore.write.worker.metrics import OUTCOMES_UNKNOWN
from fincore.write.worker.psp_key import KEY_SAFE_FOR
from fincore.write.worker.record import ChargeRecorder, Recorded
from fincore.write.worker.retry_policy import RetryAfter, RetryPolicy, decide_retry


class AuthorizeCharge:
    """Handles `charge.authorize`. Doing the same job twice, or on two workers, charges once: the key is the same."""

    def __init__(
        self,
        recorder: ChargeRecorder,
        gateways: Mapping[PspName, PspGateway],
        clock: Clock,
        *,
        retry_policy: RetryPolicy,
        janitor_policy: JanitorPolicy,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._recorder = recorder
        self._gateways = gateways
        self._clock = clock
        self._retry_policy = retry_policy
        self._janitor_policy = janitor_policy
        self._draw = draw

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Call the PSP unless the outcome is known or the janitor's business already."""
        charge_id = msgspec.json.decode(job.payload, type=ChargeJob).charge_id
        charge = await self._recorder.load(charge_id)
        if charge is None:
            return Hold(f"{charge_id}: the log has no such charge")
        if charge.status != "processing" or charge.unknown_since is not None:
            return Done()
        gateway = self._gateways.get(charge.psp)
        if gateway is None:
            return Hold(f"{charge_id}: no gateway for PSP {charge.psp} is configured; add it, then requeue")
        outcome = await self._outcome(gateway, charge_id, charge)
        if isinstance(outcome, Retryable):
            retry = decide_retry(job.attempt, outcome, self._retry_policy, fraction=self._draw())
            if isinstance(retry, RetryAfter):
                return RetryIn(retry.delay_seconds, outcome.reason)
            # A worker that died may have reached the PSP before: only the PSP knows that nothing happened.
            outcome = Unknown(
                reason=f"gave up after {job.attempt} attempts: {outcome.reason}", since=self._clock.now()
            )
        return await self._record(job, charge_id, charge.psp, outcome)

    async def _outcome(self, gateway: PspGateway, charge_id: ChargeId, charge: Charge) -> Outcome:
        now = self._clock.now()
        if now - charge.created_at >= KEY_SAFE_FOR:
            return Unknown(reason="the charge waited too long to be sent safely", since=now)
        return await psp_call.authorize(gateway, charge_id, charge, self._clock)

    async def _record(
        self, job: ClaimedJob, charge_id: ChargeId, psp: PspName, outcome: Fact | Unknown
    ) -> JobResult:
        provenance = Provenance(correlation=charge_id, actor="worker", causation=f"job:{job.job_id}")
        jobs: tuple[Job, ...] = ()
        if isinstance(outcome, Unknown):
            delay_seconds = self._janitor_policy.pause_seconds(1, fraction=self._draw())
            jobs = (resolve_job(charge_id, delay_seconds=delay_seconds),)
        recorded = await self._recorder.record(
            charge_id, partial(decide, fact=outcome), provenance, jobs=jobs
        )
        if jobs and isinstance(recorded, Recorded) and recorded.events:
            OUTCOMES_UNKNOWN.labels(psp).inc()
        return job_result(charge_id, recorded)
