"""The events of checkout sessions that merchants are told, by webhooks. Pure.

The others are steps in between: the session itself shows what came of them.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from fincore.domain.checkout_session_events import (
    CheckoutSessionCompleted,
    CheckoutSessionEvent,
    CheckoutSessionExpired,
)
from fincore.domain.events import EventType

ToldSessionEventType = Literal["checkout_session.completed", "checkout_session.expired"]
WebhookEventType = Literal[EventType, ToldSessionEventType]
"""Every type of event that a webhook may be about."""

SESSION_MEANINGS: Final[Mapping[ToldSessionEventType, str]] = MappingProxyType(
    {
        "checkout_session.completed": "The customer paid the session: `charge_id` took the money, or holds it until you capture it.",
        "checkout_session.expired": "The session was not paid, and cannot be any more.",
    }
)
"""Event type -> what it means to a merchant."""
SESSION_FIELDS: Final = ("checkout_session_id",)
"""What webhooks about these events say beside what all say."""

ToldSessionEvent = CheckoutSessionCompleted | CheckoutSessionExpired


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
