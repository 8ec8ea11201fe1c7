"""The job `attempt.reverse`: see that an abandoned attempt has no money of the customer, and give back what it has.

An attempt is abandoned only when it is known not to have happened. If it took or holds money all the same, that goes back, by one
refund or cancellation under a key of its own: repeated while the key is safe, then asked about, then a person's.
"""

from datetime import timedelta
from typing import assert_never

import msgspec
import structlog

from fincore.domain.age import age_against
from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.attempt_outcomes import (
    as_of_attempt,
    decide_attempt,
    decide_reversal_failed,
    decide_reversed,
)
from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId, reversal_refund_id
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Declined,
    Expired,
    KnownOutcome,
    Outcome,
    Pending,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.eventstore.commit import Provenance
from fincore.write.psp.limits import PspOperation
from fincore.write.psp.port import NotFound, PspGateway
from fincore.write.queue.job_payloads import AttemptJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.job_result import job_result, wait_for_clock
from fincore.write.worker.plumbing.recorder import Decision

_log = structlog.get_logger(__name__)


class ReverseAttempt:
    """Handles `attempt.reverse`. Doing the same job twice, or on two workers, gives back once: the key is the same."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Look at the PSP's record of the attempt, or go on with giving its money back."""
        payload = msgspec.json.decode(job.payload, type=AttemptJob)
        charge = await self._context.recorder.load(payload.charge_id)
        attempt = None if charge is None else charge.abandoned_attempt(payload.attempt)
        if charge is None or attempt is None:
            return Hold(f"{payload.charge_id}: the log has no abandoned attempt {payload.attempt}")
        if attempt.status in ("reversed", "released"):
            return Done()
        gateway = self._context.gateways.get(attempt.psp)
        if gateway is None:
            return Hold(
                f"{payload.charge_id}: no gateway for PSP {attempt.psp} is configured; add it, then requeue"
            )
        reversal = _Reversal(
            self._context, job, charge_id=payload.charge_id, charge=charge, attempt=attempt, gateway=gateway
        )
        if not attempt.has_money:
            return await reversal.look()
        return await (reversal.give_back() if attempt.is_taken else reversal.release())


