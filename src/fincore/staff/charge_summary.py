"""A charge as lists and searches of staff show it. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeStatus, Operation
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import FailureCode
from fincore.domain.payment_method import CardInstrument, PaymentMethodType, payment_method_type
from fincore.domain.risk_review import ReviewStatus, review_status
from fincore.public.fields import CHARGE_ID_EXAMPLE, CurrencyCode, ObjectName, StoredMetadata
from fincore.staff.access.person import Mode


class StaffChargeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A charge of any merchant, in one row of a list."""

    id: Annotated[str, Meta(description="The charge's id.", examples=[CHARGE_ID_EXAMPLE])]
    object: Annotated[Literal["charge"], ObjectName] = "charge"
    mode: Annotated[Mode, Meta(description="Whether money moves (`live`) or none does (`test`).")]
    merchant: Annotated[str, Meta(description="The merchant's id.")]
    status: Annotated[ChargeStatus, Meta(description="Where the charge stands.")]
    amount_minor: Annotated[int, Meta(description="What was asked for, in the minor unit of `currency`.")]
    currency: CurrencyCode
    amount_captured_minor: Annotated[int, Meta(description="What the PSP has taken.")]
    amount_refunded_minor: Annotated[int, Meta(description="What the customer has got back.")]
    payment_method_type: Annotated[PaymentMethodType, Meta(description="With what the customer pays.")]
    brand: Annotated[str | None, Meta(description="The card's brand; null for anything else.")]
    last4: Annotated[str | None, Meta(description="The card's last four digits; null for anything else.")]
    customer_email: Annotated[str | None, Meta(description="The customer's address.")]
    description: Annotated[str | None, Meta(description="The merchant's description.")]
    metadata: StoredMetadata
    psp: Annotated[str, Meta(description="The PSP that it is at.")]
    psp_account: Annotated[str, Meta(description="The account at the PSP.")]
    psp_reference: Annotated[str | None, Meta(description="The payment's id at the PSP.")]
    failure_code: Annotated[FailureCode | None, Meta(description="Why it failed; null unless it did.")]
    pending_operation: Annotated[
        Operation | None, Meta(description="What the PSP is being asked for; null: nothing.")
    ]
    outcome_unknown_since: Annotated[
        datetime | None,
        Meta(description="Since when it is not known what became of that; null: nothing is unknown."),
    ]
    disputed: Annotated[bool, Meta(description="Whether the customer's bank ever questioned it.")]
    reports_held: Annotated[int, Meta(description="Reports of the PSP that wait for a person.")]
    review: Annotated[
        ReviewStatus | None, Meta(description="How its review stands; null: the rules sent it to none.")
    ]
    review_decide_by: Annotated[
        datetime | None, Meta(description="Until when a person may decide the review.")
    ]
    created_at: Annotated[datetime, Meta(description="When the merchant asked for it.")]


def charge_summary(charge_id: ChargeId, charge: Charge) -> StaffChargeSummary:
    """A charge in one row."""
    card = charge.instrument if isinstance(charge.instrument, CardInstrument) else None
    return StaffChargeSummary(
        id=charge_id,
        mode="live" if charge.livemode else "test",
        merchant=charge.merchant_id,
        status=charge.status,
        amount_minor=charge.amount.amount_minor,
        currency=charge.amount.currency,
        amount_captured_minor=charge.captured_minor,
        amount_refunded_minor=charge.refunded_minor,
        payment_method_type=payment_method_type(charge.payment_method),
        brand=None if card is None else card.brand,
        last4=None if card is None else card.last4,
        customer_email=charge.customer_email,
        description=charge.description,
        metadata=charge.metadata,
        psp=charge.psp,
        psp_account=charge.psp_account,
        psp_reference=charge.psp_reference,
        failure_code=None if charge.failure is None else charge.failure.code,
        pending_operation=None if charge.operation is None else charge.operation.kind,
        outcome_unknown_since=charge.unknown_since,
        disputed=bool(charge.disputes),
        reports_held=len(charge.held_reports),
        review=review_status(charge),
        review_decide_by=charge.review_decide_by,
        created_at=charge.created_at,
    )
