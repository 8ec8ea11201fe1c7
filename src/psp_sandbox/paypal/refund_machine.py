"""Refunds and reversals of captures: from one snapshot to the next. Pure.

refund: PENDING -> COMPLETED or FAILED; capture: COMPLETED <-> PARTIALLY_REFUNDED <-> REFUNDED
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from psp_sandbox.paypal import fees
from psp_sandbox.paypal.change import Change, Effect, NewEvent
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import Amount, Capture, CaptureStatus, Refund

REFUND_SECONDS = 180 * 24 * 3_600
"""How long after a capture it can be refunded."""
REFUNDABLE = frozenset({"COMPLETED", "PARTIALLY_REFUNDED"})


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a merchant asks of a capture: an amount, or all that is left."""

    refund_id: str
    amount: Amount | None
    custom_id: str | None = None
    invoice_id: str | None = None
    note: str | None = None


def refund(capture: Capture, asked: RefundOrder, *, now: int) -> Change:
    """Money goes back to the payer. Raises Refusal: it never came, went back already, or is more than is left."""
    if capture.status == "PENDING":
        raise Refusal("PENDING_CAPTURE")
    if capture.status == "REFUNDED":
        raise Refusal("CAPTURE_FULLY_REFUNDED")
    if capture.status not in REFUNDABLE:
        raise Refusal("REFUND_NOT_ALLOWED")
    if now > capture.created_at + REFUND_SECONDS:
        raise Refusal("REFUND_TIME_LIMIT_EXCEEDED")
    if asked.amount is not None and asked.amount.currency != capture.amount.currency:
        raise Refusal("REFUND_CAPTURE_CURRENCY_MISMATCH", field="/amount/currency_code")
    left = capture.amount.minor - capture.refunded_minor
    if asked.amount is not None and asked.amount.minor > left:
        raise Refusal("REFUND_AMOUNT_EXCEEDED", field="/amount/value")
    waits = capture.instrument.funding in {"echeck", "refund_fails"}
    made = _refund_of(capture, asked, status="PENDING" if waits else "COMPLETED", now=now)
    return Change(
        records=(_with_refunded(capture, capture.refunded_minor + made.amount.minor, now=now), made),
        events=(NewEvent("PAYMENT.REFUND.PENDING" if waits else "PAYMENT.CAPTURE.REFUNDED", made.id),),
        effects=(Effect("paypal.decide_refund", made.id, None),) if waits else (),
    )


def reverse(capture: Capture, asked: RefundOrder, *, now: int) -> Change:
    """The payer's bank takes back what is left of a capture. Raises Refusal: there is nothing to take."""
    if capture.status not in REFUNDABLE:
        raise Refusal("REFUND_NOT_ALLOWED")
    made = replace(_refund_of(capture, asked, status="COMPLETED", now=now), reversal=True)
    return Change(
        records=(_with_refunded(capture, capture.refunded_minor + made.amount.minor, now=now), made),
        events=(NewEvent("PAYMENT.CAPTURE.REVERSED", made.id),),
    )


def decide_refund(refund: Refund, capture: Capture, *, failed: bool, now: int) -> Change:
    """A pending refund reached the payer, or came back."""
    after = replace(refund, status="FAILED" if failed else "COMPLETED", reason=None, updated_at=now)
    if not failed:
        return Change(records=(after,), events=(NewEvent("PAYMENT.CAPTURE.REFUNDED", refund.id),))
    back = _with_refunded(capture, capture.refunded_minor - refund.amount.minor, now=now)
    return Change(records=(back, after), events=(NewEvent("PAYMENT.REFUND.FAILED", refund.id),))


def _refund_of(
    capture: Capture, asked: RefundOrder, *, status: Literal["PENDING", "COMPLETED"], now: int
) -> Refund:
    left = capture.amount.minor - capture.refunded_minor
    amount = asked.amount or Amount(capture.amount.currency, left)
    return Refund(
        id=asked.refund_id,
        account=capture.account,
        order_id=capture.order_id,
        reference_id=capture.reference_id,
        capture_id=capture.id,
        status=status,
        reason="ECHECK" if status == "PENDING" else None,
        amount=amount,
        fee_minor=fees.returned_minor(
            amount.minor, refunded_before_minor=capture.refunded_minor, captured_minor=capture.amount.minor
        ),
        total_refunded_minor=capture.refunded_minor + amount.minor,
        created_at=now,
        updated_at=now,
        custom_id=asked.custom_id,
        invoice_id=asked.invoice_id,
        note=asked.note,
    )


def _with_refunded(capture: Capture, refunded_minor: int, *, now: int) -> Capture:
    status: CaptureStatus = "PARTIALLY_REFUNDED"
    if refunded_minor == 0:
        status = "COMPLETED"
    elif refunded_minor == capture.amount.minor:
        status = "REFUNDED"
    return replace(capture, status=status, refunded_minor=refunded_minor, updated_at=now)
