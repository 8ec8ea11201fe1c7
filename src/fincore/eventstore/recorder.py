"""Recording on an aggregate: load it, decide, commit with the jobs that follow; again where another commit came first."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar, cast

import msgspec

from fincore.domain.job import Job
from fincore.eventstore.aggregate import Aggregate
from fincore.eventstore.commit import (
    Commit,
    Committed,
    IdempotencyKey,
    NewEvent,
    Provenance,
    ReferenceTaken,
    Replayed,
    StoredResponse,
)
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer

CONFLICTS_MAX: Final = 20
"""How often one recording loads and decides again before it gives way."""

IdT = TypeVar("IdT")
StateT = TypeVar("StateT")
E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)
RefusalT = TypeVar("RefusalT")


class Recorded(msgspec.Struct, Generic[E_co], frozen=True):
    """The events are in the log; none if the aggregate knew it already."""

    events: tuple[E_co, ...]


class NotFound(msgspec.Struct, frozen=True):
    """The log has no such stream."""


class Contended(msgspec.Struct, frozen=True):
    """Other commits kept coming first; nothing was written. Try again later."""


class Recorder(Generic[IdT, StateT, E]):
    """Reads the streams of one aggregate and records on them. Holds no connection between its statements.

    `follow_up_jobs` are those that events on a state call for; they are written in the same Commit.
    """

    def __init__(
        self,
        aggregate: Aggregate[IdT, StateT, E],
        log: EventLog[E],
        writer: Writer[E],
        follow_up_jobs: Callable[[IdT, StateT, Sequence[E]], tuple[Job, ...]],
    ) -> None:
        self._aggregate = aggregate
        self._log = log
        self._writer = writer
        self._follow_up_jobs = follow_up_jobs

    async def load(self, aggregate_id: IdT) -> StateT | None:
        """The state that the log tells now, or None."""
        recorded = await self._log.load(self._aggregate.stream_of(aggregate_id))
        return self._aggregate.fold(one.event for one in recorded)

    async def record(
        self,
        aggregate_id: IdT,
        decision: Callable[[StateT], tuple[E, ...] | RefusalT],
        provenance: Provenance,
        *,
        known: StateT | None = None,
    ) -> Recorded[E] | RefusalT | NotFound | Contended | ReferenceTaken:
        """Commit what `decision` makes of the state as it is; a refusal of `decision` is returned.

        `known` is the state as the caller read it a moment ago: it saves a read, and events of an old one are refused by the log.
        What the events name at a PSP belongs to the stream from then on. Raises `StoreUnavailable` or `Overloaded` as the
        writer does; repeating the whole is safe.
        """
        recorded = await self._recorded(aggregate_id, decision, provenance, known, None)
        # Without an idempotency key nothing is replayed.
        return cast("Recorded[E] | RefusalT | NotFound | Contended | ReferenceTaken", recorded)

    async def record_once(
        self,
        aggregate_id: IdT,
        decision: Callable[[StateT], tuple[E, ...] | RefusalT],
        provenance: Provenance,
        key: IdempotencyKey,
        answer: Callable[[StateT], StoredResponse],
    ) -> Recorded[E] | RefusalT | NotFound | Contended | ReferenceTaken | Replayed:
        """The same once for an idempotency key, with the answer that the key gets: `answer` of the state after the events.

        `Replayed` where the key was used before, however the state changed since.
        """
        before = await self._writer.find_response(key)
        if before is not None:
            return Replayed(before)
        recorded = await self._recorded(aggregate_id, decision, provenance, None, (key, answer))
        if not isinstance(recorded, Recorded | Replayed):
            # What stands in the way may be what this very request did, when it came before.
            before = await self._writer.find_response(key)
        if before is not None:
            return Replayed(before)
        return cast("Recorded[E] | RefusalT | NotFound | Contended | ReferenceTaken | Replayed", recorded)

    async def _recorded(
        self,
        aggregate_id: IdT,
        decision: Callable[[StateT], tuple[E, ...] | RefusalT],
        provenance: Provenance,
        known: StateT | None,
        once: tuple[IdempotencyKey, Callable[[StateT], StoredResponse]] | None,
    ) -> Recorded[E] | RefusalT | NotFound | Contended | ReferenceTaken | Replayed:
        for _ in range(CONFLICTS_MAX):
            is_read_now = known is None
            before, known = known or await self.load(aggregate_id), None
            if before is None:
                return NotFound()
            events = decision(before)
            if not is_read_now and (not isinstance(events, tuple) or not events):
                continue  # nothing that the log would compare with its version
            if not isinstance(events, tuple):
                return events
            if not events:
                return Recorded(())
            after = before
            for event in events:
                after = self._aggregate.evolve(after, event)
            result = await self._writer.commit(
                Commit(
                    provenance=provenance,
                    stream_id=self._aggregate.stream_of(aggregate_id),
                    expected_version=self._aggregate.version_of(before),
                    events=tuple(NewEvent(event) for event in events),
                    jobs=self._follow_up_jobs(aggregate_id, before, events),
                    references=self._aggregate.new_references(before, after),
                    idempotency=None if once is None else (once[0], once[1](after)),
                )
            )
            if isinstance(result, Committed):
                return Recorded(events)
            if isinstance(result, ReferenceTaken | Replayed):
                return result
        return Contended()
