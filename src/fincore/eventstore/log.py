"""Reading the log: whole streams for decisions, and everything in order for consumers."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import asyncpg
import msgspec

from fincore.domain.errors import StreamUnreadable, UnknownEventType
from fincore.domain.event_codec import EventCodec
from fincore.domain.ids import EventId, StreamId
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.commit import Provenance
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.postgres.shared_fetch import SharedFetch

_SQL = load_sql("fincore.eventstore", "log.sql")

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class UnreadableEvent(NamedTuple):
    """A place in the log with an event that this version of FinCore cannot read, and why. The event stays in the log."""

    tx: int
    pos: int
    stream_id: StreamId
    version: int
    event_id: EventId
    reason: str


class LoadedStream(NamedTuple, Generic[E_co]):
    """The events of a stream in order, up to the first that cannot be read; `unreadable` is that one."""

    events: list[RecordedEvent[E_co]]
    unreadable: UnreadableEvent | None = None


class StoredEvent(NamedTuple):
    """An event as it lies in the log, whether or not it can be read. `data` is JSON that may hold anything."""

    stream_id: StreamId
    version: int
    event_id: EventId
    type: str
    schema_version: int
    data: str
    recorded_at: datetime


LoggedEvent = RecordedEvent[E_co] | UnreadableEvent
"""What readers of the whole log are given: an unreadable event must not hold up all the others."""


PspObject = tuple[PspName, PspAccount, PspReference]
"""A payment, refund or dispute at an account of a PSP."""
NameOf = Callable[[StreamId, str], str]


def _uuid_of(stream_id: StreamId, _: str) -> str:
    return str(stream_id)


class EventLog(Generic[E_co]):
    """The event store as readers see it. `events` reads those that the reader wants; every other one is unreadable to it.

    `name_of` gives the public id of what a stream is about, for logs and errors: of its id and the type of one of its events.
    """

    def __init__(self, pool: Pool, events: EventCodec[E_co], *, name_of: NameOf = _uuid_of) -> None:
        self._name_of = name_of
        self._pool = pool
        self._events = events
        self._loads: SharedFetch[StreamId, LoadedStream[E_co]] = SharedFetch(self._load_streams)
        self._owners: SharedFetch[PspObject, StreamId] = SharedFetch(self._streams_of)

    async def load(self, stream_id: StreamId) -> list[RecordedEvent[E_co]]:
        """All events of a stream in order; empty for a stream that does not exist.

        It holds everything that was committed before the call. Raises `StreamUnreadable`.
        """
        loaded = await self.load_readable(stream_id)
        if loaded.unreadable is not None:
            raise StreamUnreadable(loaded.unreadable.version, loaded.unreadable.reason)
        return loaded.events

    async def load_readable(self, stream_id: StreamId) -> LoadedStream[E_co]:
        """The same, as far as the stream can be read."""
        return await self._loads.find(stream_id) or LoadedStream([])

    async def load_logged(self, stream_id: StreamId) -> list[LoggedEvent[E_co]]:
        """All events of a stream in order, those that cannot be read in their places."""
        return [_logged(row, self._events) for row in await self._pool.fetch(_SQL.load_streams, [stream_id])]

    async def provenances(self, stream_id: StreamId) -> dict[int, Provenance]:
        """Where the events of a stream came from, by version."""
        rows = await self._pool.fetch(_SQL.provenances, stream_id)
        return {row["version"]: msgspec.json.decode(row["metadata"], type=Provenance) for row in rows}

    async def first_traceparent(self, stream_id: StreamId) -> str | None:
        """What names the span of the commit that began a stream; None where that was not traced."""
        found: str | None = await self._pool.fetchval(_SQL.first_traceparent, stream_id)
        return found

    async def chosen_traceparents(
        self, after: tuple[int, int], until: tuple[int, int], *, limit: int
    ) -> list[str]:
        """What names the spans of the commits of events between two places of the log, where their traces were chosen."""
        rows = await self._pool.fetch(_SQL.chosen_traceparents, *after, *until, limit)
        return [row["traceparent"] for row in rows]

    async def load_stored(self, event_ids: Iterable[EventId]) -> list[StoredEvent]:
        """Some events as they lie in the log, in no order."""
        rows = await self._pool.fetch(_SQL.load_events, list(event_ids))
        return [StoredEvent(*(row[name] for name in StoredEvent._fields)) for row in rows]

    async def types(self, places: Iterable[tuple[StreamId, int]]) -> dict[tuple[StreamId, int], str]:
        """The types of the events at some (stream, version), also of those that cannot be read."""
        wanted = list(places)
        rows = await self._pool.fetch(
            _SQL.types, [stream_id for stream_id, _ in wanted], [version for _, version in wanted]
        )
        return {(StreamId(row["stream_id"]), row["version"]): row["type"] for row in rows}

    async def names(self, stream_ids: Iterable[StreamId]) -> dict[StreamId, str]:
        """The public ids of what some streams are about, by their first events; by none of a stream that the log does not have."""
        streams = list(stream_ids)
        types = await self.types((stream_id, 1) for stream_id in streams)
        return {stream_id: self._name_of(stream_id, types.get((stream_id, 1), "")) for stream_id in streams}

    async def event_ids(self, stream_id: StreamId) -> list[EventId]:
        """The ids of a stream's events, oldest first, also of those that cannot be read."""
        return [EventId(row["event_id"]) for row in await self._pool.fetch(_SQL.event_ids, stream_id)]

    async def versions(self, stream_ids: Iterable[StreamId]) -> dict[StreamId, int]:
        """How many events each stream has; streams that do not exist are left out."""
        rows = await self._pool.fetch(_SQL.stream_versions, list(stream_ids))
        return {StreamId(row["stream_id"]): row["version"] for row in rows}

    async def versions_until(
        self, stream_ids: Iterable[StreamId], place: tuple[int, int]
    ) -> dict[StreamId, int]:
        """How many events each stream had at a place of the log; streams that had none are left out."""
        rows = await self._pool.fetch(_SQL.stream_versions_until, list(stream_ids), *place)
        return {StreamId(row["stream_id"]): row["version"] for row in rows}

    async def places(
        self, events: Iterable[tuple[StreamId, int]]
    ) -> dict[tuple[StreamId, int], tuple[int, int]]:
        """Where the events at some (stream, version) stand; those that the log does not have are left out."""
        wanted = list(events)
        rows = await self._pool.fetch(
            _SQL.places, [stream_id for stream_id, _ in wanted], [version for _, version in wanted]
        )
        return {(StreamId(row["stream_id"]), row["version"]): (row["tx"], row["pos"]) for row in rows}

    async def load_versions(self, ranges: Iterable[tuple[StreamId, int, int]]) -> list[LoggedEvent[E_co]]:
        """The events of some streams from a version to another, each stream in its own order; a stream may have several ranges."""
        wanted = list(zip(*ranges, strict=True))
        if not wanted:
            return []
        return [
            _logged(row, self._events)
            for row in await self._pool.fetch(_SQL.load_versions, *map(list, wanted))
        ]

    def decoded(self, stored: StoredEvent, place: tuple[int, int]) -> LoggedEvent[E_co]:
        """An event that came another way than out of the log, as the log would give it back from a place."""
        return _logged((*place, *stored), self._events)

    async def stream_of_reference(
        self, psp: PspName, psp_account: PspAccount, psp_reference: PspReference
    ) -> StreamId | None:
        """The stream that a PSP's payment, refund or dispute belongs to, or None where no event has named it."""
        return await self._owners.find((psp, psp_account, psp_reference))

    async def read_after(self, tx: int, pos: int, *, limit: int) -> list[LoggedEvent[E_co]]:
        """The next events of the whole log after a checkpoint, in log order; (0, 0) is the beginning."""
        return [_logged(row, self._events) for row in await self._pool.fetch(_SQL.read_after, tx, pos, limit)]

    async def read_types_after(
        self, tx: int, pos: int, types: Collection[str], *, limit: int
    ) -> list[LoggedEvent[E_co]]:
        """The same of events of some types alone."""
        rows = await self._pool.fetch(_SQL.read_types_after, tx, pos, limit, list(types))
        return [_logged(row, self._events) for row in rows]

    async def last_recorded(self, place: tuple[int, int], until: datetime, *, limit: int) -> list[EventId]:
        """The last events before a place of the log that were recorded up to a time, the last one first; at most `limit`."""
        rows = await self._pool.fetch(_SQL.last_recorded, *place, until, limit)
        return [EventId(row["event_id"]) for row in rows]

    async def end(self) -> tuple[int, int]:
        """The place (tx, pos) of the last event that may be read yet; (0, 0) for an empty log."""
        row = await self._pool.fetchrow(_SQL.end_of_log)
        return (row["tx"], row["pos"]) if row else (0, 0)

    async def streams_after(
        self,
        place: tuple[int, int],
        *,
        until: tuple[int, int],
        types: Collection[str],
        recorded: tuple[datetime, datetime],
        limit: int,
    ) -> tuple[list[StreamId], tuple[int, int] | None]:
        """The streams of the next events of some types that were recorded between two times, in log order, and how far that looked.

        At most `limit` events after `place` and up to `until` are looked at; None where there are no more.
        """
        rows = await self._pool.fetch(_SQL.places_after, *place, *until, limit, list(types), *recorded)
        found = [StreamId(row["stream_id"]) for row in rows if row["is_wanted"]]
        return found, ((rows[-1]["tx"], rows[-1]["pos"]) if rows else None)

    async def read_streams_after(
        self, stream_id: StreamId, version: int, *, until: tuple[int, int], limit: int
    ) -> list[LoggedEvent[E_co]]:
        """The next events in the order of streams and versions, of those up to the place `until` of the log."""
        rows = await self._pool.fetch(_SQL.read_streams_after, stream_id, version, *until, limit)
        return [_logged(row, self._events) for row in rows]

    async def load_until(
        self, stream_ids: Iterable[StreamId], until: tuple[int, int]
    ) -> list[LoggedEvent[E_co]]:
        """All events of some streams up to a place of the log, stream by stream, each in its own order."""
        rows = await self._pool.fetch(_SQL.load_streams_until, list(stream_ids), *until)
        return [_logged(row, self._events) for row in rows]

    async def load_events(self, event_ids: Iterable[EventId]) -> list[LoggedEvent[E_co]]:
        """Some events, in no order; those that do not exist are left out."""
        return [
            _logged(row, self._events) for row in await self._pool.fetch(_SQL.load_events, list(event_ids))
        ]

    async def lag_seconds(self, tx: int, pos: int) -> float:
        """How long the oldest event after a checkpoint has been waiting; 0.0 when there is none."""
        row = await self._pool.fetchrow(_SQL.oldest_unread, tx, pos)
        return float(row["age_seconds"]) if row else 0.0

    async def unread_after(self, tx: int, pos: int, *, counted_max: int) -> tuple[int, datetime | None]:
        """How many events come after a checkpoint, at most `counted_max`, and when the first of them was recorded."""
        row = await self._pool.fetchrow(_SQL.unread_after, tx, pos, counted_max)
        return (0, None) if row is None else (row["events"], row["since"])

    async def _streams_of(self, objects: Sequence[PspObject]) -> dict[PspObject, StreamId]:
        rows = await self._pool.fetch(_SQL.streams_of_references, *map(list, zip(*objects, strict=True)))
        return {
            (row["psp"], row["psp_account"], row["psp_reference"]): StreamId(row["stream_id"]) for row in rows
        }

    async def _load_streams(self, stream_ids: Sequence[StreamId]) -> dict[StreamId, LoadedStream[E_co]]:
        return await load_streams(self._pool, self._events, stream_ids)


