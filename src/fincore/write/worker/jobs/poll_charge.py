"""The job `charge.follow`: poll a charge that waits for its customer, for the end of its hold, or for the PSP's fee.

The PSP's webhooks usually report what became of it. The job covers webhooks that never come or lack something, and the
customer who never comes back: after a while the charge is canceled.
"""

from datetime import datetime, timedelta

import msgspec

from fincore.domain.age import age_against
from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    Failure,
    KnownOutcome,
    Pending,
    Rejected,
)
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.job_result import job_result
from fincore.write.worker.plumbing.record_outcome import RecordResult, record_payment_outcome
from fincore.write.worker.policies.findings import finding_on
from fincore.write.worker.policies.janitor import Doubt


class PollCharge:
    """Handles `charge.follow`. The attempts of the job are the polls of the charge."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._policy = context.poll_policy

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Ask the PSP how the charge stands; do nothing about one that moved on."""
        loaded = await self._context.load_for_job(msgspec.json.decode(job.payload, type=ChargeJob).charge_id)
        if isinstance(loaded, Hold):
            return loaded
        match loaded.charge.status:
            case _ if loaded.charge.pending_until is not None:
                return await self._await_decision(job, loaded, loaded.charge.pending_until)
            case "requires_action":
                return await self._await_customer(job, loaded)
            case "authorized":
                return await self._await_lapse(job, loaded)
            case "succeeded" if loaded.charge.fee is None:
                return await self._learn_fee(job, loaded)
            case _:
                return Done()

    async def _await_customer(self, job: ClaimedJob, loaded: LoadedCharge) -> JobResult:
        record = await psp_call.inquire(loaded.gateway, loaded.charge_id, loaded.charge, self._context.clock)
        if isinstance(record, Approved | Declined | Canceled | Expired | Consented | Pending):
            recorded = await self._recorded(job, loaded, record)
            is_ignored = isinstance(recorded, Recorded) and not recorded.events
            if not is_ignored or not isinstance(record, Consented | Pending):
                return job_result(loaded.charge_id, recorded, attempt=job.attempt)
            # It is the approval of before, or the charge is being canceled, which the PSP may refuse.
        created_at, clock = loaded.charge.created_at, self._context.clock
        patience = timedelta(seconds=self._policy.action_timeout_seconds)
        is_overdue = age_against(patience, created_at, clock) == "past"
        pause_seconds = self._policy.action_pause_seconds(job.attempt + 1)
        if loaded.charge.operation is not None:
            # The PSP may refuse to cancel it; then it is polled further.
            pause_seconds = self._policy.abandon_pause_seconds if is_overdue else pause_seconds
            return RetryIn(pause_seconds, "its cancellation is under way")
        may_try = loaded.charge.cancels_requested < self._policy.abandon_tries_max or job.attempt == 1
        if isinstance(record, ActionRequired | Consented) and is_overdue and may_try:
            return await self._abandon(job, loaded)
        give_up = timedelta(seconds=self._policy.action_give_up_seconds)
        if age_against(give_up, created_at, clock) == "past":
            hours = (clock.now() - created_at) // timedelta(hours=1)
            return Hold(
                f"{loaded.charge_id}: its customer was to act, and for {hours} h the PSP could not "
                "say how it stands or would not cancel it; look it up at the PSP, then requeue this job"
            )
        return RetryIn(pause_seconds, "the customer has not acted yet")

    async def _await_decision(
        self, job: ClaimedJob, loaded: LoadedCharge, pending_until: datetime
    ) -> JobResult:
        """The PSP has taken the operation on, and decides it in its own time."""
        record = await psp_call.inquire(loaded.gateway, loaded.charge_id, loaded.charge, self._context.clock)
        operation = loaded.charge.operation
        # Without one the PSP went on by itself once the customer had acted, which belongs to the authorization.
        finding = finding_on("authorize" if operation is None else operation.kind, record)
        if operation is not None and operation.kind == "capture":
            if isinstance(finding, Doubt) and finding.kind == "not_done":
                # The PSP took the capture on, and shows the hold as it was before: it has decided against it.
                return await self._record_refused_capture(
                    job, loaded, _refused_capture(self._context.clock.now())
                )
            if isinstance(finding, Declined):
                return await self._record_refused_capture(job, loaded, finding)
        if not isinstance(finding, Doubt | Pending):
            return await self._record(job, loaded, finding)
        if self._context.clock.now() >= pending_until and self._context.clock.distrust() is None:
            return Hold(
                f"{loaded.charge_id}: the PSP was to decide by {pending_until:%Y-%m-%d %H:%M} UTC and has not; "
                "look it up at the PSP, then requeue this job"
            )
        return RetryIn(self._policy.pending_pause_seconds, "the PSP has not decided it yet")

    async def _record_refused_capture(
        self, job: ClaimedJob, loaded: LoadedCharge, refusal: Declined | Rejected
    ) -> JobResult:
        """The capture failed and the hold may stand: this job, which may be the one that watches it, goes on to its end."""
        recorded = await self._recorded(job, loaded, refusal)
        result = job_result(loaded.charge_id, recorded, attempt=job.attempt)
        if not isinstance(result, Done):
            return result
        return RetryIn(self._policy.pending_pause_seconds, "the PSP did not carry out the capture")

    async def _await_lapse(self, job: ClaimedJob, loaded: LoadedCharge) -> JobResult:
        charge = loaded.charge
        if charge.operation is not None:
            return RetryIn(self._policy.lapse_pause_seconds, f"a {charge.operation.kind} is under way")
        now = self._context.clock.now()
        hold = timedelta(seconds=loaded.gateway.limits.hold_seconds)
        lapses_at = charge.capture_before or charge.created_at + hold
        due_at = lapses_at + timedelta(seconds=self._policy.lapse_grace_seconds)
        if now < due_at:
            return RetryIn((due_at - now).total_seconds(), "the hold has not lapsed yet")
        record = await psp_call.inquire(loaded.gateway, loaded.charge_id, charge, self._context.clock)
        if isinstance(record, Approved) and record.kind == "captured":
            return await self._record(job, loaded, record)
        if isinstance(record, Declined | Canceled | Expired):
            return await self._record(job, loaded, record)
        give_up = timedelta(seconds=self._policy.lapse_give_up_seconds)
        if age_against(give_up, due_at, self._context.clock) == "past":
            return Hold(
                f"{loaded.charge_id}: its hold should have lapsed at {lapses_at:%Y-%m-%d %H:%M} UTC and the PSP still "
                "shows it; look it up at the PSP, then capture or cancel the charge"
            )
        return RetryIn(self._policy.lapse_pause_seconds, "the PSP still holds the amount")

    async def _learn_fee(self, job: ClaimedJob, loaded: LoadedCharge) -> JobResult:
        """A webhook that came before the response to our call does not name the PSP's fee; its record does."""
        record = await psp_call.inquire(loaded.gateway, loaded.charge_id, loaded.charge, self._context.clock)
        if isinstance(record, Approved) and record.kind == "captured" and record.fee is not None:
            return await self._record(job, loaded, record)
        if job.attempt >= self._policy.fee_looks_max:
            return Done()
        return RetryIn(self._policy.fee_pause_seconds, "the PSP's record does not show its fee yet")

    async def _abandon(self, job: ClaimedJob, loaded: LoadedCharge) -> JobResult:
        now = self._context.clock.now()

        def give_up(charge: Charge) -> tuple[ChargeEvent, ...]:
            requested = request_cancel(charge, "abandoned", now)
            # It moved on, or is being canceled already.
            return () if isinstance(requested, Refusal) else (requested,)

        recorded = await self._context.recorder.record(loaded.charge_id, give_up, _provenance(job, loaded))
        if isinstance(recorded, Recorded):
            return RetryIn(self._policy.abandon_pause_seconds, "its cancellation is under way")
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)

    async def _record(self, job: ClaimedJob, loaded: LoadedCharge, record: KnownOutcome) -> JobResult:
        recorded = await self._recorded(job, loaded, record)
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)

    async def _recorded(
        self, job: ClaimedJob, loaded: LoadedCharge, record: KnownOutcome | Rejected
    ) -> RecordResult:
        return await record_payment_outcome(self._context, loaded, record, _provenance(job, loaded))


def _refused_capture(now: datetime) -> Rejected:
    failure = Failure(
        code="processing_error",
        message="The payment service provider took the capture on, and then did not carry it out; the hold stands.",
        advice="retry_later",
    )
    return Rejected(failure=failure, occurred_at=now)


def _provenance(job: ClaimedJob, loaded: LoadedCharge) -> Provenance:
    return Provenance(correlation=loaded.charge_id, actor="worker", causation=f"job:{job.job_id}")
