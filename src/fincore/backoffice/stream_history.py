"""One stream of the log as staff see it: what it is about as its events leave it, and every event with its fields.

Where this version cannot read an event, or the event cannot follow those before it, the state is shown as it was before
that event, and the event as it is stored.
"""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from fincore.domain.ids import StreamId
from fincore.domain.masked_json import masked_json
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog, LoggedEvent, StoredEvent
from fincore.observability.logs import redact

StateT = TypeVar("StateT")
E = TypeVar("E", bound=msgspec.Struct)


class Happened(msgspec.Struct, frozen=True):
    """One event: its place in its stream, when it happened, by the PSP's clock where the PSP gave a time, and what it says.

    Of an event that cannot be read: its type with its version, when it was recorded, and its JSON, masked.
    """

    version: int
    at: datetime
    type: str
    says: str


class Stop(msgspec.Struct, frozen=True):
    """The first version of a stream that cannot be applied, and why."""

    version: int
    reason: str


class StreamHistory(msgspec.Struct, Generic[StateT], frozen=True):
    """What a stream is about as its events leave it, up to `stop` where one cannot be applied, and all events.

    There is no state where the first event cannot be applied, and no event where the log has no such stream.
    """

    state: StateT | None
    stop: Stop | None
    events: list[Happened]


class Telling(msgspec.Struct, Generic[StateT, E], frozen=True, kw_only=True):
    """How the events of an aggregate are told. `hidden` fields are shown with the state, or not at all."""

    evolve: Callable[[StateT | None, E], StateT]
    type_of: Callable[[E], str]
    occurred_at: Callable[[RecordedEvent[E]], datetime]
    hidden: Collection[str]


async def stream_history(
    log: EventLog[E], stream_id: StreamId, telling: Telling[StateT, E]
) -> StreamHistory[StateT]:
    """The history of a stream."""
    logged = await log.load_logged(stream_id)
    unreadable = [one.event_id for one in logged if not isinstance(one, RecordedEvent)]
    stored = {one.event_id: one for one in await log.load_stored(unreadable)}
    state, stop = _folded(logged, telling.evolve)
    return StreamHistory(
        state,
        stop,
        [
            Happened(
                one.version,
                telling.occurred_at(one),
                telling.type_of(one.event),
                _says(one.event, telling.hidden),
            )
            if isinstance(one, RecordedEvent)
            else _unread(one.version, stored[one.event_id])
            for one in logged
        ],
    )


def _folded(
    logged: Sequence[LoggedEvent[E]], evolve: Callable[[StateT | None, E], StateT]
) -> tuple[StateT | None, Stop | None]:
    state: StateT | None = None
    for one in logged:
        if not isinstance(one, RecordedEvent):
            return state, Stop(one.version, one.reason)
        try:
            state = evolve(state, one.event)
        except Exception as error:  # noqa: BLE001 -- an event that cannot follow is what staff come to see
            return state, Stop(one.version, redact(f"{type(error).__name__}: {error}"))
    return state, None


def _says(event: msgspec.Struct, hidden: Collection[str]) -> str:
    fields = msgspec.to_builtins(event)
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in fields.items()
        if name not in hidden and value not in (None, {}, [])
    )


def _unread(version: int, stored: StoredEvent) -> Happened:
    return Happened(
        version,
        stored.recorded_at,
        f"{stored.type} (schema version {stored.schema_version})",
        f"cannot be read: {redact(masked_json(stored.data))}",
    )
