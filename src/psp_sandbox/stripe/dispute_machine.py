"""The dispute's machine: from one snapshot to the next, with the money it takes and gives back. Pure.

needs_response -> under_review -> won | lost; needs_response -> lost
warning_needs_response -> warning_under_review -> warning_closed; both -> needs_response (escalated)
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec.structs import asdict, replace

from psp_sandbox.stripe.charge_transition import DisputeTransition
from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.movements import DAY_SECONDS, Movement, moved, shown
from psp_sandbox.stripe.refund_machine import refundable
from psp_sandbox.stripe.settlement_currency import SettlementCurrency, converted
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_disputes import (
    Dispute,
    DisputedCard,
    DisputedMethod,
    DisputeReason,
    DisputeStatus,
    Evidence,
    EvidenceDetails,
)

EVIDENCE_DAYS = 14
"""How many days a dispute can be answered: until the last second of the last one, UTC."""

VISA_REASON_CODES: dict[DisputeReason, str] = {
    "credit_not_processed": "13.6",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
}

Step = Literal["accept", "close_inquiry", "escalate", "lose", "submit", "win"]
STEPS: dict[Step, dict[DisputeStatus, DisputeStatus]] = {
    "accept": {"needs_response": "lost", "warning_needs_response": "warning_closed"},
    "close_inquiry": {
        "warning_needs_response": "warning_closed",
        "warning_under_review": "warning_closed",
    },
    "escalate": {"warning_needs_response": "needs_response", "warning_under_review": "needs_response"},
    "lose": {"needs_response": "lost", "under_review": "lost"},
    "submit": {
        "needs_response": "under_review",
        "warning_needs_response": "warning_under_review",
    },
    "win": {"needs_response": "won", "under_review": "won"},
}
"""Where each step leads from each status; from the others it cannot be taken. `accept` is the merchant's, by word
or by silence; `submit` is too; the others are the issuer's."""

CLOSED = frozenset({"lost", "warning_closed", "won"})

RESOLUTIONS: dict[tuple[str, DisputeStatus], Step] = {
    ("winning_evidence", "under_review"): "win",
    ("losing_evidence", "under_review"): "lose",
    ("winning_evidence", "warning_under_review"): "close_inquiry",
    ("losing_evidence", "warning_under_review"): "close_inquiry",
    ("escalate_inquiry_evidence", "warning_under_review"): "escalate",
}
"""What the issuer makes of `evidence[uncategorized_text]`. Any other evidence stays under review."""


class ImpossibleStep(Exception):
    """The dispute is not in a status, or its money not in a place, from which this step can be taken."""


class DisputeFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a step needs to know: the time in unix seconds, a name for the movement if it makes one, and how it is settled."""

    movement_id: str
    now: int
    settles: SettlementCurrency | None = None


def open_dispute(
    charge: Charge,
    *,
    dispute_id: str,
    amount: int,
    reason: DisputeReason,
    inquiry: bool,
    facts: DisputeFacts,
) -> DisputeTransition:
    """A cardholder objects. A chargeback takes the money at once; an inquiry only asks."""
    card = charge.payment_method_details.card
    dispute = Dispute(
        id=dispute_id,
        amount=amount,
        charge=charge.id,
        created=facts.now,
        currency=charge.currency,
        evidence_details=EvidenceDetails(due_by=_due_by(facts.now)),
        is_charge_refundable=inquiry,
        livemode=charge.livemode,
        metadata={},
        payment_intent=charge.payment_intent,
        payment_method_details=DisputedMethod(
            card=DisputedCard(
                brand=card.brand,
                case_type="inquiry" if inquiry else "chargeback",
                network=card.network,
                network_reason_code=VISA_REASON_CODES.get(reason) if card.brand == "visa" else None,
            )
        ),
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    movement = None
    if not inquiry:
        dispute, movement = _moved("withdrawal", dispute, charge, facts)
    events: tuple[NewEvent, ...] = (NewEvent("charge.dispute.created", dispute),)
    if movement is not None:
        events = (*events, NewEvent("charge.dispute.funds_withdrawn", dispute))
    return DisputeTransition(
        charge=replace(charge, disputed=True),
        dispute=dispute,
        movement=movement,
        events=events,
        effect=_next_effect(dispute, charge),
    )


def held_funds(dispute: Dispute) -> int:
    """What the dispute has, in minor units of the currency in which it was settled: withdrawn, and not reinstated."""
    return -sum(transaction.amount for transaction in dispute.balance_transactions)


def _held_of_charge(dispute: Dispute) -> int:
    """The same in minor units of the charge: of what was converted all that is disputed, while any of it is held."""
    held = held_funds(dispute)
    is_converted = any(one.currency != dispute.currency for one in dispute.balance_transactions)
    return dispute.amount if held and is_converted else held


def disputable(charge: Charge, disputes: Iterable[Dispute]) -> int:
    """Minor units a new dispute can be about: what neither refunds nor disputes have. None, while one is open."""
    standing = list(disputes)
    if not charge.captured or any(dispute.status not in CLOSED for dispute in standing):
        return 0
    return refundable(charge) - sum(map(_held_of_charge, standing))


def take(step: Step, dispute: Dispute, charge: Charge, facts: DisputeFacts) -> DisputeTransition:
    """The dispute goes on. Raises ImpossibleStep: not from this status, or there is no money left to withdraw."""
    status = STEPS[step].get(dispute.status)
    if status is None:
        raise ImpossibleStep(
            f"{dispute.id} is {dispute.status}; it would have to be {' or '.join(STEPS[step])}"
        )
    after = replace(dispute, status=status)
    movement = None
    if step == "submit":
        details = dispute.evidence_details
        after = replace(
            after, evidence_details=replace(details, submission_count=details.submission_count + 1)
        )
    if step == "win" and held_funds(dispute):
        after, movement = _moved("reinstatement", after, charge, facts)
    if step == "escalate":
        after, movement = _moved("withdrawal", _as_chargeback(after, facts), charge, facts)
    word = "closed" if status in CLOSED else "updated"
    closed = NewEvent(f"charge.dispute.{word}", after, {"status": dispute.status})
    events: tuple[NewEvent, ...] = (closed,)
    if movement is not None and step == "win":
        events = (NewEvent("charge.dispute.funds_reinstated", after), closed)
    elif movement is not None:
        events = (closed, NewEvent("charge.dispute.funds_withdrawn", after))
    return DisputeTransition(
        dispute=after, movement=movement, events=events, effect=_next_effect(after, charge)
    )


def withdraw_funds(dispute: Dispute, charge: Charge, facts: DisputeFacts) -> DisputeTransition:
    """The money is taken, in any status. Raises ImpossibleStep: it already is, or all was refunded."""
    if held_funds(dispute):
        raise ImpossibleStep(f"the funds of {dispute.id} are withdrawn already")
    after, movement = _moved("withdrawal", dispute, charge, facts)
    return _funds_moved("charge.dispute.funds_withdrawn", after, movement)


def reinstate_funds(dispute: Dispute, charge: Charge, facts: DisputeFacts) -> DisputeTransition:
    """The money comes back, in any status: a network may do so before it decides. Raises ImpossibleStep."""
    if not held_funds(dispute):
        raise ImpossibleStep(f"the funds of {dispute.id} are not withdrawn")
    after, movement = _moved("reinstatement", dispute, charge, facts)
    return _funds_moved("charge.dispute.funds_reinstated", after, movement)


def describe(
    dispute: Dispute, charge: Charge, *, evidence: Evidence, metadata: dict[str, str], submitted: bool
) -> DisputeTransition:
    """Evidence and metadata as the merchant says they are now. Submitted, the evidence goes to review and its verdict.

    Raises ImpossibleStep: it was submitted before, or the dispute is closed.
    """
    status = STEPS["submit"].get(dispute.status)
    changes_evidence = evidence != dispute.evidence
    if (changes_evidence or submitted) and status is None:
        raise ImpossibleStep(f"{dispute.id} is {dispute.status}; its evidence can no longer be changed")
    details = dispute.evidence_details
    after = replace(
        dispute,
        evidence=evidence,
        evidence_details=replace(
            details,
            has_evidence=any(asdict(evidence).values()),
            submission_count=details.submission_count + submitted,
        ),
        metadata=metadata,
        status=status if submitted and status is not None else dispute.status,
    )
    return DisputeTransition(
        dispute=after,
        events=(NewEvent("charge.dispute.updated", after, _differences(dispute, after)),),
        effect=_next_effect(after, charge),
        keeps_effect=after.status == dispute.status,
    )


def resolution(dispute: Dispute, charge: Charge) -> Step | None:
    """What becomes of evidence under review, if anything does. An inquiry after a refund has nothing left to take."""
    step = RESOLUTIONS.get((dispute.evidence.uncategorized_text or "", dispute.status))
    return "close_inquiry" if step == "escalate" and not refundable(charge) else step


def _moved(
    move: Literal["reinstatement", "withdrawal"], dispute: Dispute, charge: Charge, facts: DisputeFacts
) -> tuple[Dispute, Movement]:
    """What was withdrawn comes back; what is withdrawn is no more than refunds have left."""
    withdrawable = min(dispute.amount, refundable(charge))
    amount = held_funds(dispute) if move == "reinstatement" else withdrawable
    if amount == 0:
        raise ImpossibleStep(f"{charge.id} has been refunded; there is nothing to withdraw")
    movement = moved(move, facts.movement_id, amount=amount, charge=charge, source=dispute.id, now=facts.now)
    if move == "reinstatement":
        # What comes back is what was taken, in the currency of that.
        movement = replace(movement, currency=dispute.balance_transactions[-1].currency)
    else:
        movement = converted(movement, facts.settles)
    transactions = (*dispute.balance_transactions, shown(movement, now=facts.now))
    return replace(dispute, balance_transactions=transactions), movement


def _funds_moved(event_type: str, dispute: Dispute, movement: Movement) -> DisputeTransition:
    return DisputeTransition(
        dispute=dispute,
        movement=movement,
        events=(NewEvent(event_type, dispute),),
        keeps_effect=True,
    )


def _as_chargeback(dispute: Dispute, facts: DisputeFacts) -> Dispute:
    """A case of its own, with time to answer it; what was said of the inquiry stays to be read."""
    details = dispute.payment_method_details
    return replace(
        dispute,
        evidence_details=replace(dispute.evidence_details, due_by=_due_by(facts.now), submission_count=0),
        is_charge_refundable=False,
        payment_method_details=replace(details, card=replace(details.card, case_type="chargeback")),
    )


def _due_by(now: int) -> int:
    return (now // DAY_SECONDS + EVIDENCE_DAYS) * DAY_SECONDS - 1


def _next_effect(dispute: Dispute, charge: Charge) -> Effect | None:
    """The end of the time in which the dispute can be answered, or the verdict on its evidence."""
    if dispute.status in STEPS["accept"]:
        return Effect(kind="lapse_dispute", object_id=dispute.id, at=dispute.evidence_details.due_by + 1)
    if resolution(dispute, charge) is not None:
        return Effect(kind="judge_dispute", object_id=dispute.id)
    return None


def _differences(before: Dispute, after: Dispute) -> dict[str, Any]:
    """What was before, of the fields that changed; within evidence too only those."""
    changed: dict[str, Any] = {
        name: getattr(before, name)
        for name in ("metadata", "status")
        if getattr(before, name) != getattr(after, name)
    }
    for name in ("evidence", "evidence_details"):
        old, new = asdict(getattr(before, name)), asdict(getattr(after, name))
        inner = {key: value for key, value in old.items() if value != new[key]}
        if inner:
            changed[name] = inner
    return changed
