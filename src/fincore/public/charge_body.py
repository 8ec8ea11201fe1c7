"""A charge as merchants see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeStatus, EventType
from fincore.domain.ids import ChargeId
from fincore.domain.payment_method import name_of
from fincore.domain.psp_risk import PspRiskLevel
from fincore.domain.public_event import PublicEvent, ShownValue
from fincore.domain.requests import acceptable_refund_minor
from fincore.domain.return_page import approval_url
from fincore.public.attempt_body import AttemptBody, attempt_bodies
from fincore.public.customer_body import CustomerBody, customer_body
from fincore.public.dispute_body import DisputeBody, dispute_body
from fincore.public.event_data import DETAILS_REFERENCE
from fincore.public.failure_body import (
    ChargeFailureBody,
    OperationFailureBody,
    charge_failure_body,
    operation_failure_body,
)
from fincore.public.fields import (
    CHARGE_ID_EXAMPLE,
    CreatedAt,
    CurrencyCode,
    HasMore,
    Livemode,
    NextCursor,
    ObjectName,
    StoredMetadata,
)
from fincore.public.fraud_warning_body import FraudWarningBody, fraud_warning_body
from fincore.public.payment_method_body import PaymentMethodDetailsBody, payment_method_details
from fincore.public.refund_body import RefundBody, refund_body
from fincore.public.review_body import ReviewBody, review_body


class NextAction(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer must do before the charge can go on."""

    redirect_url: Annotated[
        str | None, Meta(description="Send the customer to this page; null where the PSP gave none.")
    ]
    approval_url: Annotated[
        str | None,
        Meta(
            description="What fincore.js needs to have the customer approve in your page: hand the whole `next_action` to it. "
            "Null where the customer does not approve at a wallet."
        ),
    ]


class PendingOperationBody(msgspec.Struct, frozen=True, kw_only=True):
    """A capture or a cancellation that FinCore is asking the PSP for."""

    type: Annotated[Literal["capture", "cancel"], Meta(description="What you requested.")]
    amount_minor: Annotated[int | None, Meta(description="The amount to capture; null for a cancellation.")]
    requested_at: Annotated[datetime, Meta(description="When you requested it.")]
    outcome_unknown_since: Annotated[
        datetime | None,
        Meta(description="Since when the PSP's answer is missing; null where nothing is missing."),
    ]