class _Reversal:
    """One attempt under way."""

    def __init__(
        self,
        context: JobContext,
        job: ClaimedJob,
        *,
        charge_id: ChargeId,
        charge: Charge,
        attempt: AbandonedAttempt,
        gateway: PspGateway,
    ) -> None:
        self._context = context
        self._job = job
        self._charge_id = charge_id
        self._attempt = attempt
        self._gateway = gateway
        self._refund_id = reversal_refund_id(charge_id, attempt.number)
        self._charge = as_of_attempt(charge, attempt, reversal_id=self._refund_id)
        self._name = f"attempt {attempt.number} of {charge_id}"

    async def look(self) -> JobResult:
        """Whether the attempt has money, by the PSP's record."""
        record = await self._record()
        match record:
            case Approved() | Declined() | Canceled() | Expired():
                return await self._recorded(record)
            case Pending():
                return await self._wait(
                    f"pending at the PSP: {record.reason}",
                    self._context.poll_policy.pending_pause_seconds,
                    record.pending_until - self._attempt.abandoned_at,
                )
            case Retryable() | Unknown():
                return await self._wait(record.reason)
            case _:
                return Done()

    async def release(self) -> JobResult:
        """Cancel what the attempt holds, unless the PSP shows that it is released, or was captured after all."""
        record = await self._record()
        if isinstance(record, Declined | Canceled | Expired):
            return await self._recorded(record)
        if isinstance(record, Approved) and record.kind == "captured":
            return await self._recorded(record)
        if isinstance(record, Unknown):
            return await self._wait(record.reason)
        match self._key_age("cancel"):
            case "unclear":
                return wait_for_clock(self._context.clock)
            case "past":
                return await self._fail("the hold was not released while its key was safe")
            case _:
                pass
        outcome = await psp_call.release(
            self._gateway, self._charge_id, self._charge, self._attempt.number, self._context.clock
        )
        match outcome:
            case Declined() | Canceled() | Expired() | Approved(kind="captured"):
                return await self._recorded(outcome)
            case Rejected():
                return await self._fail(f"the PSP refused to release the hold: {outcome.failure.message}")
            case Retryable() | Unknown():
                return await self._wait(outcome.reason)
            case _:
                return await self._wait("the PSP shows the hold as before")

    async def give_back(self) -> JobResult:
        """Refund what the attempt took, unless the PSP shows that refund."""
        reference = self._charge.refunds[0].psp_reference
        record = await psp_call.inquire_refund(
            self._gateway, self._charge, self._refund_id, reference, self._context.clock
        )
        if isinstance(record, RefundReport):
            return await self._reported(record)
        if isinstance(record, Unknown):
            return await self._wait(record.reason)
        match self._key_age("refund"):
            case "unclear":
                return wait_for_clock(self._context.clock)
            case "past" if isinstance(record, Retryable):
                return await self._wait(record.reason)
            case "past":
                return await self._fail("the PSP shows no refund of it, and its key is not safe any more")
            case _:
                pass
        outcome = await psp_call.refund(
            self._gateway, self._charge_id, self._charge, self._charge.refunds[0], self._context.clock
        )
        match outcome:
            case RefundReport():
                return await self._reported(outcome)
            case RefundRejected():
                return await self._fail(f"the PSP refused the refund: {outcome.message}")
            case Retryable() | Unknown():
                return await self._wait(outcome.reason)
            case _:
                assert_never(outcome)

    async def _reported(self, report: RefundReport) -> JobResult:
        if report.status == "failed":
            return await self._fail(f"the refund failed at the PSP: {report.failure_code}")
        if report.status == "pending":
            policy = self._context.poll_policy
            patience = timedelta(seconds=policy.refund_give_up_seconds)
            return await self._wait(
                "the PSP has not carried the refund out yet", policy.refund_pause_seconds, patience
            )
        number = self._attempt.number
        return await self._commit(lambda charge: decide_reversed(charge, number, report))

    async def _recorded(self, record: KnownOutcome) -> JobResult:
        now, number = self._context.clock.now(), self._attempt.number
        return await self._commit(lambda charge: decide_attempt(charge, number, record, now))

    async def _wait(
        self, reason: str, pause_seconds: float | None = None, patience: timedelta | None = None
    ) -> JobResult:
        """Try again after a pause; after `patience`, a day unless told, a person has to look."""
        policy, fraction = self._context.janitor_policy, self._context.draw()
        bound = patience or timedelta(seconds=policy.give_up_seconds)
        since = self._attempt.reversal_requested_at or self._attempt.abandoned_at
        if age_against(bound, since, self._context.clock) == "past":
            return await self._fail(f"the PSP could not say for {bound.total_seconds() / 3600:g} h: {reason}")
        pause = (
            policy.pause_seconds(self._job.attempt, fraction=fraction)
            if pause_seconds is None
            else pause_seconds
        )
        return RetryIn(pause, reason)

    async def _fail(self, reason: str) -> JobResult:
        """A person owns it from here: the event says so in the charge's history, the dead letter to staff."""
        now, number = self._context.clock.now(), self._attempt.number
        result = await self._commit(lambda charge: decide_reversal_failed(charge, number, reason, now))
        if isinstance(result, RetryIn):
            return result
        _log.error("worker.attempt_not_reversed", charge_id=self._charge_id, attempt=number, reason=reason)
        return Hold(
            f"{self._name} at {self._attempt.psp} account {self._attempt.psp_account}: {reason}; "
            "look it up at the PSP, give back what it has of the customer, then say so with "
            f"`fincore charges resolve {self._charge_id} given_back`"
        )

    async def _commit(self, decision: Decision) -> JobResult:
        provenance = Provenance(
            correlation=self._charge_id, actor="worker", causation=f"job:{self._job.job_id}"
        )
        recorded = await self._context.recorder.record(self._charge_id, decision, provenance)
        return job_result(self._charge_id, recorded, attempt=self._job.attempt)

    async def _record(self) -> Outcome | NotFound:
        return await psp_call.inquire(
            self._gateway, self._charge_id, self._charge, self._context.clock, may_be_part=True
        )

    def _key_age(self, operation: PspOperation) -> str:
        limits = self._gateway.limits.operations[operation]
        since = self._attempt.reversal_requested_at or self._attempt.abandoned_at
        return age_against(timedelta(seconds=limits.key_safe_seconds), since, self._context.clock)
