"""Events as they lie in the log: what is only passed on is not decoded, so an event that this version cannot read is passed on, too."""

from typing import Final, NamedTuple

from fincore.domain.event_codec import EventCodec


class Undecoded(NamedTuple):
    """An event's type, its schema version and its JSON."""

    type: str
    schema_version: int
    data: str


class _UndecodedEvents(EventCodec[Undecoded]):
    def decode(self, name: str, schema_version: int, data: str | bytes) -> Undecoded:
        return Undecoded(name, schema_version, data if isinstance(data, str) else data.decode())


UNDECODED_EVENTS: Final[EventCodec[Undecoded]] = _UndecodedEvents({}, {})
