"""The refund's machine: from one snapshot to the next, with the charge it belongs to. Pure.

pending -> succeeded -> failed; pending -> failed; pending -> canceled
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from psp_sandbox.stripe.cards import Refunding
from psp_sandbox.stripe.charge_transition import RefundTransition
from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.movements import moved
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_refunds import Refund, RefundReason

FailureReason = Literal[
    "declined",
    "expired_or_canceled_card",
    "insufficient_funds",
    "lost_or_stolen_card",
    "merchant_request",
    "unknown",
]

PENDING = frozenset({"pending"})
CAN_FAIL = frozenset({"pending", "succeeded"})


class RefundFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a new refund needs to know: what was asked, the time in unix seconds, names for what it makes."""

    refund_id: str
    movement_id: str
    amount: int
    metadata: dict[str, str]
    now: int
    reason: RefundReason | None
    refunding: Refunding


def refundable(charge: Charge) -> int:
    """Minor units that can still be refunded. Stripe counts what a partial capture released as refunded already."""
    return charge.amount - charge.amount_refunded


def create(charge: Charge, facts: RefundFacts) -> RefundTransition:
    """Money is sent back. It leaves the balance at once, also where the refund is pending."""
    pending = facts.refunding == "succeeds_later"
    refund = Refund(
        id=facts.refund_id,
        amount=facts.amount,
        balance_transaction=facts.movement_id,
        charge=charge.id,
        created=facts.now,
        currency=charge.currency,
        customer=charge.customer,
        metadata=facts.metadata,
        payment_intent=charge.payment_intent,
        payment_method=charge.payment_method,
        pending_reason="processing" if pending else UNSET,
        reason=facts.reason,
        status="pending" if pending else "succeeded",
    )
    after, before = _with_refunded(charge, charge.amount_refunded + facts.amount)
    movement = moved(
        "refund",
        facts.movement_id,
        amount=facts.amount,
        charge=charge,
        source=refund.id,
        now=facts.now,
    )
    return RefundTransition(
        charge=after,
        refund=refund,
        movement=movement,
        events=(NewEvent("refund.created", refund), NewEvent("charge.refunded", after, before)),
        effect=None if facts.refunding == "succeeds" else Effect(kind="settle_refund", object_id=refund.id),
    )


def succeed(refund: Refund) -> RefundTransition:
    """A pending refund reached the card."""
    done = replace(refund, status="succeeded", pending_reason=UNSET)
    return RefundTransition(
        refund=done, events=_updated(done, {"pending_reason": "processing", "status": "pending"})
    )


def fail(
    refund: Refund, charge: Charge, *, reason: FailureReason, movement_id: str, now: int
) -> RefundTransition:
    """The card's bank sent the money back, though the refund may have succeeded before: the balance has it again."""
    return _undone(refund, charge, status="failed", reason=reason, movement_id=movement_id, now=now)


def cancel(refund: Refund, charge: Charge, *, movement_id: str, now: int) -> RefundTransition:
    """The merchant took a pending refund back."""
    return _undone(
        refund, charge, status="canceled", reason="merchant_request", movement_id=movement_id, now=now
    )


def describe(refund: Refund, metadata: dict[str, str]) -> RefundTransition:
    """The refund has other metadata."""
    changed = replace(refund, metadata=metadata)
    return RefundTransition(
        refund=changed, events=_updated(changed, {"metadata": refund.metadata}), keeps_effect=True
    )


def _undone(
    refund: Refund,
    charge: Charge,
    *,
    status: Literal["canceled", "failed"],
    reason: FailureReason,
    movement_id: str,
    now: int,
) -> RefundTransition:
    undone = replace(
        refund,
        failure_balance_transaction=movement_id,
        failure_reason=reason,
        pending_reason=UNSET,
        status=status,
    )
    before: dict[str, Any] = {
        "failure_balance_transaction": None,
        "failure_reason": None,
        "status": refund.status,
    }
    after, _ = _with_refunded(charge, charge.amount_refunded - refund.amount)
    events = _updated(undone, before)
    if status == "failed":
        events = (*events, NewEvent("refund.failed", undone, before))
    return RefundTransition(
        charge=after,
        refund=undone,
        movement=moved(
            "refund_failure", movement_id, amount=refund.amount, charge=charge, source=refund.id, now=now
        ),
        events=events,
    )


def _updated(refund: Refund, before: dict[str, Any]) -> tuple[NewEvent, ...]:
    """Under its name of today and its name of before 2024-10, which Stripe sends beside it."""
    return NewEvent("refund.updated", refund, before), NewEvent("charge.refund.updated", refund, before)


def _with_refunded(charge: Charge, amount_refunded: int) -> tuple[Charge, dict[str, Any]]:
    after = replace(charge, amount_refunded=amount_refunded, refunded=amount_refunded == charge.amount)
    before: dict[str, Any] = {"amount_refunded": charge.amount_refunded}
    if after.refunded != charge.refunded:
        before["refunded"] = charge.refunded
    return after, before
