"""The payment intent's machine: from one snapshot to the next, with the events that happened. Pure.

requires_payment_method -> requires_confirmation -> requires_action -> requires_capture -> succeeded
processing, for a payment that takes its time -> requires_capture, succeeded, or requires_payment_method
every state but succeeded -> canceled; a failed attempt -> requires_payment_method
"""

from typing import Any, Literal, assert_never

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from psp_sandbox.stripe.cards import Card
from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.errors import DOC_URL
from psp_sandbox.stripe.movements import Movement, charged
from psp_sandbox.stripe.outcomes import Approved, ChallengeRequired, Decision, Decline, Declined, outcome_of
from psp_sandbox.stripe.wire import (
    CardDetails,
    Charge,
    ErrorDetail,
    EventObject,
    NextAction,
    Overcapture,
    PaymentIntent,
    PaymentMethod,
    PaymentMethodDetails,
)

AUTHORIZATION_SECONDS = 7 * 24 * 3_600
"""How long an online card authorization holds before it expires."""

CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
CAPTURABLE = frozenset({"requires_capture"})
CANCELABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
)


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to emit, with the object after it and, where Stripe shows them, the fields before it."""

    type: str
    object: EventObject
    previous: dict[str, Any] | UnsetType = UNSET


class Transition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The next snapshots and the effect to schedule. `error`: the refusal of the card, for the caller."""

    intent: PaymentIntent
    charge: Charge | None = None
    movement: Movement | None = None
    effect: Effect | None = None
    events: tuple[NewEvent, ...]
    error: ErrorDetail | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything an attempt at a payment needs to know: the card, the time in unix seconds, names for what it makes."""

    method: PaymentMethod
    card: Card
    now: int
    charge_id: str
    movement_id: str
    next_action: NextAction | None = None


def attempt(intent: PaymentIntent, decision: Decision, facts: Attempt) -> Transition:
    """The payment goes on as the decision says."""
    match decision:
        case ChallengeRequired():
            waiting = replace(
                intent,
                status="requires_action",
                next_action=facts.next_action,
                payment_method=facts.method.id,
                last_payment_error=None,
            )
            return Transition(intent=waiting, events=(NewEvent("payment_intent.requires_action", waiting),))
        case Approved():
            return _approved(intent, decision, facts)
        case Declined():
            return _declined(intent, decision, facts)
        case _:
            assert_never(decision)


def process(intent: PaymentIntent, facts: Attempt, *, effect: Effect) -> Transition:
    """The payment method takes its time: the outcome comes with the effect."""
    processing = replace(
        intent,
        status="processing",
        payment_method=facts.method.id,
        next_action=None,
        last_payment_error=None,
    )
    return Transition(
        intent=processing, effect=effect, events=(NewEvent("payment_intent.processing", processing),)
    )


def authentication_failed(intent: PaymentIntent, method: PaymentMethod) -> Transition:
    """The customer did not authenticate: no charge was made."""
    error = ErrorDetail(
        type="invalid_request_error",
        code="payment_intent_authentication_failure",
        doc_url=DOC_URL + "payment-intent-authentication-failure",
        message="We are unable to authenticate your payment method. "
        "Please choose a different payment method and try again.",
        payment_method=method,
    )
    failed = replace(
        intent,
        status="requires_payment_method",
        next_action=None,
        payment_method=None,
        last_payment_error=error,
    )
    return Transition(intent=failed, events=(NewEvent("payment_intent.payment_failed", failed),))


def capture(
    intent: PaymentIntent, charge: Charge, amount: int, *, card: Card, movement_id: str, now: int
) -> Transition:
    """The authorized money is taken, whole or in part; what is left of the authorization is released."""
    captured = replace(
        charge,
        captured=True,
        amount_captured=amount,
        amount_refunded=charge.amount - amount,
        balance_transaction=movement_id,
        payment_method_details=_without_capture_before(charge.payment_method_details),
    )
    done = replace(intent, status="succeeded", amount_received=amount, amount_capturable=0)
    before: dict[str, Any] = {"amount_captured": 0, "balance_transaction": None, "captured": False}
    if captured.amount_refunded:
        before["amount_refunded"] = 0
    return Transition(
        intent=done,
        charge=captured,
        movement=_taken(captured, card, movement_id, now),
        effect=_dispute_effect(captured, card),
        events=(NewEvent("charge.captured", captured, before), NewEvent("payment_intent.succeeded", done)),
    )


def cancel(intent: PaymentIntent, charge: Charge | None, *, reason: str | None, now: int) -> Transition:
    """No more attempts. An authorization that waits for its capture is released, which Stripe shows as refunded."""
    canceled = _canceled(intent, reason, now)
    if charge is None or intent.status != "requires_capture":
        return Transition(intent=canceled, events=(NewEvent("payment_intent.canceled", canceled),))
    return _released(canceled, charge, "charge.refunded")


def expire(intent: PaymentIntent, charge: Charge, *, now: int) -> Transition:
    """The authorization was not captured in time: the hold is gone and the payment with it."""
    return _released(_canceled(intent, "automatic", now), charge, "charge.expired")


def _released(
    canceled: PaymentIntent, charge: Charge, event_type: Literal["charge.refunded", "charge.expired"]
) -> Transition:
    released = replace(
        charge,
        amount_refunded=charge.amount,
        refunded=True,
        payment_method_details=_without_capture_before(charge.payment_method_details),
    )
    before: dict[str, Any] = {"amount_refunded": 0, "refunded": False}
    events = (NewEvent(event_type, released, before), NewEvent("payment_intent.canceled", canceled))
    return Transition(intent=canceled, charge=released, events=events)


def _canceled(intent: PaymentIntent, reason: str | None, now: int) -> PaymentIntent:
    return replace(
        intent,
        status="canceled",
        amount_capturable=0,
        canceled_at=now,
        cancellation_reason=reason,
        next_action=None,
    )


def _approved(intent: PaymentIntent, decision: Approved, facts: Attempt) -> Transition:
    charge = _charge(intent, decision, facts)
    movement: Movement | None = None
    effect: Effect | None
    changes: dict[str, Any] = {
        "latest_charge": charge.id,
        "payment_method": facts.method.id,
        "next_action": None,
        "last_payment_error": None,
    }
    if charge.captured:
        event_type = "payment_intent.succeeded"
        changes |= {"status": "succeeded", "amount_received": intent.amount}
        movement = _taken(charge, facts.card, facts.movement_id, facts.now)
        effect = _dispute_effect(charge, facts.card)
    else:
        event_type = "payment_intent.amount_capturable_updated"
        changes |= {"status": "requires_capture", "amount_capturable": intent.amount}
        effect = Effect(kind="expire_hold", object_id=intent.id, at=facts.now + AUTHORIZATION_SECONDS)
    paid: PaymentIntent = replace(intent, **changes)
    return Transition(
        intent=paid,
        charge=charge,
        movement=movement,
        effect=effect,
        events=(NewEvent("charge.succeeded", charge), NewEvent(event_type, paid)),
    )


def _declined(intent: PaymentIntent, decision: Declined, facts: Attempt) -> Transition:
    charge = _charge(intent, decision, facts)
    error = _card_error(decision.decline, charge, facts.method)
    failed = replace(
        intent,
        status="requires_payment_method",
        latest_charge=charge.id,
        payment_method=None,
        next_action=None,
        last_payment_error=error,
    )
    return Transition(
        intent=failed,
        charge=charge,
        events=(NewEvent("charge.failed", charge), NewEvent("payment_intent.payment_failed", failed)),
        error=replace(error, payment_intent=failed),
    )


def _taken(charge: Charge, card: Card, movement_id: str, now: int) -> Movement:
    return charged(
        movement_id,
        amount=charge.amount_captured,
        at_once=card.bypasses_pending,
        currency=charge.currency,
        description=charge.description,
        now=now,
        source=charge.id,
    )


def _dispute_effect(charge: Charge, card: Card) -> Effect | None:
    return None if card.disputing is None else Effect(kind="dispute_charge", object_id=charge.id)


def _card_error(decline: Decline, charge: Charge, method: PaymentMethod) -> ErrorDetail:
    return ErrorDetail(
        type="card_error",
        advice_code=decline.advice_code or UNSET,
        charge=charge.id,
        code=decline.code,
        decline_code=decline.decline_code or UNSET,
        doc_url=DOC_URL + decline.code.replace("_", "-"),
        message=decline.message,
        network_decline_code=decline.network_code or UNSET,
        payment_method=method,
    )


def _charge(intent: PaymentIntent, decision: Approved | Declined, facts: Attempt) -> Charge:
    approved = isinstance(decision, Approved)
    captured = approved and intent.capture_method != "manual"
    decline = decision.decline if isinstance(decision, Declined) else None
    return Charge(
        id=facts.charge_id,
        amount=intent.amount,
        amount_captured=intent.amount if captured else 0,
        balance_transaction=facts.movement_id if captured else None,
        billing_details=facts.method.billing_details,
        calculated_statement_descriptor="PSP SANDBOX" if approved else None,
        captured=captured,
        created=facts.now,
        currency=intent.currency,
        customer=intent.customer,
        description=intent.description,
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        livemode=intent.livemode,
        metadata=intent.metadata,
        outcome=outcome_of(facts.card, decision),
        paid=approved,
        payment_intent=intent.id,
        payment_method=facts.method.id,
        payment_method_details=_details(intent, decision, facts, holds=approved and not captured),
        receipt_email=intent.receipt_email,
        shipping=intent.shipping,
        statement_descriptor=intent.statement_descriptor,
        statement_descriptor_suffix=intent.statement_descriptor_suffix,
        status="succeeded" if approved else "failed",
        transfer_group=intent.transfer_group,
    )


def _details(
    intent: PaymentIntent, decision: Approved | Declined, facts: Attempt, *, holds: bool
) -> PaymentMethodDetails:
    card = facts.method.card
    approved = isinstance(decision, Approved)
    # Six digits and fifteen, as the networks give them; drawn from the charge's own name so that they never change.
    trace = str(int.from_bytes(facts.charge_id[-6:].encode())).zfill(15)[:15]
    return PaymentMethodDetails(
        card=CardDetails(
            amount_authorized=intent.amount if approved else None,
            authorization_code=trace[-6:] if approved else None,
            brand=card.brand,
            capture_before=facts.now + AUTHORIZATION_SECONDS if holds else UNSET,
            checks=card.checks,
            country=card.country,
            exp_month=card.exp_month,
            exp_year=card.exp_year,
            fingerprint=card.fingerprint,
            funding=card.funding,
            last4=card.last4,
            network=card.brand,
            network_transaction_id=trace if approved else None,
            overcapture=Overcapture(maximum_amount_capturable=intent.amount),
            three_d_secure=decision.three_d_secure,
        )
    )


def _without_capture_before(details: PaymentMethodDetails) -> PaymentMethodDetails:
    return replace(details, card=replace(details.card, capture_before=UNSET))
