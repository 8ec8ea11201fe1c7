"""Recording on a charge: load it, decide, commit with the jobs that follow; again where another commit came first."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from fincore.domain.charge import Charge, evolve, fold
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, charge_of, stream_of
from fincore.domain.job import Job
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import (
    ClaimedReference,
    Commit,
    Committed,
    NewEvent,
    Provenance,
    ReferenceTaken,
)
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer

CONFLICTS_MAX: Final = 20
"""How often one recording loads and decides again before it gives way."""

Decision = Callable[[Charge], tuple[ChargeEvent, ...] | Refusal]
FollowUpJobs = Callable[[ChargeId, PspName, Sequence[ChargeEvent]], tuple[Job, ...]]
"""The jobs that events of a charge at this PSP call for."""


class Recorded(msgspec.Struct, frozen=True):
    """The events are in the log; none when the charge knew it already."""

    events: tuple[ChargeEvent, ...]


class NoSuchCharge(msgspec.Struct, frozen=True):
    """The log has no such charge."""


def taken(result: ReferenceTaken) -> Refusal:
    """The refusal of events that name what belongs to another charge."""
    return Refusal(
        "psp_reference_taken",
        f"{result.psp_reference} belongs to {charge_of(result.stream_id)} at this PSP account",
    )


class Contended(msgspec.Struct, frozen=True):
    """Other commits kept coming first; nothing was written. Try again later."""


class ChargeRecorder:
    """Reads charges from the log and records on them. Holds no connection between its statements."""

    def __init__(
        self, log: EventLog[ChargeEvent], writer: Writer[ChargeEvent], follow_up_jobs: FollowUpJobs
    ) -> None:
        self._log = log
        self._writer = writer
        self._follow_up_jobs = follow_up_jobs

    async def load(self, charge_id: ChargeId) -> Charge | None:
        """The charge as the log tells it now, or None."""
        return fold(recorded.event for recorded in await self._log.load(stream_of(charge_id)))

    async def charge_of(
        self, psp: PspName, psp_account: PspAccount, psp_reference: PspReference
    ) -> ChargeId | None:
        """The charge that a PSP's payment, refund or dispute belongs to by the log, or None."""
        stream_id = await self._log.stream_of_reference(psp, psp_account, psp_reference)
        return None if stream_id is None else charge_of(stream_id)

    async def record(
        self, charge_id: ChargeId, decision: Decision, provenance: Provenance
    ) -> Recorded | Refusal | NoSuchCharge | Contended:
        """Commit the events that `decision` gives for the charge as it is, with the jobs that they call for.

        What the events name at the PSP belongs to the charge from then on; a refusal `psp_reference_taken` where it
        belongs to another one. Raises `StoreUnavailable` or `Overloaded` as the writer does; repeating the whole is safe.
        """
        for _ in range(CONFLICTS_MAX):
            charge = await self.load(charge_id)
            if charge is None:
                return NoSuchCharge()
            events = decision(charge)
            if isinstance(events, Refusal):
                return events
            if not events:
                return Recorded(())
            after = charge
            for event in events:
                after = evolve(after, event)
            commit = Commit(
                provenance=provenance,
                stream_id=stream_of(charge_id),
                expected_version=charge.version,
                events=tuple(NewEvent(event) for event in events),
                jobs=self._follow_up_jobs(charge_id, charge.psp, events),
                references=tuple(
                    ClaimedReference(charge.psp, charge.psp_account, reference)
                    for reference in sorted(after.references - charge.references)
                ),
            )
            match await self._writer.commit(commit):
                case Committed():
                    return Recorded(events)
                case ReferenceTaken() as result:
                    return taken(result)
                case _:
                    continue
        return Contended()
