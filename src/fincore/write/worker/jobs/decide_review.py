"""The job `charge.review`: decide the review of a charge that no person decided in time, and see that a declined one is given up."""

from typing import Final

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel
from fincore.domain.review_decisions import decide_review
from fincore.domain.risk import ReviewVerdict
from fincore.domain.risk_review import review_status
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.job_result import job_result, wait_for_clock
from fincore.write.worker.plumbing.metrics import REVIEWS_DECIDED_AUTOMATICALLY
from fincore.write.worker.policies.reviews import ReviewPolicy

DECIDED_BY: Final = "fincore"
"""Who decided, of a decision that no person took."""


class DecideReview:
    """Handles `charge.review`. Doing the job twice decides once: the second finds the charge decided."""

    def __init__(self, context: JobContext, policy: ReviewPolicy) -> None:
        self._context = context
        self._policy = policy

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Apply what the policy says of an undecided charge once its time is over; give a declined hold up at once."""
        charge_id = msgspec.json.decode(job.payload, type=ChargeJob).charge_id
        charge = await self._context.recorder.load(charge_id)
        if charge is None:
            return Hold(f"{charge_id}: the log has no such charge")
        status, clock = review_status(charge), self._context.clock
        if charge.status != "authorized" or status not in ("open", "declined"):
            # A hold that the PSP shows again later has a job of its own.
            return Done()
        left_seconds = (
            0.0
            if status == "declined" or charge.review_decide_by is None
            else (charge.review_decide_by - clock.now()).total_seconds()
        )
        if left_seconds > 0:
            return RetryIn(left_seconds, "the time to decide the review is not over")
        if clock.distrust() is not None:
            return wait_for_clock(clock)
        if charge.operation is not None:
            return RetryIn(self._policy.pause_seconds, f"a {charge.operation.kind} is under way")
        if status == "declined" and charge.cancels_requested >= self._policy.tries_max:
            return Hold(
                f"{charge_id}: its review was declined and the PSP would not give the hold up; look it up at the PSP and "
                "release the hold there, then requeue this job"
            )
        return await self._decide(job, charge_id, charge)

    async def _decide(self, job: ClaimedJob, charge_id: ChargeId, seen: Charge) -> JobResult:
        verdict: ReviewVerdict = "approved" if self._policy.undecided == "approve" else "declined"
        now = self._context.clock.now()

        def decision(charge: Charge) -> tuple[ChargeEvent, ...]:
            if charge.version != seen.version:
                # It moved on: it is looked at again.
                return ()
            events: tuple[ChargeEvent, ...] | Refusal
            if review_status(charge) == "declined":
                again = request_cancel(charge, "fraudulent", now)
                events = again if isinstance(again, Refusal) else (again,)
            else:
                reason = "No person decided in time."
                events = decide_review(
                    charge, verdict, by=DECIDED_BY, reason=reason, now=now, is_automatic=True
                )
            return () if isinstance(events, Refusal) else events

        provenance = Provenance(correlation=charge_id, actor="worker", causation=f"job:{job.job_id}")
        recorded = await self._context.recorder.record(charge_id, decision, provenance)
        if not isinstance(recorded, Recorded):
            return job_result(charge_id, recorded, attempt=job.attempt)
        if recorded.events and review_status(seen) == "open":
            REVIEWS_DECIDED_AUTOMATICALLY.labels(verdict).inc()
        return RetryIn(self._policy.pause_seconds, "the decision of the review is carried out")
