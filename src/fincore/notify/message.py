"""What a merchant is sent about an event: `{"type", "timestamp", "data"}` of Standard Webhooks. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.events import EventType
from fincore.domain.public_event import PublicEvent, ShownValue

BODY_BYTES_MAX: Final = 20_000
"""A body that would be longer says only what it is about."""

_ENCODER: Final = msgspec.json.Encoder()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`timestamp` is when the event happened, not when it is sent.

    `data` names the event (`event_id`), its charge, its mode and its place among the charge's events (`version`, from
    1), and holds what merchants may see of it.
    """

    type: EventType
    timestamp: datetime
    data: dict[str, ShownValue]


def message_of(event: PublicEvent, *, livemode: bool) -> Message:
    """All that a merchant is told about an event, in webhooks and in lists of events alike."""
    about = _about(event, livemode=livemode)
    return Message(type=event.type, timestamp=event.occurred_at, data=about | event.data)


def message_body(event: PublicEvent, *, livemode: bool) -> bytes:
    """The body about an event, as it is signed and sent."""
    message = message_of(event, livemode=livemode)
    body = _ENCODER.encode(message)
    if len(body) <= BODY_BYTES_MAX:
        return body
    return _ENCODER.encode(msgspec.structs.replace(message, data=_about(event, livemode=livemode)))


def _about(event: PublicEvent, *, livemode: bool) -> dict[str, ShownValue]:
    return {
        "event_id": event.event_id,
        "charge_id": event.charge_id,
        "livemode": livemode,
        "version": event.version,
    }
