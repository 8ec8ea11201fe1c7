"""A charge as merchants see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeStatus, EventType
from fincore.domain.ids import ChargeId
from fincore.domain.public_event import PublicEvent, ShownValue
from fincore.domain.requests import acceptable_refund_minor
from fincore.public.dispute_body import DisputeBody, dispute_body
from fincore.public.failure_body import (
    FailureBody,
    OperationFailureBody,
    failure_body,
    operation_failure_body,
)
from fincore.public.refund_body import RefundBody, refund_body


class NextAction(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer has to do."""

    redirect_url: Annotated[
        str | None, Meta(description="The page to send the customer to, where there is one.")
    ]


class PendingOperationBody(msgspec.Struct, frozen=True, kw_only=True):
    """A capture or a cancellation that the PSP is being asked for."""

    type: Literal["capture", "cancel"]
    amount_minor: Annotated[int | None, Meta(description="What is to be taken; null for a cancellation.")]
    requested_at: datetime
    outcome_unknown_since: Annotated[
        datetime | None, Meta(description="Since when the PSP's answer to it is missing.")
    ]


class TimelineEntryBody(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a charge."""

    id: str
    type: Annotated[EventType, Meta(description="What happened: /docs/events says what each means.")]
    at: Annotated[
        datetime, Meta(description="When it happened, by the PSP's clock where the PSP reported it.")
    ]
    data: dict[str, ShownValue]


class ChargeBody(msgspec.Struct, frozen=True, kw_only=True):
    """A payment. Amounts are in the currency's minor unit; times are RFC 3339, in UTC."""

    id: str
    object: Literal["charge"] = "charge"
    livemode: bool
    status: ChargeStatus
    amount_minor: int
    currency: str
    capture: Annotated[
        bool, Meta(description="Whether the money is taken at once, or held until you capture it.")
    ]
    amount_authorized_minor: int
    amount_captured_minor: int
    amount_refunded_minor: Annotated[int, Meta(description="What the customer has got back.")]
    amount_refundable_minor: Annotated[
        int,
        Meta(
            description="The largest amount that a refund may ask for now: what was captured, less every refund that has "
            "not failed; 0 while every refund is refused, such as of a disputed charge."
        ),
    ]
    capture_before: Annotated[
        datetime | None,
        Meta(
            description="While the money is held: until when, where the PSP says so. Then the charge expires."
        ),
    ]
    disputed: Annotated[bool, Meta(description="Whether the customer's bank ever questioned the charge.")]
    payment_method: str
    description: str | None
    customer_email: str | None
    metadata: dict[str, str]
    psp: str
    psp_reference: Annotated[str | None, Meta(description="The payment's id at the PSP.")]
    failure: FailureBody | None
    pending_operation: Annotated[
        PendingOperationBody | None,
        Meta(description="The capture or cancellation under way; another can be asked for when it is over."),
    ]
    operation_failure: Annotated[
        OperationFailureBody | None,
        Meta(description="Why the last capture or cancellation was not carried out."),
    ]
    next_action: NextAction | None
    outcome_unknown_since: Annotated[
        datetime | None,
        Meta(
            description="Since when the PSP's answer is missing. FinCore asks until it knows; do not charge again."
        ),
    ]
    created_at: datetime
    refunds: list[RefundBody] | UnsetType = UNSET
    disputes: list[DisputeBody] | UnsetType = UNSET
    timeline: list[TimelineEntryBody] | UnsetType = UNSET


class ChargeListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of charges, newest first."""

    object: Literal["list"] = "list"
    data: list[ChargeBody]
    has_more: bool
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")]


def charge_body(
    charge_id: ChargeId,
    charge: Charge,
    *,
    refunds: list[RefundBody] | UnsetType = UNSET,
    disputes: list[DisputeBody] | UnsetType = UNSET,
    timeline: list[TimelineEntryBody] | UnsetType = UNSET,
) -> ChargeBody:
    """A charge; without its refunds, disputes and timeline in lists and in answers to POST."""
    return ChargeBody(
        id=charge_id,
        livemode=charge.livemode,
        status=charge.status,
        amount_minor=charge.amount.amount_minor,
        currency=charge.amount.currency,
        capture=charge.capture_method == "automatic",
        amount_authorized_minor=charge.authorized_minor,
        amount_captured_minor=charge.captured_minor,
        amount_refunded_minor=charge.refunded_minor,
        amount_refundable_minor=acceptable_refund_minor(charge),
        capture_before=charge.capture_before if charge.status == "authorized" else None,
        disputed=bool(charge.disputes),
        payment_method=charge.payment_method,
        description=charge.description,
        customer_email=charge.customer_email,
        metadata=charge.metadata,
        psp=charge.psp,
        psp_reference=charge.psp_reference,
        failure=failure_body(charge.failure) if charge.failure else None,
        pending_operation=_pending_operation(charge),
        operation_failure=operation_failure_body(charge.operation_failure)
        if charge.operation_failure
        else None,
        next_action=NextAction(redirect_url=charge.redirect_url)
        if charge.status == "requires_action"
        else None,
        outcome_unknown_since=charge.unknown_since,
        created_at=charge.created_at,
        refunds=refunds,
        disputes=disputes,
        timeline=timeline,
    )


def whole_charge_body(charge_id: ChargeId, charge: Charge, events: Sequence[PublicEvent]) -> ChargeBody:
    """A charge with its refunds, disputes and what happened to it so far, oldest first."""
    refunds = [
        refund_body(charge_id, refund, livemode=charge.livemode, currency=charge.amount.currency)
        for refund in charge.refunds
    ]
    disputes = [dispute_body(charge_id, dispute, livemode=charge.livemode) for dispute in charge.disputes]
    timeline = [
        TimelineEntryBody(id=event.event_id, type=event.type, at=event.occurred_at, data=event.data)
        for event in events
    ]
    return charge_body(charge_id, charge, refunds=refunds, disputes=disputes, timeline=timeline)


def _pending_operation(charge: Charge) -> PendingOperationBody | None:
    operation = charge.operation
    if operation is None or operation.kind == "authorize":
        return None
    return PendingOperationBody(
        type=operation.kind,
        amount_minor=operation.amount_minor,
        requested_at=operation.requested_at,
        outcome_unknown_since=charge.unknown_since,
    )
