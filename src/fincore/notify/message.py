"""What a merchant is sent about an event: `{"type", "timestamp", "data"}` of Standard Webhooks. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.events import EventType
from fincore.domain.ids import ChargeId
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


def message_body(event: PublicEvent, *, livemode: bool) -> bytes:
    """The body about an event, as it is signed and sent."""
    about = _about(event.event_id, event.charge_id, livemode=livemode, version=event.version)
    body = _encoded(event, about | event.data)
    return body if len(body) <= BODY_BYTES_MAX else _encoded(event, about)


def _about(event_id: str, charge_id: ChargeId, *, livemode: bool, version: int) -> dict[str, ShownValue]:
    return {"event_id": event_id, "charge_id": charge_id, "livemode": livemode, "version": version}


def _encoded(event: PublicEvent, data: dict[str, ShownValue]) -> bytes:
    return _ENCODER.encode(Message(type=event.type, timestamp=event.occurred_at, data=data))
