"""What leaves the log for a stream: some events of one stream, in order, as JSON; or only where they stand. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec

from fincore.domain.ids import EventId, StreamId

FORM_VERSION: Final = 1
"""The version of this form; a reader refuses one that it does not know."""
ENVELOPE_BYTES_MAX: Final = 256
"""What a record holds around its events, at most: the id of the stream, two versions, and where the last event stands."""


class Place(NamedTuple):
    """A place of the log."""

    tx: int
    pos: int


class OutgoingEvent(NamedTuple):
    """An event on its way out: where it stands, and its JSON as it stands in a record."""

    place: Place
    stream_id: StreamId
    version: int
    body: bytes


class StreamRecord(NamedTuple):
    """A record for a stream. `partition_key` is the id of its events' stream, so that one shard carries them in order."""

    partition_key: str
    data: bytes
    events: tuple[OutgoingEvent, ...]

    @property
    def size_bytes(self) -> int:
        """What counts against the limits of the stream."""
        return len(self.data) + len(self.partition_key)


_Version = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""The numbers that PostgreSQL takes for a version, and for a place of the log."""


class RelayedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event in a record, with the type, schema version and JSON that the log has."""

    tx: _Number
    pos: _Number
    version: _Version
    event_id: UUID
    type: str
    schema_version: int
    data: msgspec.Raw
    recorded_at: datetime


class Relayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader finds in a record: versions `first_version` to `last_version` of a stream, the last one at (`tx`, `pos`).

    `events` is None where the events are too large for a record: they are read from the log.
    """

    form: int
    stream_id: UUID
    first_version: _Version
    last_version: _Version
    tx: _Number
    pos: _Number
    events: tuple[RelayedEvent, ...] | None

    @property
    def place(self) -> Place:
        """Where the last of its events stands in the log."""
        return Place(self.tx, self.pos)

    @property
    def is_whole(self) -> bool:
        """Whether its events are those that it says it is about."""
        versions = range(self.first_version, self.last_version + 1)
        return len(versions) > 0 and (
            self.events is None or [event.version for event in self.events] == list(versions)
        )


class UnknownForm(ValueError):
    """A record is none of this form, or of a later version of it."""


_DECODER: Final = msgspec.json.Decoder(Relayed)


def outgoing(
    place: Place,
    stream_id: StreamId,
    version: int,
    *,
    event_id: EventId,
    event_type: str,
    schema_version: int,
    data: str,
    recorded_at: datetime,
) -> OutgoingEvent:
    """An event of the log, encoded once, however often it is sent."""
    body = msgspec.json.encode(
        RelayedEvent(
            tx=place.tx,
            pos=place.pos,
            version=version,
            event_id=event_id,
            type=event_type,
            schema_version=schema_version,
            data=msgspec.Raw(data),
            recorded_at=recorded_at,
        )
    )
    return OutgoingEvent(place, stream_id, version, body)


def record_of(events: Sequence[OutgoingEvent]) -> StreamRecord:
    """A record with successive events of one stream."""
    return _record(events, b"[" + b",".join(event.body for event in events) + b"]")


def pointer_to(event: OutgoingEvent) -> StreamRecord:
    """A record that only says where an event stands."""
    return _record((event,), b"null")


def read_record(data: bytes) -> Relayed:
    """What a record holds. Raises `UnknownForm`."""
    try:
        relayed = _DECODER.decode(data)
    except msgspec.DecodeError:
        # What does not fit is not repeated: it may be anything.
        raise UnknownForm("a record of the stream does not hold what it should") from None
    if relayed.form == FORM_VERSION and not relayed.is_whole:
        raise UnknownForm("a record of the stream does not hold the events that it names")
    if relayed.form != FORM_VERSION:
        raise UnknownForm(
            f"a record of the stream has the form {relayed.form}, and this version of FinCore reads {FORM_VERSION}"
        )
    return relayed


def _record(events: Sequence[OutgoingEvent], body: bytes) -> StreamRecord:
    first, last = events[0], events[-1]
    head = (
        f'{{"form":{FORM_VERSION},"stream_id":"{first.stream_id}","first_version":{first.version},'
        f'"last_version":{last.version},"tx":{last.place.tx},"pos":{last.place.pos},"events":'
    )
    return StreamRecord(str(first.stream_id), head.encode() + body + b"}", tuple(events))
