"""What a merchant is sent about an event: `{"type", "timestamp", "data"}` of Standard Webhooks. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.events import EventType
from fincore.domain.public_event import PublicEvent, ShownValue
from fincore.public.event_object import EventObject

BODY_BYTES_MAX: Final = 20_000
"""What Standard Webhooks recommends. A body that would be longer leaves out the object, then all but what it is about."""

_ENCODER: Final = msgspec.json.Encoder()

Told = ShownValue | EventObject
"""A value of a message's `data`."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`timestamp` is when the event happened, not when it is sent.

    `data` names the event (`event_id`), its charge, its mode and its place among the charge's events (`version`, from
    1), and holds what merchants may see of it. `object` in it is what the event is about, as it was after the event;
    None where that is not known.
    """

    type: EventType
    timestamp: datetime
    data: dict[str, Told]


def message_of(event: PublicEvent, about: EventObject | None, *, livemode: bool) -> Message:
    """All that a merchant is told about an event, in webhooks and in lists of events alike; `about` is its object."""
    data = _about(event, livemode=livemode) | event.data | {"object": about}
    return Message(type=event.type, timestamp=event.occurred_at, data=data)


def message_body(event: PublicEvent, about: EventObject | None, *, livemode: bool) -> bytes:
    """The body about an event, as it is signed and sent."""
    body = _ENCODER.encode(message_of(event, about, livemode=livemode))
    if len(body) <= BODY_BYTES_MAX:
        return body
    message = message_of(event, None, livemode=livemode)
    body = _ENCODER.encode(message)
    if len(body) <= BODY_BYTES_MAX:
        return body
    bare = _about(event, livemode=livemode) | {"object": None}
    return _ENCODER.encode(msgspec.structs.replace(message, data=bare))


def _about(event: PublicEvent, *, livemode: bool) -> dict[str, Told]:
    return {
        "event_id": event.event_id,
        "charge_id": event.charge_id,
        "livemode": livemode,
        "version": event.version,
    }
