"""The jobs `checkout_session.follow` and `checkout_session.expire`: let a session learn of its charges, and do what follows.

Each run looks at all of the session as the log tells it now: a job that comes twice, late, or in another order does the same.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Final, assert_never

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.checkout_decisions import (
    CloseCharge,
    Decided,
    MakeCharge,
    ReturnMoney,
    SessionRefusal,
    Task,
    end_session,
    learn,
    tasks_of,
)
from fincore.domain.checkout_session import CheckoutSession, evolve_session
from fincore.domain.events import CancelReason, ChargeEvent, ChargeFailed
from fincore.domain.ids import ChargeId, CheckoutSessionId, second_payment_refund_id, stream_of
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.recorder import Recorded
from fincore.eventstore.writer import Writer
from fincore.write.checkout.attempt_charge import close_charge, give_back, new_charge
from fincore.write.checkout.sessions import SessionRecorder
from fincore.write.payments.recorded_line import log_recorded
from fincore.write.payments.risk_request import dedupe_of_attempt, events_of, risk_request
from fincore.write.queue.job_payloads import CheckoutSessionJob, follow_session_job
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.job_result import CLOCK_PAUSE_SECONDS

PAUSES_SECONDS: Final = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0)
"""The pauses between looks at a charge that is to be closed or given back, the last one repeating."""
LOOKS_MAX: Final = 700
"""Looks before a person has to look: about seven days. The charge has jobs of its own, and a person of its own, meanwhile."""
CONTENDED_PAUSE_SECONDS: Final = 0.25


class FollowSession:
    """Handles both jobs; `ends_session`: the session ends with this one, if its time is over."""

    def __init__(
        self,
        context: JobContext,
        sessions: SessionRecorder,
        writer: Writer[ChargeEvent],
        *,
        ends_session: bool = False,
    ) -> None:
        self._context = context
        self._sessions = sessions
        self._writer = writer
        self._ends_session = ends_session

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Record what the session's charges tell it, then make, close or give back charges."""
        session_id = msgspec.json.decode(job.payload, type=CheckoutSessionJob).checkout_session_id
        before = await self._sessions.load(session_id)
        if before is None:
            return Hold(f"{session_id}: the log has no such checkout session")
        too_early = self._too_early(before)
        if too_early is not None:
            return too_early
        charges = await self._charges(before)
        provenance = Provenance(correlation=session_id, actor="worker", causation=f"job:{job.job_id}")
        recorded = await self._sessions.record(
            session_id, lambda session: self._decided(session_id, session, charges), provenance
        )
        if not isinstance(recorded, Recorded):
            return RetryIn(CONTENDED_PAUSE_SECONDS, "the session kept changing while this was to be recorded")
        session = await self._sessions.load(session_id) or before
        tasks = tasks_of(session, charges)
        in_vain = [task for task in tasks if _is_in_vain(task, charges)]
        waits = [
            reason
            for task in tasks
            if task not in in_vain
            and (reason := await self._done(session_id, session, task, provenance)) is not None
        ]
        return _result(session_id, waits, [task.attempt.charge_id for task in in_vain], attempt=job.attempt)

    def _too_early(self, session: CheckoutSession) -> RetryIn | None:
        """How long to wait with the end of a session: its time is not over, or the clock is not trusted."""
        if not self._ends_session or session.status != "open":
            return None
        clock = self._context.clock
        left_seconds = (session.expires_at - clock.now()).total_seconds()
        if left_seconds <= 0 and clock.distrust() is None:
            return None
        return RetryIn(max(left_seconds, CLOCK_PAUSE_SECONDS), "the time of the session is not over")

    def _decided(
        self, session_id: CheckoutSessionId, session: CheckoutSession, charges: Mapping[int, Charge]
    ) -> Decided:
        now = self._context.clock.now()
        learned = learn(session_id, session, charges, now)
        if not self._ends_session:
            return learned
        for event in learned:
            session = evolve_session(session, event)
        ended = end_session(session, "time", now)
        return learned if isinstance(ended, SessionRefusal) else (*learned, *ended)

    async def _charges(self, session: CheckoutSession) -> dict[int, Charge]:
        """The charges of all attempts that are made, by number."""
        found = {}
        for attempt in session.attempts:
            charge = await self._context.recorder.load(attempt.charge_id)
            if charge is not None:
                found[attempt.number] = charge
        return found

    async def _done(
        self, session_id: CheckoutSessionId, session: CheckoutSession, task: Task, provenance: Provenance
    ) -> str | None:
        """Do a task; return what is still to be waited for, and None where nothing is."""
        now = self._context.clock.now()
        charge_id = task.attempt.charge_id
        match task:
            case MakeCharge():
                await self._make(session_id, session, task, provenance)
                return None if session.state == "paying" else f"{charge_id} is to be canceled"
            case CloseCharge():
                reason: CancelReason = (
                    "abandoned" if session.expiry_reason == "time" else "requested_by_customer"
                )
                closed = await self._context.recorder.record(
                    charge_id, lambda charge: close_charge(charge, reason, now), provenance
                )
                return closed.detail if isinstance(closed, Refusal) else f"{charge_id} is being canceled"
            case ReturnMoney():
                returned = await self._context.recorder.record(
                    charge_id, lambda charge: give_back(charge_id, charge, now), provenance
                )
                if isinstance(returned, Refusal):
                    return f"{charge_id} paid a session that needs no payment: {returned.detail}"
                return f"the money of {charge_id} is on its way back"
            case _:
                assert_never(task)

    async def _make(
        self,
        session_id: CheckoutSessionId,
        session: CheckoutSession,
        task: MakeCharge,
        provenance: Provenance,
    ) -> None:
        """Write the charge of an attempt, assessed where rules are in force. One that is blocked has failed: the session is told."""
        charge_id = task.attempt.charge_id
        created, job = new_charge(session_id, session, task.attempt, self._context.clock.now())
        events: tuple[ChargeEvent, ...] = (created,)
        if self._context.risk.is_active:
            request = risk_request(
                charge_id,
                created,
                {psp: gateway.limits for psp, gateway in self._context.gateways.items()},
                dedupe=dedupe_of_attempt(charge_id, created),
            )
            assessment = await self._context.risk.assess(request)
            events = (created, *events_of(assessment, self._context.clock.now()))
        is_blocked = any(isinstance(event, ChargeFailed) for event in events)
        # A conflict says that the charge is made already.
        result = await self._writer.commit(
            Commit(
                provenance=provenance,
                stream_id=stream_of(charge_id),
                events=tuple(NewEvent(event) for event in events),
                jobs=(follow_session_job(session_id) if is_blocked else job,),
            )
        )
        if is_blocked and isinstance(result, Committed):
            log_recorded(charge_id, reduce(evolve, events[1:], evolve(None, created)), events, age_ms=0)


def _is_in_vain(task: Task, charges: Mapping[int, Charge]) -> bool:
    """Whether the PSP did not carry out the refund of a needless payment, so that a person has to give it back."""
    charge = charges.get(task.attempt.number)
    if not isinstance(task, ReturnMoney) or charge is None:
        return False
    refund = charge.refund(second_payment_refund_id(task.attempt.charge_id))
    return refund is not None and refund.status == "failed"


def _result(
    session_id: CheckoutSessionId, waits: list[str], not_returned: list[ChargeId], *, attempt: int
) -> JobResult:
    """The job is held for money that no refund returned once the rest of the session is done: a held job is not done again."""
    if waits and attempt < LOOKS_MAX:
        return RetryIn(PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS)) - 1], "; ".join(waits))
    if not_returned:
        return Hold(
            f"{session_id}: the refund of {', '.join(not_returned)}, a payment that the session does not need, failed: give the "
            "customer's money back by another refund of the charge, or at the PSP; then requeue this job"
        )
    if waits:
        return Hold(
            f"{session_id}: {'; '.join(waits)}; look the charge up at the PSP, see that it is closed or given back, "
            "then requeue this job"
        )
    return Done()
