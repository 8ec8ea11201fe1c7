"""What a list of disputes answers. Pure."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.dispute import Dispute
from fincore.domain.outcome import DisputeCategory, DisputeStatus
from fincore.public.dispute_body import DisputeMovementsBody, dispute_body
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.read.paymentdb.dispute_view import DisputeView
from fincore.staff.list_bodies import ChargeOfRow, MerchantOfRow, ModeOfRow, mode_of

Urgency = Literal["overdue", "within_a_day", "within_three_days", "later", "none"]
"""How soon evidence is due. `none`: nothing is to be answered, or the PSP named no time."""

_DAY: Final = timedelta(days=1)
_THREE_DAYS: Final = timedelta(days=3)


class StaffDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute of any merchant, in one row of a list."""

    id: Annotated[str, Meta(description="The dispute's id.")]
    object: Annotated[Literal["dispute"], ObjectName] = "dispute"
    mode: ModeOfRow
    merchant: MerchantOfRow
    charge: ChargeOfRow
    status: Annotated[DisputeStatus, Meta(description="Where the dispute stands.")]
    is_inquiry: Annotated[bool, Meta(description="Whether the bank only asks.")]
    amount_minor: Annotated[int, Meta(description="The disputed amount, in the minor unit of `currency`.")]
    currency: CurrencyCode
    reason: Annotated[str, Meta(description="The bank's reason, as the PSP names it.")]
    category: Annotated[
        DisputeCategory | None, Meta(description="The reason in the same words for every PSP.")
    ]
    evidence_due_by: Annotated[
        datetime | None, Meta(description="Until when the PSP accepts evidence; null: it names no time.")
    ]
    urgency: Annotated[Urgency, Meta(description="How soon that is, by the clock of the server.")]
    movements: Annotated[
        list[DisputeMovementsBody], Meta(description="What the dispute has moved, by currency.")
    ]
    psp_reference: Annotated[str, Meta(description="Its id at the PSP.")]
    opened_at: Annotated[datetime, Meta(description="When the bank opened it.")]
    updated_at: Annotated[datetime, Meta(description="When it last changed, by the PSP's clock.")]


class StaffDisputeList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of disputes."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffDispute], Meta(description="The disputes of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def urgency_of(dispute: Dispute, now: datetime) -> Urgency:
    """How soon evidence of a dispute is due."""
    due = dispute.evidence_due_by
    if due is None or dispute.status != "needs_response":
        return "none"
    if due <= now:
        return "overdue"
    if due <= now + _DAY:
        return "within_a_day"
    return "within_three_days" if due <= now + _THREE_DAYS else "later"


def staff_dispute(view: DisputeView, now: datetime) -> StaffDispute:
    """A dispute in one row."""
    dispute = view.dispute
    return StaffDispute(
        id=dispute.dispute_id,
        mode=mode_of(livemode=view.livemode),
        merchant=view.merchant_id,
        charge=view.charge_id,
        status=dispute.status,
        is_inquiry=dispute.is_inquiry,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency,
        reason=dispute.reason,
        category=dispute.category,
        evidence_due_by=dispute.evidence_due_by,
        urgency=urgency_of(dispute, now),
        movements=dispute_body(view.charge_id, dispute, livemode=view.livemode).movements,
        psp_reference=dispute.psp_reference,
        opened_at=dispute.opened_at,
        updated_at=dispute.updated_at,
    )