class TimelineEntryBody(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a charge."""

    id: Annotated[str, Meta(description="The event's id.", examples=["evt_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    type: Annotated[EventType, Meta(description="What happened. /docs/events explains each type.")]
    at: Annotated[
        datetime, Meta(description="When it happened, by the PSP's clock where the PSP reported it.")
    ]
    data: Annotated[dict[str, ShownValue], DETAILS_REFERENCE]


class ChargeBody(msgspec.Struct, frozen=True, kw_only=True):
    """A payment. Amounts are in the minor unit of `currency`; times are RFC 3339, in UTC."""

    id: Annotated[str, Meta(description="The charge's id.", examples=[CHARGE_ID_EXAMPLE])]
    object: Annotated[Literal["charge"], ObjectName] = "charge"
    livemode: Livemode
    status: Annotated[ChargeStatus, Meta(description="Where the charge stands.")]
    amount_minor: Annotated[
        int, Meta(description="The amount that you requested, in the minor unit of `currency`.")
    ]
    currency: CurrencyCode
    capture: Annotated[
        bool,
        Meta(description="`true`: the money is taken at once. `false`: it is held until you capture it."),
    ]
    amount_authorized_minor: Annotated[int, Meta(description="The amount that the bank has authorized.")]
    amount_captured_minor: Annotated[int, Meta(description="The amount that the PSP has taken.")]
    amount_refunded_minor: Annotated[
        int, Meta(description="The amount that the PSP has given back to the customer.")
    ]
    amount_refundable_minor: Annotated[
        int,
        Meta(
            description="The largest amount that you can refund now: the amount captured, less every refund "
            "that has not failed; 0 while every refund is refused, such as of a disputed charge."
        ),
    ]
    capture_before: Annotated[
        datetime | None,
        Meta(
            description="Until when the bank holds the money, where the PSP says so; then the charge "
            "expires. Null while nothing is held."
        ),
    ]
    disputed: Annotated[
        bool, Meta(description="`true`: the customer's bank has disputed the charge at least once.")
    ]
    fraud_warned: Annotated[
        bool,
        Meta(
            description="`true`: the bank that issued the card has warned that the charge may be fraud. A refund can prevent a dispute."
        ),
    ]
    psp_risk_level: Annotated[
        PspRiskLevel | None,
        Meta(
            description="How risky the PSP found the payment; null until the PSP has told it, and where it does not."
        ),
    ]
    payment_method: Annotated[
        str | None,
        Meta(
            description="The PSP's token for the payment method, or the id of the kept card; null for a wallet, which needs none."
        ),
    ]
    payment_method_details: Annotated[
        PaymentMethodDetailsBody, Meta(description="With what the customer pays.")
    ]
    description: Annotated[str | None, Meta(description="The description that you sent.")]
    customer_email: Annotated[str | None, Meta(description="The customer's e-mail address that you sent.")]
    customer: Annotated[
        CustomerBody | None,
        Meta(
            description="What you sent of the customer who pays; of a checkout session also what its page saw."
        ),
    ]
    billing_country: Annotated[
        str | None, Meta(description="The country of the billing address that you sent.")
    ]
    shipping_country: Annotated[
        str | None, Meta(description="The country that the order goes to, as you sent it.")
    ]
    metadata: StoredMetadata
    psp: Annotated[str, Meta(description="The PSP that the charge is made at.", examples=["stripe"])]
    psp_account: Annotated[
        str, Meta(description="The account at the PSP that the charge is made with.", examples=["test"])
    ]
    psp_reference: Annotated[
        str | None, Meta(description="The payment's id at the PSP; null until the PSP has reported it.")
    ]
    attempts: (
        Annotated[
            list[AttemptBody],
            Meta(
                description="The attempts at PSP accounts, in their order. Only where there were several: FinCore goes on "
                "to the next account only if the attempt before is known not to have happened."
            ),
        ]
        | UnsetType
    ) = UNSET
    failure: Annotated[
        ChargeFailureBody | None, Meta(description="Why the charge failed; null unless it did.")
    ]
    pending_operation: Annotated[
        PendingOperationBody | None,
        Meta(description="The capture or cancellation under way. You can request another when this is null."),
    ]
    operation_failure: Annotated[
        OperationFailureBody | None,
        Meta(description="Why the last capture or cancellation failed; null unless it did."),
    ]
    next_action: Annotated[
        NextAction | None, Meta(description="What the customer must do, while `status` is `requires_action`.")
    ]
    outcome_unknown_since: Annotated[
        datetime | None,
        Meta(
            description="Since when the PSP's answer is missing; null where nothing is missing. FinCore "
            "asks the PSP until it knows. Do not charge the customer again."
        ),
    ]
    pending_until: Annotated[
        datetime | None,
        Meta(
            description="By when the PSP decides, where it has accepted the payment and will decide later, such as after a "
            "review. Null where nothing is pending."
        ),
    ]
    review: Annotated[
        ReviewBody | None,
        Meta(
            description="The review of the charge; null where the rules of this installation sent it to none. While it is `open`, "
            "nothing is captured, and a capture is refused with `charge_under_review`."
        ),
    ]
    created_at: CreatedAt
    refunds: (
        Annotated[
            list[RefundBody], Meta(description="The charge's refunds. Only in `GET /v1/charges/{charge_id}`.")
        ]
        | UnsetType
    ) = UNSET
    disputes: (
        Annotated[
            list[DisputeBody],
            Meta(description="The charge's disputes. Only in `GET /v1/charges/{charge_id}`."),
        ]
        | UnsetType
    ) = UNSET
    fraud_warnings: (
        Annotated[
            list[FraudWarningBody],
            Meta(
                description="The warnings that the charge may be fraud. Only in `GET /v1/charges/{charge_id}`."
            ),
        ]
        | UnsetType
    ) = UNSET
    timeline: (
        Annotated[
            list[TimelineEntryBody],
            Meta(description="The charge's events, oldest first. Only in `GET /v1/charges/{charge_id}`."),
        ]
        | UnsetType
    ) = UNSET


class ChargeListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of charges, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[ChargeBody], Meta(description="The charges of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def charge_body(
    charge_id: ChargeId,
    charge: Charge,
    *,
    refunds: list[RefundBody] | UnsetType = UNSET,
    disputes: list[DisputeBody] | UnsetType = UNSET,
    fraud_warnings: list[FraudWarningBody] | UnsetType = UNSET,
    timeline: list[TimelineEntryBody] | UnsetType = UNSET,
) -> ChargeBody:
    """A charge; without its refunds, disputes, fraud warnings and timeline in lists and in answers to POST."""
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
        fraud_warned=bool(charge.fraud_warnings),
        psp_risk_level=None if charge.psp_risk is None else charge.psp_risk.level,
        payment_method=name_of(charge.payment_method),
        payment_method_details=payment_method_details(charge.payment_method, charge.instrument),
        description=charge.description,
        customer_email=charge.customer_email,
        customer=customer_body(charge.customer),
        billing_country=charge.billing_country,
        shipping_country=charge.shipping_country,
        metadata=charge.metadata,
        psp=charge.psp,
        psp_account=charge.psp_account,
        psp_reference=charge.psp_reference,
        attempts=attempt_bodies(charge) if charge.abandoned_attempts else UNSET,
        failure=charge_failure_body(charge.failure) if charge.failure else None,
        pending_operation=_pending_operation(charge),
        operation_failure=operation_failure_body(charge.operation_failure)
        if charge.operation_failure
        else None,
        next_action=NextAction(
            redirect_url=charge.redirect_url,
            approval_url=approval_url(charge.payment_method, charge.return_page),
        )
        if charge.status == "requires_action"
        else None,
        outcome_unknown_since=charge.unknown_since,
        pending_until=charge.pending_until,
        review=review_body(charge),
        created_at=charge.created_at,
        refunds=refunds,
        disputes=disputes,
        fraud_warnings=fraud_warnings,
        timeline=timeline,
    )


def whole_charge_body(charge_id: ChargeId, charge: Charge, events: Sequence[PublicEvent]) -> ChargeBody:
    """A charge with its refunds, disputes, fraud warnings and what happened to it so far, oldest first."""
    refunds = [
        refund_body(charge_id, refund, livemode=charge.livemode, currency=charge.amount.currency)
        for refund in charge.refunds
    ]
    disputes = [dispute_body(charge_id, dispute, livemode=charge.livemode) for dispute in charge.disputes]
    timeline = [
        TimelineEntryBody(id=event.event_id, type=event.type, at=event.occurred_at, data=event.data)
        for event in events
    ]
    return charge_body(
        charge_id,
        charge,
        refunds=refunds,
        disputes=disputes,
        fraud_warnings=[fraud_warning_body(warning) for warning in charge.fraud_warnings],
        timeline=timeline,
    )


def _pending_operation(charge: Charge) -> PendingOperationBody | None:
    operation = charge.operation
    match operation and operation.kind:
        case ("capture" | "cancel") as kind if operation is not None:
            return PendingOperationBody(
                type=kind,
                amount_minor=operation.amount_minor,
                requested_at=operation.requested_at,
                outcome_unknown_since=charge.unknown_since,
            )
        case _:
            return None
