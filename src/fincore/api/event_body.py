"""An event as merchants see it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.events import EventType
from fincore.domain.public_event import PublicEvent, ShownValue
from fincore.notify.message import message_of


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a charge. `type`, `timestamp` and `data` are what a webhook about it carries."""

    id: str
    object: Literal["event"] = "event"
    charge: Annotated[str, Meta(description="The id of the charge it happened to.")]
    livemode: bool
    type: Annotated[EventType, Meta(description="What happened: /docs/events says what each means.")]
    timestamp: Annotated[
        datetime, Meta(description="When it happened, by the PSP's clock where the PSP reported it.")
    ]
    created_at: Annotated[
        datetime, Meta(description="When FinCore wrote it down. Lists are in this order, newest first.")
    ]
    data: dict[str, ShownValue]


class EventListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events, newest first."""

    object: Literal["list"] = "list"
    data: list[EventBody]
    has_more: bool
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")]


def event_body(event: PublicEvent, *, livemode: bool) -> EventBody:
    """An event of a charge, of whose mode it is."""
    message = message_of(event, livemode=livemode)
    return EventBody(
        id=event.event_id,
        charge=event.charge_id,
        livemode=livemode,
        type=message.type,
        timestamp=message.timestamp,
        created_at=event.recorded_at,
        data=message.data,
    )
