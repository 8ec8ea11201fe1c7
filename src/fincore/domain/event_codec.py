"""Events as the log stores them: a type, a schema version, JSON. One codec knows the events of one or more aggregates. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from fincore.domain.errors import UnknownEventType

E = TypeVar("E")
NameT = TypeVar("NameT", bound=str)

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""An event's JSON in one schema version -> the same event's JSON in the next. Pure, and never changed again."""

_ENCODER: Final = msgspec.json.Encoder()


class EventCodec(Generic[E]):
    """`shapes`: event type -> (schema version written today, its shape); `upcasts`: (event type, old version) -> upcast.

    A field may be added to a shape without a new version as long as it has a default.
    """

    def __init__(
        self, shapes: Mapping[NameT, tuple[int, type[E]]], upcasts: Mapping[tuple[str, int], Upcast]
    ) -> None:
        self._written: Mapping[type[E], tuple[str, int]] = {
            shape: (name, version) for name, (version, shape) in shapes.items()
        }
        self._decoders: Mapping[tuple[str, int], msgspec.json.Decoder[E]] = {
            (name, version): msgspec.json.Decoder(shape) for name, (version, shape) in shapes.items()
        }
        self._upcasts = upcasts

    def type_of(self, event: E) -> str:
        """The dotted name of an event."""
        return self._written[type(event)][0]

    def encode(self, event: E) -> tuple[str, int, bytes]:
        """An event as (type, schema version, JSON)."""
        name, version = self._written[type(event)]
        return name, version, _ENCODER.encode(event)

    def decode(self, name: str, schema_version: int, data: str | bytes) -> E:
        """The event that `encode` wrote, in this version or an older one; upcasts bring what is older up to date.

        Raises `UnknownEventType` for an event that this version of FinCore cannot read, and `msgspec.DecodeError` for one
        that does not hold what it should.
        """
        decoder = self._decoders.get((name, schema_version))
        if decoder is not None:
            return decoder.decode(data)
        fields = msgspec.json.decode(data, type=dict[str, Any])
        version = schema_version
        while (name, version) not in self._decoders:
            upcast = self._upcasts.get((name, version))
            if upcast is None:
                raise UnknownEventType(name, schema_version)
            fields, version = upcast(fields), version + 1
        return self._decoders[name, version].decode(msgspec.json.encode(fields))
