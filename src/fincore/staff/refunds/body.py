"""What a list of refunds answers. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.events import RefundOrigin, RefundReason
from fincore.domain.outcome import RefundFailureCode
from fincore.domain.refund import RefundStatus
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName, StoredMetadata
from fincore.read.paymentdb.refund_view import RefundView
from fincore.staff.list_bodies import ChargeOfRow, MerchantOfRow, ModeOfRow, mode_of


class StaffRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of any merchant, in one row of a list."""

    id: Annotated[str, Meta(description="The refund's id.")]
    object: Annotated[Literal["refund"], ObjectName] = "refund"
    mode: ModeOfRow
    merchant: MerchantOfRow
    charge: ChargeOfRow
    status: Annotated[RefundStatus, Meta(description="Where the refund stands.")]
    amount_minor: Annotated[int, Meta(description="The amount, in the minor unit of `currency`.")]
    currency: CurrencyCode
    reason: Annotated[RefundReason | None, Meta(description="Why it was asked for; null: nothing was said.")]
    origin: Annotated[RefundOrigin, Meta(description="Who asked for it.")]
    metadata: StoredMetadata
    psp_reference: Annotated[str | None, Meta(description="Its id at the PSP.")]
    failure_code: Annotated[RefundFailureCode | None, Meta(description="Why it failed; null unless it did.")]
    outcome_unknown_since: Annotated[
        datetime | None, Meta(description="Since when the PSP's answer is missing; null: it is not.")
    ]
    created_at: Annotated[datetime, Meta(description="When it was asked for.")]
    updated_at: Annotated[datetime, Meta(description="When it last changed, by the PSP's clock.")]


class StaffRefundList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of refunds, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRefund], Meta(description="The refunds of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def staff_refund(view: RefundView) -> StaffRefund:
    """A refund in one row."""
    refund = view.refund
    return StaffRefund(
        id=refund.refund_id,
        mode=mode_of(livemode=view.livemode),
        merchant=view.merchant_id,
        charge=view.charge_id,
        status=refund.status,
        amount_minor=refund.amount_minor,
        currency=view.currency,
        reason=refund.reason,
        origin=refund.origin,
        metadata=refund.metadata,
        psp_reference=refund.psp_reference,
        failure_code=refund.failure_code,
        outcome_unknown_since=refund.unknown_since,
        created_at=refund.requested_at,
        updated_at=refund.updated_at,
    )
