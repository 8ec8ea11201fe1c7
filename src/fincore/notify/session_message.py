"""What a merchant is sent about an event of a checkout session, in the form of `fincore.notify.message`. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.ids import ChargeId, CheckoutSessionId
from fincore.domain.public_session_event import PublicSessionEvent, ToldSessionEventType
from fincore.notify.message import BODY_BYTES_MAX
from fincore.public.checkout_session_body import CheckoutSessionBody

_ENCODER: Final = msgspec.json.Encoder()


class SessionData(msgspec.Struct, frozen=True, kw_only=True):
    """What the event is about; `object` is the session as it was after it, None where it does not fit or is not known."""

    event_id: str
    charge_id: ChargeId | None
    checkout_session_id: CheckoutSessionId
    livemode: bool
    version: int
    object: CheckoutSessionBody | None


class SessionMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`timestamp` is when the event happened."""

    type: ToldSessionEventType
    timestamp: datetime
    data: SessionData


def session_message_of(
    event: PublicSessionEvent, about: CheckoutSessionBody | None, *, livemode: bool
) -> SessionMessage:
    """All that a merchant is told about an event, in webhooks and in lists of events alike; `about` is the session after it."""
    data = SessionData(
        event_id=event.event_id,
        charge_id=event.charge_id,
        checkout_session_id=event.session_id,
        livemode=livemode,
        version=event.version,
        object=about,
    )
    return SessionMessage(type=event.type, timestamp=event.occurred_at, data=data)


def session_message_body(
    event: PublicSessionEvent, about: CheckoutSessionBody | None, *, livemode: bool
) -> bytes:
    """The body about an event, as it is signed and sent."""
    body = _ENCODER.encode(session_message_of(event, about, livemode=livemode))
    if len(body) <= BODY_BYTES_MAX:
        return body
    return _ENCODER.encode(session_message_of(event, None, livemode=livemode))