async def load_streams(
    database: "Pool | Connection", events: EventCodec[E], stream_ids: Iterable[StreamId]
) -> dict[StreamId, LoadedStream[E]]:
    """Some whole streams, each as far as it can be read; those that do not exist are left out."""
    readable: dict[StreamId, list[RecordedEvent[E]]] = {}
    unreadable: dict[StreamId, UnreadableEvent] = {}
    for row in await database.fetch(_SQL.load_streams, list(stream_ids)):
        event = _logged(row, events)
        before = readable.setdefault(event.stream_id, [])
        if isinstance(event, UnreadableEvent):
            unreadable.setdefault(event.stream_id, event)
        elif event.stream_id not in unreadable:
            before.append(event)
    return {
        stream_id: LoadedStream(before, unreadable.get(stream_id)) for stream_id, before in readable.items()
    }


def _logged(row: "asyncpg.Record | tuple[Any, ...]", events: EventCodec[E]) -> LoggedEvent[E]:
    # By place, as every statement that gives events selects them: this is done for every event of every reader.
    tx, pos, stream_id, version, event_id, name, schema_version, data, recorded_at = row
    try:
        event = events.decode(name, schema_version, data)
    except (UnknownEventType, msgspec.DecodeError) as error:
        # What does not fit is not repeated: it may be anything.
        return UnreadableEvent(
            tx=tx,
            pos=pos,
            stream_id=stream_id,
            version=version,
            event_id=event_id,
            reason=str(error)
            if isinstance(error, UnknownEventType)
            else f"{name} version {schema_version} does not hold what it should",
        )
    return RecordedEvent(tx, pos, stream_id, version, event_id, event, recorded_at)
