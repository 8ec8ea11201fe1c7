"""What a merchant is sent about an event of a checkout session, in the form of `fincore.notify.message`. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.checkout_session import CheckoutSession, session_after
from fincore.domain.checkout_session_events import (
    CheckoutSessionCompleted,
    CheckoutSessionEvent,
    CheckoutSessionExpired,
)
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import ChargeId, CheckoutSessionId, public_event_id, session_of
from fincore.domain.public_session_event import ToldSessionEventType, told_type
from fincore.domain.recorded_event import RecordedEvent
from fincore.notify.message import BODY_BYTES_MAX
from fincore.public.checkout_session_body import CheckoutSessionBody, checkout_session_body

_ENCODER: Final = msgspec.json.Encoder()


class SessionData(msgspec.Struct, frozen=True, kw_only=True):
    """What the event is about; `object` is the session as it was after it, None where it does not fit."""

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


def session_message_body(stream: Sequence[RecordedEvent[CheckoutSessionEvent]], version: int) -> bytes | None:
    """The body about the event `version` of a session's stream; None for an event that merchants are not told."""
    session: CheckoutSession | None = None
    for recorded in stream[:version]:
        try:
            session = session_after(session, recorded.event)
        except EventImpossible:
            return None
    if session is None or session.version != version:
        return None
    recorded = stream[version - 1]
    event, kind = recorded.event, told_type(recorded.event)
    if kind is None or not isinstance(event, CheckoutSessionCompleted | CheckoutSessionExpired):
        return None
    session_id = session_of(recorded.stream_id)
    data = SessionData(
        event_id=public_event_id(recorded.event_id),
        charge_id=event.charge_id if isinstance(event, CheckoutSessionCompleted) else None,
        checkout_session_id=session_id,
        livemode=session.livemode,
        version=version,
        object=checkout_session_body(session_id, session),
    )
    occurred_at = event.completed_at if isinstance(event, CheckoutSessionCompleted) else event.expired_at
    message = SessionMessage(type=kind, timestamp=occurred_at, data=data)
    body = _ENCODER.encode(message)
    if len(body) <= BODY_BYTES_MAX:
        return body
    bare = msgspec.structs.replace(data, object=None)
    return _ENCODER.encode(msgspec.structs.replace(message, data=bare))
