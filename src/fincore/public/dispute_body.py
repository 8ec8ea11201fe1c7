"""A dispute as merchants see it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.dispute import Dispute
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import DisputeCategory, DisputeStatus
from fincore.public.fields import (
    ChargeReference,
    CurrencyCode,
    HasMore,
    Livemode,
    NextCursor,
    ObjectName,
    UpdatedAt,
)


class DisputeMovementsBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a dispute has moved in one of the currencies in which the PSP settles with you."""

    currency: CurrencyCode
    amount_withdrawn_minor: Annotated[int, Meta(description="What the PSP has taken from you.")]
    amount_reinstated_minor: Annotated[int, Meta(description="What of that it has given back.")]
    fee_minor: Annotated[int, Meta(description="What the PSP charges, less what of it was given back.")]


class DisputeBody(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's bank disputes a charge. Amounts are in minor units; times are RFC 3339, in UTC."""

    id: Annotated[str, Meta(description="The dispute's id.", examples=["dp_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    object: Annotated[Literal["dispute"], ObjectName] = "dispute"
    charge: ChargeReference
    livemode: Livemode
    status: Annotated[
        DisputeStatus,
        Meta(description="Where the dispute stands. An appeal can reverse a decision of the bank."),
    ]
    is_inquiry: Annotated[
        bool,
        Meta(
            description="`true`: the bank only asks. No money has moved; the inquiry can still become a "
            "chargeback."
        ),
    ]
    amount_minor: Annotated[int, Meta(description="The disputed amount, in the minor unit of `currency`.")]
    currency: CurrencyCode
    reason: Annotated[str, Meta(description="The bank's reason, as the PSP names it.")]
    category: Annotated[
        DisputeCategory | None,
        Meta(
            description="Why the charge is disputed, in the same words for every PSP; null for a dispute that was opened before "
            "FinCore told it."
        ),
    ]
    evidence_due_by: Annotated[
        datetime | None, Meta(description="Until when the PSP accepts your evidence, where it says so.")
    ]
    amount_withdrawn_minor: Annotated[
        int, Meta(description="The amount that the PSP took for the dispute, in `movements_currency`.")
    ]
    amount_reinstated_minor: Annotated[
        int,
        Meta(
            description="The part of it that the PSP gave back. Money moves independently of the bank's decision."
        ),
    ]
    fee_minor: Annotated[
        int, Meta(description="The PSP's fee for the dispute, less what the PSP gave back of it.")
    ]
    movements_currency: Annotated[
        str | None,
        Meta(
            description="ISO 4217 code of the currency in which the money moved; null until money has moved. Where it "
            "moved in several, this field and the three before it tell of the first; `movements` tells all."
        ),
    ]
    movements: Annotated[
        list[DisputeMovementsBody],
        Meta(description="All that has moved, by currency; empty until money has."),
    ]
    psp_reference: Annotated[str, Meta(description="The dispute's id at the PSP.")]
    opened_at: Annotated[datetime, Meta(description="When the bank opened the dispute.")]
    updated_at: UpdatedAt


class DisputeListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of disputes, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[DisputeBody], Meta(description="The disputes of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def dispute_body(charge_id: ChargeId, dispute: Dispute, *, livemode: bool) -> DisputeBody:
    """A dispute of a charge, in the mode of the charge."""
    movements = [
        DisputeMovementsBody(
            currency=moved.currency,
            amount_withdrawn_minor=moved.withdrawn_minor,
            amount_reinstated_minor=moved.reinstated_minor,
            fee_minor=moved.withdrawn_fee_minor - moved.reinstated_fee_minor,
        )
        for moved in dispute.movements
    ]
    return DisputeBody(
        id=dispute.dispute_id,
        charge=charge_id,
        livemode=livemode,
        status=dispute.status,
        is_inquiry=dispute.is_inquiry,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency,
        reason=dispute.reason,
        category=dispute.category,
        evidence_due_by=dispute.evidence_due_by,
        amount_withdrawn_minor=movements[0].amount_withdrawn_minor if movements else 0,
        amount_reinstated_minor=movements[0].amount_reinstated_minor if movements else 0,
        fee_minor=movements[0].fee_minor if movements else 0,
        movements_currency=movements[0].currency if movements else None,
        movements=movements,
        psp_reference=dispute.psp_reference,
        opened_at=dispute.opened_at,
        updated_at=dispute.updated_at,
    )
