"""What a list of checkout sessions answers. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.checkout_session import CheckoutSessionStatus
from fincore.domain.checkout_session_events import ExpiryReason
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName, StoredMetadata
from fincore.read.paymentdb.session_row import SessionView
from fincore.staff.list_bodies import MerchantOfRow, ModeOfRow, mode_of


class StaffCheckoutSession(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout session of any merchant, in one row of a list."""

    id: Annotated[str, Meta(description="The checkout session's id.")]
    object: Annotated[Literal["checkout_session"], ObjectName] = "checkout_session"
    mode: ModeOfRow
    merchant: MerchantOfRow
    status: Annotated[CheckoutSessionStatus, Meta(description="Where it stands.")]
    amount_minor: Annotated[int, Meta(description="What is to be paid, in the minor unit of `currency`.")]
    currency: CurrencyCode
    charges: Annotated[list[str], Meta(description="The charges that are its attempts, in their order.")]
    paid_by: Annotated[str | None, Meta(description="The charge that paid it; null: none has.")]
    expiry_reason: Annotated[
        ExpiryReason | None, Meta(description="Why it ends, or has ended, unpaid; null: it does not.")
    ]
    metadata: StoredMetadata
    created_at: Annotated[datetime, Meta(description="When the merchant made it.")]
    expires_at: Annotated[datetime, Meta(description="When it ends if it is not paid.")]


class StaffCheckoutSessionList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of checkout sessions, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffCheckoutSession], Meta(description="The checkout sessions of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def staff_session(view: SessionView) -> StaffCheckoutSession:
    """A checkout session in one row."""
    session = view.session
    paid = session.paid_attempt
    return StaffCheckoutSession(
        id=view.session_id,
        mode=mode_of(livemode=session.livemode),
        merchant=session.merchant_id,
        status=session.status,
        amount_minor=session.amount.amount_minor,
        currency=session.amount.currency,
        charges=[attempt.charge_id for attempt in session.attempts],
        paid_by=None if paid is None else paid.charge_id,
        expiry_reason=session.expiry_reason,
        metadata=session.metadata,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )
