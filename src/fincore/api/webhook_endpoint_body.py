"""Webhook endpoints and deliveries as merchants see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.events import EventType
from fincore.domain.ids import public_event_id
from fincore.notify.delivery_log import (
    AttemptRecord,
    Delivery,
    DeliveryFailure,
    DeliveryStatus,
    DeliveryWithAttempts,
)
from fincore.notify.endpoint import DisabledReason, Endpoint, EndpointStatus
from fincore.notify.retry_schedule import AttemptError


class WebhookEndpointBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where events are sent. Times are RFC 3339, in UTC."""

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    livemode: bool
    url: str
    description: str | None
    event_types: list[str]
    status: EndpointStatus
    disabled_reason: Annotated[
        DisabledReason | None,
        Meta(
            description="`by_merchant`; `gone`: it answered 410; `failing`: nothing arrived during the whole schedule "
            "of a delivery."
        ),
    ]
    secret_version: Annotated[int, Meta(description="How many secrets it has had.")]
    previous_secret_expires_at: Annotated[
        datetime | None,
        Meta(description="Until when the secret before the current one signs too; null where none does."),
    ]
    created_at: datetime
    secret: (
        Annotated[
            str | None,
            Meta(
                description="What signatures are verified with. Shown only where it was made: on creating and rotating, and "
                "to a repetition under the same idempotency key. Null where another has replaced it since."
            ),
        ]
        | UnsetType
    ) = UNSET


class WebhookEndpointListBody(msgspec.Struct, frozen=True, kw_only=True):
    """All your endpoints, oldest first, on one page."""

    object: Literal["list"] = "list"
    data: list[WebhookEndpointBody]
    has_more: bool = False
    next_cursor: str | None = None


class WebhookAttemptBody(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt that is over."""

    attempt: int
    at: datetime
    response_status: Annotated[int | None, Meta(description="The status your server answered.")]
    error: Annotated[AttemptError | None, Meta(description="Why there was no answer.")]
    duration_ms: int | None


class WebhookDeliveryBody(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint. Its id is the `webhook-id` of every attempt."""

    id: str
    object: Literal["webhook_delivery"] = "webhook_delivery"
    endpoint: str
    event: str
    event_type: EventType
    status: DeliveryStatus
    failure: Annotated[
        DeliveryFailure | None,
        Meta(
            description="`exhausted`: the schedule ended; `gone`: your server answered 410; `endpoint_disabled`: the "
            "endpoint was disabled before it was sent."
        ),
    ]
    attempts: Annotated[int, Meta(description="How many attempts were begun.")]
    last_attempt: WebhookAttemptBody | None
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    payload: Annotated[dict[str, Any], Meta(description="The body that is sent.")] | UnsetType = UNSET
    attempt_log: (
        Annotated[
            list[WebhookAttemptBody],
            Meta(description="The attempts that are over, newest first, 100 at most."),
        ]
        | UnsetType
    ) = UNSET


class WebhookDeliveryListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries, newest first."""

    object: Literal["list"] = "list"
    data: list[WebhookDeliveryBody]
    has_more: bool
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")]


class WebhookReplayBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent again."""

    object: Literal["webhook_replay"] = "webhook_replay"
    endpoint: str
    deliveries: Annotated[int, Meta(description="How many deliveries are due again.")]
    has_more: Annotated[bool, Meta(description="More have failed than one request replays; send another.")]


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
