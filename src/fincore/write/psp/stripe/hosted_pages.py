"""What a Checkout session says of a payment: the session says whether its page is open, its payment intent what became of the money. Pure.

A session is the payment, and its payment intent a part of it: to FinCore the payment is called `cs_...`, and its part, which holds or took
the money, `pi_...`. Sources: docs.stripe.com/api/checkout/sessions/object, docs.stripe.com/checkout/fulfillment.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.ids import ChargeId
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Expired,
    OperationOutcome,
    Pending,
    PspReference,
    SubReference,
    Unreadable,
)
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.intents import IntentReading, read_intent, time_of
from fincore.write.psp.stripe.wire import CheckoutSession, PaymentIntent

PREFIX: Final = "cs_"
DECIDED_WITHIN: Final = timedelta(days=14)
"""Stripe's slowest payment methods that notify later decide within two weeks (docs.stripe.com/payments/bank-debits)."""


def is_hosted(reference: PspReference) -> bool:
    """Whether a payment's reference is that of a Checkout session."""
    return reference.startswith(PREFIX)


def names_charge(session: CheckoutSession, charge_id: ChargeId) -> bool:
    """Whether a session was opened for the charge: its `client_reference_id`, which nothing changes later."""
    return session.client_reference_id == charge_id


def payment_of(session: CheckoutSession) -> PspReference | None:
    """The payment intent of a session; None while no customer has tried to pay."""
    intent = session.payment_intent
    if intent is None:
        return None
    return PspReference(intent if isinstance(intent, str) else intent.id)


def read_session(session: CheckoutSession, *, now: datetime) -> IntentReading:
    """What a session says, with its payment intent expanded. Money that its payment intent shows counts in every status."""
    if isinstance(session.payment_intent, str):
        return Unreadable("Stripe shows a session without the payment that it names")
    read = SESSION_STATUSES.get(session.status or "")
    if read is None:
        return Unreadable("Stripe reports a session status that FinCore does not know")
    money = _money_of(session, now)
    return read(session, now) if money is None else money


def of_session(outcome: OperationOutcome, session: PspReference, payment: PspReference) -> OperationOutcome:
    """What is said of a session's payment intent, as said of the session: what holds or took money is its part."""
    match outcome:
        case Approved():
            return _approved(outcome, session, payment)
        case Declined() | Canceled() | Expired() | Pending() | ActionRequired():
            return msgspec.structs.replace(outcome, psp_reference=session)
        case _:
            return outcome


def _approved(outcome: Approved, session: PspReference, payment: PspReference) -> Approved:
    part = SubReference("authorization" if outcome.kind == "authorized" else "capture", payment)
    return msgspec.structs.replace(outcome, psp_reference=session, sub_references=(part,))


def _money_of(session: CheckoutSession, now: datetime) -> IntentReading | None:
    """What the payment intent says if it has taken or holds money, or is about to; None if it does not."""
    intent = session.payment_intent
    if not isinstance(intent, PaymentIntent):
        return None
    reading = read_intent(intent, now=now)
    if intent.status == "processing" and not isinstance(reading, Unreadable):
        return _pending(session, intent, now)
    if isinstance(reading, Unreadable):
        return reading
    if not isinstance(reading, Approved):
        return None
    total = (
        None if session.amount_total is None else from_stripe(session.amount_total, session.currency or "")
    )
    if total is None or isinstance(total, Inexpressible):
        return Unreadable("Stripe reports a session with a total that FinCore cannot express")
    if reading.money.currency != total.currency or reading.money.amount_minor > total.amount_minor:
        return Unreadable(f"Stripe reports {reading.money} paid in a session of {total}")
    return _approved(reading, PspReference(session.id), PspReference(intent.id))


def _open(session: CheckoutSession, _now: datetime) -> IntentReading:
    """ActionRequired: url; the customer may pay, also after a card was declined."""
    return ActionRequired(psp_reference=PspReference(session.id), redirect_url=session.url)


def _complete(session: CheckoutSession, now: datetime) -> IntentReading:
    """What its payment intent has become; Pending while that is decided later."""
    intent = session.payment_intent
    if not isinstance(intent, PaymentIntent):
        return Unreadable("Stripe reports a complete session without a payment")
    reading = read_intent(intent, now=now)
    if isinstance(reading, ActionRequired):
        # The customer pays elsewhere: by a voucher, or by a transfer.
        return _pending(session, intent, now)
    if isinstance(reading, Declined | Canceled | Expired):
        return msgspec.structs.replace(reading, psp_reference=PspReference(session.id))
    return reading


def _expired(session: CheckoutSession, now: datetime) -> IntentReading:
    """Expired abandoned, whether its time was over or a call expired it."""
    expires_at = datetime.fromtimestamp(session.expires_at, UTC)
    return Expired(
        reason="abandoned", psp_reference=PspReference(session.id), occurred_at=min(now, expires_at)
    )


SESSION_STATUSES: Final[Mapping[str, Callable[[CheckoutSession, datetime], IntentReading]]] = (
    MappingProxyType({"open": _open, "complete": _complete, "expired": _expired})
)
"""Status of a Checkout session -> how to read it where its payment intent has no money. Any other status is Unreadable."""


def _pending(session: CheckoutSession, intent: PaymentIntent, now: datetime) -> Pending:
    begun_at, payment = time_of(intent), PspReference(intent.id)
    return Pending(
        psp_reference=PspReference(session.id),
        reason=f"{intent.status} at the PSP",
        occurred_at=begun_at,
        pending_until=min(begun_at, now) + DECIDED_WITHIN,
        sub_references=(SubReference("capture", payment),),
    )
