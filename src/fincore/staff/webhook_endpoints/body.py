"""Webhook endpoints as staff see them: the host of the URL alone, and no secret. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.notify.all_endpoints import DELIVERIES_COUNTED_MAX, EndpointState
from fincore.notify.endpoint import DisabledReason, EndpointStatus
from fincore.public.fields import HasMore, NextCursor, ObjectName
from fincore.staff.access.person import Mode

EndpointId = Annotated[
    str, Meta(description="The id of the endpoint.", examples=["we_01kab5m5wvfb9v1c2m5hfv0d2e"])
]
MerchantOf = Annotated[str, Meta(description="The merchant.", examples=["mer_01kab5m5wvfb9v1c2m5hfv0d2e"])]
ModeOf = Annotated[Mode, Meta(description="Whether it is of live mode.")]


class StaffWebhookEndpointBody(msgspec.Struct, frozen=True, kw_only=True):
    """A URL of a merchant that FinCore sends events to, and how it fares."""

    id: EndpointId
    object: Annotated[Literal["webhook_endpoint"], ObjectName] = "webhook_endpoint"
    merchant: MerchantOf
    mode: ModeOf
    host: Annotated[
        str, Meta(description="The host of its URL; the rest may hold a token of the merchant's.")
    ]
    description: Annotated[str | None, Meta(description="The description that the merchant gave it.")]
    event_types: Annotated[list[str], Meta(description="Which events it wants.")]
    status: Annotated[EndpointStatus, Meta(description="`disabled`: FinCore sends nothing.")]
    disabled_reason: Annotated[
        DisabledReason | None,
        Meta(
            description="`by_merchant`, `by_staff`: they disabled it. `gone`: it answered 410. `failing`: it accepted nothing during the whole "
            "schedule of a delivery. null: it is enabled."
        ),
    ]
    failures: Annotated[int, Meta(description="How many attempts failed in a row.")]
    paused_until: Annotated[
        datetime | None,
        Meta(description="Until when it is left alone after a failure; null where it is not."),
    ]
    last_success_at: Annotated[
        datetime | None, Meta(description="When it accepted a webhook last; null for never.")
    ]
    pending: Annotated[
        int, Meta(description=f"How many deliveries wait for it, up to {DELIVERIES_COUNTED_MAX:,}.")
    ]
    given_up: Annotated[
        int, Meta(description=f"How many deliveries to it failed for good, up to {DELIVERIES_COUNTED_MAX:,}.")
    ]
    created_at: Annotated[datetime, Meta(description="When the merchant created it.")]


class StaffWebhookEndpointList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of endpoints."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffWebhookEndpointBody], Meta(description="The endpoints, newest first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffWebhookReplaysBody(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries are sent again."""

    object: Annotated[Literal["webhook_replays"], ObjectName] = "webhook_replays"
    endpoint: EndpointId
    deliveries: Annotated[int, Meta(description="How many failed deliveries are due again.")]
    has_more: Annotated[
        bool,
        Meta(
            description="Whether more have failed than one request replays: send another one, with a new key."
        ),
    ]


def render_endpoint(state: EndpointState) -> StaffWebhookEndpointBody:
    """An endpoint as staff see it."""
    return StaffWebhookEndpointBody(
        id=state.endpoint_id,
        merchant=state.merchant_id,
        mode="live" if state.livemode else "test",
        host=state.host,
        description=state.description,
        event_types=state.event_types,
        status=state.status,
        disabled_reason=state.disabled_reason,
        failures=state.failures,
        paused_until=state.paused_until,
        last_success_at=state.last_success_at,
        pending=state.pending,
        given_up=state.given_up,
        created_at=state.created_at,
    )
