"""Deliveries of webhooks as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import MerchantId, public_event_id
from fincore.domain.public_session_event import PublicEventType
from fincore.notify.delivery_log import (
    ATTEMPTS_SHOWN_MAX,
    AttemptRecord,
    Delivery,
    DeliveryFailure,
    DeliveryStatus,
    DeliveryWithAttempts,
)
from fincore.notify.retry_schedule import AttemptError
from fincore.public.fields import HasMore, NextCursor, ObjectName


class StaffWebhookAttemptBody(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to deliver that has ended."""

    attempt: Annotated[int, Meta(description="Its number, from 1.")]
    at: Annotated[datetime, Meta(description="When it began.")]
    response_status: Annotated[
        int | None, Meta(description="The HTTP status of the answer; null where there was none.")
    ]
    error: Annotated[
        AttemptError | None, Meta(description="Why there was no answer; null where there was one.")
    ]
    duration_ms: Annotated[
        int | None, Meta(description="How long it took, in milliseconds; null where it was not measured.")
    ]


class StaffWebhookDeliveryBody(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way to an endpoint of a merchant."""

    id: Annotated[
        str, Meta(description="The id of the delivery.", examples=["msg_01kab5m5wvfb9v1c2m5hfv0d2e"])
    ]
    object: Annotated[Literal["webhook_delivery"], ObjectName] = "webhook_delivery"
    endpoint: Annotated[str, Meta(description="The endpoint.", examples=["we_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    merchant: Annotated[str, Meta(description="The merchant.", examples=["mer_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    event: Annotated[str, Meta(description="The event.", examples=["evt_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    event_type: Annotated[PublicEventType, Meta(description="What happened.")]
    status: Annotated[
        DeliveryStatus,
        Meta(
            description="`pending`: FinCore will send it, or send it again. `delivered`: the merchant's server answered 2xx. `failed`: FinCore does "
            "not send it again unless it is replayed."
        ),
    ]
    failure: Annotated[DeliveryFailure | None, Meta(description="Why it failed; null unless it did.")]
    attempts: Annotated[int, Meta(description="How many attempts have begun.")]
    last_attempt: Annotated[
        StaffWebhookAttemptBody | None,
        Meta(description="The last attempt that has ended; null before the first."),
    ]
    next_attempt_at: Annotated[
        datetime | None, Meta(description="When FinCore sends it next; null where it will not.")
    ]
    created_at: Annotated[datetime, Meta(description="When it was created.")]
    finished_at: Annotated[
        datetime | None, Meta(description="When it arrived or failed; null while it is pending.")
    ]


class StaffWebhookDeliveryDetailBody(StaffWebhookDeliveryBody, frozen=True, kw_only=True):
    """A delivery with what it carries and how each attempt went."""

    payload: Annotated[dict[str, Any], Meta(description="The body that FinCore sends.")]
    attempt_log: Annotated[
        list[StaffWebhookAttemptBody],
        Meta(description=f"The attempts that have ended, newest first, {ATTEMPTS_SHOWN_MAX} at most."),
    ]


class StaffWebhookDeliveryList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffWebhookDeliveryBody], Meta(description="The deliveries, newest first.")]
    has_more: HasMore
    next_cursor: NextCursor


def render_delivery(delivery: Delivery, merchant_id: MerchantId) -> StaffWebhookDeliveryBody:
    """A delivery as a list shows it."""
    return StaffWebhookDeliveryBody(
        id=delivery.delivery_id,
        endpoint=delivery.endpoint_id,
        merchant=merchant_id,
        event=public_event_id(delivery.event_id),
        event_type=delivery.event_type,
        status=delivery.status,
        failure=delivery.failure,
        attempts=delivery.attempts,
        last_attempt=_attempt(delivery.latest) if delivery.latest else None,
        next_attempt_at=delivery.next_attempt_at,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
    )


def render_found(found: DeliveryWithAttempts, merchant_id: MerchantId) -> StaffWebhookDeliveryDetailBody:
    """A delivery with what it carries."""
    shown = render_delivery(found.delivery, merchant_id)
    return StaffWebhookDeliveryDetailBody(
        **{name: getattr(shown, name) for name in StaffWebhookDeliveryBody.__struct_fields__},
        payload=msgspec.json.decode(found.body),
        attempt_log=[_attempt(attempt) for attempt in found.attempts],
    )


def _attempt(attempt: AttemptRecord) -> StaffWebhookAttemptBody:
    return StaffWebhookAttemptBody(
        attempt=attempt.attempt,
        at=attempt.began_at,
        response_status=attempt.response_status,
        error=attempt.error,
        duration_ms=attempt.duration_ms,
    )
