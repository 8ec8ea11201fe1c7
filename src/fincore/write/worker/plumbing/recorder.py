"""Recording on a charge: what every aggregate shares, with the refusals that a worker understands."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, charge_of, stream_of
from fincore.domain.job import Job
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import (
    IdempotencyKey,
    Provenance,
    ReferenceTaken,
    Replayed,
    StoredResponse,
)
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import Contended, NotFound, Recorded, Recorder
from fincore.eventstore.writer import Writer
from fincore.write.charges import CHARGES
from fincore.write.checkout.attempt_charge import jobs_for_session
from fincore.write.psp.request_ids import forget_request_ids, with_request_ids
from fincore.write.worker.policies.reviews import OpenReview

Decision = Callable[[Charge], tuple[ChargeEvent, ...] | Refusal]
FollowUpJobs = Callable[[ChargeId, Charge, Sequence[ChargeEvent]], tuple[Job, ...]]
"""The jobs that events call for; the charge is as before them."""
Recording = Callable[[ChargeId, Charge, Sequence[ChargeEvent]], None]
"""Is told of events that are in the log now, with the charge as before them."""


class NoSuchCharge(msgspec.Struct, frozen=True):
    """The log has no such charge."""


def taken(result: ReferenceTaken) -> Refusal:
    """The refusal of events that name what belongs to another charge."""
    return Refusal(
        "psp_reference_taken",
        f"{result.psp_reference} belongs to {charge_of(result.stream_id)} at this PSP account",
    )


class ChargeRecorder:
    """Reads charges from the log and records on them. Holds no connection between its statements."""

    def __init__(
        self,
        log: EventLog[ChargeEvent],
        writer: Writer[ChargeEvent],
        follow_up_jobs: FollowUpJobs,
        open_review: OpenReview,
        told: Recording = lambda _charge_id, _charge, _events: None,
    ) -> None:
        def jobs(charge_id: ChargeId, charge: Charge, events: Sequence[ChargeEvent]) -> tuple[Job, ...]:
            return (
                *follow_up_jobs(charge_id, charge, events),
                *jobs_for_session(charge_id, charge, events),
            )

        self._log = log
        self._open_review = open_review
        self._told = told
        self._recorder = Recorder(CHARGES, log, writer, jobs)

    async def load(self, charge_id: ChargeId) -> Charge | None:
        """The charge as the log tells it now, or None."""
        return await self._recorder.load(charge_id)

    async def charge_of(
        self, psp: PspName, psp_account: PspAccount, psp_reference: PspReference
    ) -> ChargeId | None:
        """The charge that a PSP's payment, refund or dispute belongs to by the log, or None."""
        stream_id = await self._log.stream_of_reference(psp, psp_account, psp_reference)
        return None if stream_id is None else charge_of(stream_id)

    async def first_traceparent(self, charge_id: ChargeId) -> str | None:
        """What names the span in which the charge was created; None where that was not traced."""
        return await self._log.first_traceparent(stream_of(charge_id))

    async def record(
        self,
        charge_id: ChargeId,
        decision: Decision,
        provenance: Provenance,
        *,
        known: Charge | None = None,
    ) -> Recorded[ChargeEvent] | Refusal | NoSuchCharge | Contended:
        """Commit the events that `decision` gives for the charge as it is, with the jobs that they call for.

        A review that they open is opened in the same Commit. `known` is the charge as the caller read it a moment ago, if it did.

        What the events name at the PSP belongs to the charge from then on; a refusal `psp_reference_taken` where it
        belongs to another one. Raises `StoreUnavailable` or `Overloaded` as the writer does; repeating the whole is safe.
        """
        seen = _Seen(decision)
        decide = partial(self._with_review, seen)
        match await self._recorder.record(charge_id, decide, with_request_ids(provenance), known=known):
            case Recorded() as recorded:
                if recorded.events:
                    forget_request_ids()
                self._tell(charge_id, seen, recorded)
                return recorded
            case NotFound():
                return NoSuchCharge()
            case ReferenceTaken() as result:
                return taken(result)
            case result:
                return result

    async def record_once(
        self,
        charge_id: ChargeId,
        decision: Decision,
        provenance: Provenance,
        key: IdempotencyKey,
        answer: Callable[[Charge], StoredResponse],
    ) -> Recorded[ChargeEvent] | Refusal | NoSuchCharge | Contended | Replayed:
        """The same once for an idempotency key, which gets the `answer` of the charge after the events."""
        seen = _Seen(decision)
        decide = partial(self._with_review, seen)
        match await self._recorder.record_once(charge_id, decide, provenance, key, answer):
            case Recorded() as recorded:
                self._tell(charge_id, seen, recorded)
                return recorded
            case NotFound():
                return NoSuchCharge()
            case ReferenceTaken() as result:
                return taken(result)
            case result:
                return result

    def _tell(self, charge_id: ChargeId, seen: "_Seen", recorded: Recorded[ChargeEvent]) -> None:
        if seen.charge is not None and recorded.events:
            self._told(charge_id, seen.charge, recorded.events)

    def _with_review(self, decision: Decision, charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        events = decision(charge)
        if isinstance(events, Refusal) or charge.risk is None or charge.risk.decision != "review":
            return events
        for event in events:
            charge = evolve(charge, event)
        return (*events, *self._open_review(charge, events))


class _Seen:
    """A decision that remembers the charge it was last taken on: that as before the events that were recorded."""

    def __init__(self, decision: Decision) -> None:
        self._decision = decision
        self.charge: Charge | None = None

    def __call__(self, charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        self.charge = charge
        return self._decision(charge)
