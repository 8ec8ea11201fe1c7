"""What a merchant may ask of a charge: capture, cancel, refund. Guards first, one a line; then only the event of the request.

Requests are decided on the whole stream, and committed against its version: of two that do not fit together, the second
is decided again on what the first left.
"""

from datetime import datetime
from typing import Final

from fincore.domain.charge import Charge
from fincore.domain.events import (
    CancelReason,
    CancelRequested,
    CaptureRequested,
    RefundOrigin,
    RefundReason,
    RefundRequested,
)
from fincore.domain.ids import RefundId
from fincore.domain.money import Money
from fincore.domain.refusal import Refusal
from fincore.domain.risk_review import review_status

REFUNDS_MAX: Final = 100
"""Refunds of one charge, failed ones included."""


def request_capture(charge: Charge, amount_minor: int | None, now: datetime) -> CaptureRequested | Refusal:
    """Take what is held, or `amount_minor` of it; None is all of it."""
    wanted_minor = charge.authorized_minor if amount_minor is None else amount_minor
    if charge.status != "authorized":
        return Refusal(
            "charge_not_capturable", f"The charge is {charge.status}; only an authorized one can be captured."
        )
    if charge.operation is not None:
        return Refusal(
            "operation_in_progress",
            f"A {charge.operation.kind} of the charge is under way; wait for its outcome.",
        )
    if (barrier := _review_barrier(charge)) is not None:
        return barrier
    if wanted_minor < 1:
        return Refusal(
            "amount_too_small", "Capture at least 1 minor unit; to take nothing, cancel the charge."
        )
    if wanted_minor > charge.authorized_minor:
        held = Money(charge.authorized_minor, charge.amount.currency)
        return Refusal("capture_amount_too_large", f"Only {held} is held; capture that much or less.")
    return CaptureRequested(amount_minor=wanted_minor, requested_at=now)


def _review_barrier(charge: Charge) -> Refusal | None:
    """Why what is held of a charge that the rules sent to review may not be taken; None once it is approved."""
    match review_status(charge):
        case None | "approved":
            return None
        case "declined":
            return Refusal("charge_not_capturable", "Staff declined the charge: what is held is given up.")
        case _:
            return Refusal(
                "charge_under_review",
                "Staff review the charge; what is held can be captured once they approve it.",
            )


def request_cancel(charge: Charge, reason: CancelReason, now: datetime) -> CancelRequested | Refusal:
    """Give the charge up before money is taken."""
    if charge.status not in ("authorized", "requires_action"):
        return Refusal(
            "charge_not_cancelable",
            f"The charge is {charge.status}; only one that is authorized or requires action can be canceled.",
        )
    if charge.operation is not None:
        return Refusal(
            "operation_in_progress",
            f"A {charge.operation.kind} of the charge is under way; wait for its outcome.",
        )
    return CancelRequested(reason=reason, requested_at=now)


def refund_barrier(charge: Charge) -> Refusal | None:
    """Why every refund of a charge is refused now, of any amount; None where one is accepted.

    The only rule: requests are decided by it, and `acceptable_refund_minor` shows it to merchants.
    """
    if charge.status != "succeeded":
        return Refusal(
            "charge_not_refundable", f"The charge is {charge.status}; only a succeeded one can be refunded."
        )
    if any(dispute.bars_refunds for dispute in charge.disputes):
        return Refusal(
            "charge_disputed",
            "The charge is disputed: what the bank takes back must not be refunded as well.",
        )
    if charge.held_reports:
        return Refusal(
            "charge_report_held",
            "The PSP reported something about this charge that staff have to look at; it may concern the same money.",
        )
    if len(charge.refunds) >= REFUNDS_MAX:
        return Refusal("too_many_refunds", f"A charge can have {REFUNDS_MAX} refunds at most.")
    if charge.refundable_minor == 0:
        return Refusal("charge_already_refunded", "Nothing is left to refund.")
    return None


def acceptable_refund_minor(charge: Charge) -> int:
    """The largest amount that a refund of a charge may ask for now; 0 where every refund is refused."""
    return 0 if refund_barrier(charge) is not None else charge.refundable_minor


def request_refund(
    charge: Charge,
    refund_id: RefundId,
    amount_minor: int | None,
    now: datetime,
    *,
    reason: RefundReason | None = None,
    origin: RefundOrigin = "merchant",
    metadata: dict[str, str] | None = None,
) -> RefundRequested | Refusal:
    """Give back `amount_minor` of what was captured; None is all that is left."""
    barrier = refund_barrier(charge)
    if barrier is not None:
        return barrier
    left = Money(charge.refundable_minor, charge.amount.currency)
    wanted_minor = left.amount_minor if amount_minor is None else amount_minor
    if wanted_minor < 1:
        return Refusal("amount_too_small", "Refund at least 1 minor unit.")
    if wanted_minor > left.amount_minor:
        return Refusal("refund_amount_too_large", f"Only {left} is left to refund.")
    return RefundRequested(
        refund_id=refund_id,
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        amount_minor=wanted_minor,
        currency=charge.amount.currency,
        requested_at=now,
        reason=reason,
        origin=origin,
        metadata=metadata or {},
    )
