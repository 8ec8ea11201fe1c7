"""Recording on a charge: load it, decide, commit with the jobs that follow; again when somebody else was faster."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from fincore.domain.charge import Charge, fold
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.job import Job
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer

CONFLICTS_MAX: Final = 20
"""How often one recording loads and decides again before it gives way."""

Decision = Callable[[Charge], tuple[ChargeEvent, ...] | Refusal]
Consequences = Callable[[ChargeId, Sequence[ChargeEvent]], tuple[Job, ...]]
"""The jobs that events call for."""


class Recorded(msgspec.Struct, frozen=True):
    """The events are in the log; none when the charge knew it already."""

    events: tuple[ChargeEvent, ...]


class NoSuchCharge(msgspec.Struct, frozen=True):
    """The log has no such charge."""


class Contended(msgspec.Struct, frozen=True):
    """Others kept being faster; nothing was written. Try again later."""


class ChargeRecorder:
    """Reads charges from the log and records on them. Holds no connection between its statements."""

    def __init__(self, log: EventLog, writer: Writer, consequences: Consequences) -> None:
        self._log = log
        self._writer = writer
        self._consequences = consequences

    async def load(self, charge_id: ChargeId) -> Charge | None:
        """The charge as the log tells it now, or None."""
        return fold(recorded.event for recorded in await self._log.load(stream_of(charge_id)))

    async def record(
        self, charge_id: ChargeId, decision: Decision, provenance: Provenance
    ) -> Recorded | Refusal | NoSuchCharge | Contended:
        """Commit what `decision` makes of the charge as it is, with the jobs it calls for.

        Raises `StoreUnavailable` or `Overloaded` as the writer does; repeating the whole is safe.
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
            commit = Commit(
                provenance=provenance,
                stream_id=stream_of(charge_id),
                expected_version=charge.version,
                events=tuple(NewEvent(event) for event in events),
                jobs=self._consequences(charge_id, events),
            )
            if isinstance(await self._writer.commit(commit), Committed):
                return Recorded(events)
        return Contended()
