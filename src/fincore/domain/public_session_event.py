"""The events of checkout sessions that merchants are told, by webhooks and in lists. Pure.

The others are steps in between: the session itself shows what came of them.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.checkout_session_events import (
    CheckoutSessionCompleted,
    CheckoutSessionEvent,
    CheckoutSessionExpired,
)
from fincore.domain.events import EventType
from fincore.domain.ids import ChargeId, CheckoutSessionId, public_event_id, session_of
from fincore.domain.recorded_event import RecordedEvent

ToldSessionEventType = Literal["checkout_session.completed", "checkout_session.expired"]
PublicEventType = Literal[EventType, ToldSessionEventType]
"""Every type of event that merchants are told, by webhooks and in lists."""

SESSION_MEANINGS: Final[Mapping[ToldSessionEventType, str]] = MappingProxyType(
    {
        "checkout_session.completed": "The customer paid the session: `charge_id` took the money, or holds it until you capture it.",
        "checkout_session.expired": "The session was not paid, and cannot be any more.",
    }
)
"""Event type -> what it means to a merchant."""
SESSION_FIELDS: Final = ("checkout_session_id",)
"""What is said of these events beside what is said of all."""

ToldSessionEvent = CheckoutSessionCompleted | CheckoutSessionExpired


class PublicSessionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a checkout session as its merchant may see it; `version` is its place among all events of the session, from 1.

    `event_id` is the public `evt_...`, `charge_id` the charge that paid the session; `occurred_at` is by our own clock.
    """

    event_id: str
    type: ToldSessionEventType
    session_id: CheckoutSessionId
    charge_id: ChargeId | None
    version: int
    occurred_at: datetime
    recorded_at: datetime


_TIMES: Final = (
    "created_at",
    "started_at",
    "requested_at",
    "closed_at",
    "completed_at",
    "expired_at",
    "found_at",
    "returned_at",
)


def session_event_at(event: CheckoutSessionEvent) -> datetime:
    """When an event of a checkout session happened, by our own clock."""
    moment: datetime = next(getattr(event, name) for name in _TIMES if name in event.__struct_fields__)
    return moment


def told_type(event: CheckoutSessionEvent) -> ToldSessionEventType | None:
    """The type of an event that merchants are told; None for any other."""
    match event:
        case CheckoutSessionCompleted():
            return "checkout_session.completed"
        case CheckoutSessionExpired():
            return "checkout_session.expired"
        case _:
            return None


def public_session_event(recorded: RecordedEvent[CheckoutSessionEvent]) -> PublicSessionEvent | None:
    """What the merchant of an event may see of it; None for an event that merchants are not told."""
    event = recorded.event
    told = told_type(event)
    if told is None:
        return None
    return PublicSessionEvent(
        event_id=public_event_id(recorded.event_id),
        type=told,
        session_id=session_of(recorded.stream_id),
        charge_id=event.charge_id if isinstance(event, CheckoutSessionCompleted) else None,
        version=recorded.version,
        occurred_at=session_event_at(event),
        recorded_at=recorded.recorded_at,
    )
