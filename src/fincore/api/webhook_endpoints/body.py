"""Webhook endpoints and deliveries as merchants see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.ids import public_event_id
from fincore.domain.public_session_event import PublicEventType
from fincore.notify.delivery_log import (
    AttemptRecord,
    Delivery,
    DeliveryFailure,
    DeliveryStatus,
    DeliveryWithAttempts,
)
from fincore.notify.endpoint import DisabledReason, Endpoint, EndpointStatus
from fincore.notify.retry_schedule import AttemptError
from fincore.public.event_data import MESSAGE_REFERENCE
from fincore.public.fields import CreatedAt, HasMore, Livemode, NextCursor, ObjectName

_EndpointId = Annotated[
    str, Meta(description="The endpoint's id.", examples=["we_01kab5m5wvfb9v1c2m5hfv0d2e"])
]


class WebhookEndpointBody(msgspec.Struct, frozen=True, kw_only=True):
    """A URL of yours that FinCore sends events to. Times are RFC 3339, in UTC."""

    id: _EndpointId
    object: Annotated[Literal["webhook_endpoint"], ObjectName] = "webhook_endpoint"
    livemode: Livemode
    url: Annotated[str, Meta(description="Where FinCore sends the events.")]
    description: Annotated[str | None, Meta(description="The description that you sent.")]
    event_types: Annotated[
        list[str], Meta(description="Which events FinCore sends: names, families such as `charge.*`, or `*`.")
    ]
    status: Annotated[EndpointStatus, Meta(description="`disabled`: FinCore sends nothing.")]
    disabled_reason: Annotated[
        DisabledReason | None,
        Meta(description="Why the endpoint is disabled; null while it is enabled."),
    ]
    secret_version: Annotated[int, Meta(description="How many secrets it has had, the current one included.")]
    previous_secret_expires_at: Annotated[
        datetime | None,
        Meta(description="Until when the previous secret signs too; null where only the current one signs."),
    ]
    created_at: CreatedAt
    secret: (
        Annotated[
            str | None,
            Meta(
                description="The key to verify signatures with. Only in the answer that made it, and in its "
                "repetitions under the same idempotency key; null if another secret has replaced it since."
            ),
        ]
        | UnsetType
    ) = UNSET


class WebhookEndpointListBody(msgspec.Struct, frozen=True, kw_only=True):
    """All your endpoints, oldest first, on one page."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[WebhookEndpointBody], Meta(description="All your endpoints.")]
    has_more: HasMore = False
    next_cursor: NextCursor = None


class WebhookAttemptBody(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to deliver that has ended."""

    attempt: Annotated[int, Meta(description="The attempt's number, from 1.")]
    at: Annotated[datetime, Meta(description="When it began.")]
    response_status: Annotated[
        int | None, Meta(description="The HTTP status that your server answered; null if it did not answer.")
    ]
    error: Annotated[AttemptError | None, Meta(description="Why there was no answer; null if there was one.")]
    duration_ms: Annotated[
        int | None, Meta(description="How long it took, in milliseconds; null where it was not measured.")
    ]


class WebhookDeliveryBody(msgspec.Struct, frozen=True, kw_only=True):
    """An event that FinCore sends to one endpoint."""

    id: Annotated[
        str,
        Meta(
            description="The delivery's id. Your server gets it as `webhook-id` with every attempt.",
            examples=["msg_01kab5m5wvfb9v1c2m5hfv0d2e"],
        ),
    ]
    object: Annotated[Literal["webhook_delivery"], ObjectName] = "webhook_delivery"
    endpoint: _EndpointId
    event: Annotated[str, Meta(description="The event's id.", examples=["evt_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    event_type: Annotated[PublicEventType, Meta(description="What happened.")]
    status: Annotated[
        DeliveryStatus,
        Meta(description="Where the delivery stands."),
    ]
    failure: Annotated[
        DeliveryFailure | None,
        Meta(description="Why the delivery failed; null unless it did."),
    ]
    attempts: Annotated[int, Meta(description="How many attempts have begun.")]
    last_attempt: Annotated[
        WebhookAttemptBody | None, Meta(description="The last attempt that has ended; null before the first.")
    ]
    next_attempt_at: Annotated[
        datetime | None, Meta(description="When FinCore sends it next; null where it will not.")
    ]
    created_at: CreatedAt
    finished_at: Annotated[
        datetime | None, Meta(description="When it arrived or failed; null while it is pending.")
    ]
    payload: Annotated[dict[str, Any], MESSAGE_REFERENCE] | UnsetType = UNSET
    attempt_log: (
        Annotated[
            list[WebhookAttemptBody],
            Meta(
                description="The attempts that have ended, newest first, 100 at most. Only in `GET "
                "/v1/webhook_deliveries/{delivery_id}`."
            ),
        ]
        | UnsetType
    ) = UNSET


class WebhookDeliveryListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[WebhookDeliveryBody], Meta(description="The deliveries of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


class WebhookReplayBody(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries FinCore sends again."""

    object: Annotated[Literal["webhook_replay"], ObjectName] = "webhook_replay"
    endpoint: _EndpointId
    deliveries: Annotated[int, Meta(description="How many failed deliveries are due again.")]
    has_more: Annotated[
        bool,
        Meta(
            description="`true`: more deliveries have failed than one request replays. Send another request."
        ),
    ]


def endpoint_body(endpoint: Endpoint, *, secret: str | UnsetType | None = UNSET) -> WebhookEndpointBody:
    """An endpoint; the secret only where it was just made."""
    return WebhookEndpointBody(
        id=endpoint.endpoint_id,
        livemode=endpoint.livemode,
        url=endpoint.url,
        description=endpoint.description,
        event_types=endpoint.event_types,
        status=endpoint.status,
        disabled_reason=endpoint.disabled_reason,
        secret_version=endpoint.secret_version,
        previous_secret_expires_at=endpoint.previous_expires_at,
        created_at=endpoint.created_at,
        secret=secret,
    )


def delivery_body(delivery: Delivery) -> WebhookDeliveryBody:
    """A delivery as it is in lists."""
    return WebhookDeliveryBody(
        id=delivery.delivery_id,
        endpoint=delivery.endpoint_id,
        event=public_event_id(delivery.event_id),
        event_type=delivery.event_type,
        status=delivery.status,
        failure=delivery.failure,
        attempts=delivery.attempts,
        last_attempt=_attempt_body(delivery.latest) if delivery.latest else None,
        next_attempt_at=delivery.next_attempt_at,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
    )


def delivery_body_with_attempts(found: DeliveryWithAttempts) -> WebhookDeliveryBody:
    """A delivery with what it carries and how every attempt went."""
    return msgspec.structs.replace(
        delivery_body(found.delivery),
        payload=msgspec.json.decode(found.body),
        attempt_log=[_attempt_body(attempt) for attempt in found.attempts],
    )


def _attempt_body(attempt: AttemptRecord) -> WebhookAttemptBody:
    return WebhookAttemptBody(
        attempt=attempt.attempt,
        at=attempt.began_at,
        response_status=attempt.response_status,
        error=attempt.error,
        duration_ms=attempt.duration_ms,
    )
