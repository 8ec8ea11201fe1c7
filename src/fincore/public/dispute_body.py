"""A dispute as merchants see it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.dispute import Dispute
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import DisputeStatus


class DisputeBody(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's bank questions a charge. Amounts are in minor units; times are RFC 3339, in UTC."""

    id: str
    object: Literal["dispute"] = "dispute"
    charge: Annotated[str, Meta(description="The id of the charge in question.")]
    livemode: bool
    status: Annotated[
        DisputeStatus,
        Meta(
            description="`needs_response`: send your evidence at the PSP until `evidence_due_by`. `under_review`: the "
            "bank decides. `won`, `lost`: it has decided. `closed`: over without a verdict."
        ),
    ]
    is_inquiry: Annotated[
        bool,
        Meta(description="The bank only asks so far; no money has moved, and it may become a chargeback."),
    ]
    amount_minor: Annotated[int, Meta(description="What is disputed, in `currency`.")]
    currency: str
    reason: Annotated[str, Meta(description="The bank's reason, in the PSP's words.")]
    evidence_due_by: Annotated[
        datetime | None, Meta(description="Until when the PSP takes evidence, where it says so.")
    ]
    amount_withdrawn_minor: Annotated[
        int, Meta(description="What the PSP has taken from you for it, in `movements_currency`.")
    ]
    amount_reinstated_minor: Annotated[
        int, Meta(description="What of that it has given back. Money moves apart from the verdict.")
    ]
    fee_minor: Annotated[
        int, Meta(description="What the PSP charges for the dispute, less what of it was given back.")
    ]
    movements_currency: Annotated[
        str | None,
        Meta(description="The currency in which the PSP settles with you; null until money has moved."),
    ]
    psp_reference: Annotated[str, Meta(description="The dispute's id at the PSP.")]
    opened_at: datetime
    updated_at: datetime


class DisputeListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of disputes, newest first."""

    object: Literal["list"] = "list"
    data: list[DisputeBody]
    has_more: bool
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")]


def dispute_body(charge_id: ChargeId, dispute: Dispute, *, livemode: bool) -> DisputeBody:
    """A dispute of a charge, of whose mode it is."""
    return DisputeBody(
        id=dispute.dispute_id,
        charge=charge_id,
        livemode=livemode,
        status=dispute.status,
        is_inquiry=dispute.is_inquiry,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency,
        reason=dispute.reason,
        evidence_due_by=dispute.evidence_due_by,
        amount_withdrawn_minor=dispute.withdrawn_minor,
        amount_reinstated_minor=dispute.reinstated_minor,
        fee_minor=dispute.withdrawn_fee_minor - dispute.reinstated_fee_minor,
        movements_currency=dispute.movements_currency,
        psp_reference=dispute.psp_reference,
        opened_at=dispute.opened_at,
        updated_at=dispute.updated_at,
    )
