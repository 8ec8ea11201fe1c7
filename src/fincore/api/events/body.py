"""An event as merchants see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fincore.domain.public_event import PublicEvent
from fincore.domain.public_session_event import PublicEventType, PublicSessionEvent
from fincore.notify.message import Message, message_of
from fincore.notify.session_message import SessionMessage, session_message_of
from fincore.public.checkout_session_body import CheckoutSessionBody
from fincore.public.event_data import DATA_REFERENCE
from fincore.public.event_object import EventObject
from fincore.public.fields import CHARGE_ID_EXAMPLE, HasMore, Livemode, NextCursor, ObjectName


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a charge or of a checkout session. `type`, `timestamp` and `data` are the same in the webhook about the event."""

    id: Annotated[str, Meta(description="The event's id.", examples=["evt_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    object: Annotated[Literal["event"], ObjectName] = "event"
    charge: Annotated[
        str | None,
        Meta(
            description="The id of the charge that the event happened to, or that paid the checkout session. Null for "
            "`checkout_session.expired`.",
            examples=[CHARGE_ID_EXAMPLE],
        ),
    ]
    livemode: Livemode
    type: Annotated[PublicEventType, Meta(description="What happened. /docs/events explains each type.")]
    timestamp: Annotated[
        datetime, Meta(description="When it happened, by the PSP's clock where the PSP reported it.")
    ]
    created_at: Annotated[
        datetime, Meta(description="When FinCore recorded it. Lists are in this order, newest first.")
    ]
    data: Annotated[dict[str, Any], DATA_REFERENCE]


class EventListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[EventBody], Meta(description="The events of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def event_body(event: PublicEvent, about: EventObject | None, *, livemode: bool) -> EventBody:
    """An event of a charge, in the mode of the charge; `about` is what the event is about."""
    message = message_of(event, about, livemode=livemode)
    return _body(event, message, message.data, livemode=livemode)


def session_event_body(
    event: PublicSessionEvent, about: CheckoutSessionBody | None, *, livemode: bool
) -> EventBody:
    """An event of a checkout session, in the mode of the session; `about` is the session after it."""
    message = session_message_of(event, about, livemode=livemode)
    return _body(event, message, msgspec.structs.asdict(message.data), livemode=livemode)


def _body(
    event: PublicEvent | PublicSessionEvent,
    message: Message | SessionMessage,
    data: Mapping[str, object],
    *,
    livemode: bool,
) -> EventBody:
    return EventBody(
        id=event.event_id,
        charge=event.charge_id,
        livemode=livemode,
        type=message.type,
        timestamp=message.timestamp,
        created_at=event.recorded_at,
        data=dict(data),
    )
