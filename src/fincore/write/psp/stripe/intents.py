"""What a payment intent says, by the table of its statuses. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Expired,
    KnownOutcome,
    PspReference,
    Unknown,
    Unreadable,
)
from fincore.write.psp.stripe import error_tables, status_tables
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.error_policy import decline_of, failure_of
from fincore.write.psp.stripe.error_tables import Refused
from fincore.write.psp.stripe.instruments import instrument_of_charge, instrument_of_error
from fincore.write.psp.stripe.radar import risk_of_charge, risk_of_refused
from fincore.write.psp.stripe.wire import (
    CHARGE_ID_KEY,
    BalanceTransaction,
    PaymentIntent,
    StripeCharge,
    StripeError,
)

IntentReading = KnownOutcome | Unknown | Unreadable
"""What a payment intent says."""


def read_intent(
    intent: PaymentIntent, *, now: datetime, occurred_at: datetime | None = None
) -> IntentReading:
    """What a payment intent says. `occurred_at` is the time of the event where the caller has it from Stripe."""
    read = INTENT_STATUSES.get(intent.status)
    if read is None:
        return Unreadable("Stripe reports a payment status that FinCore does not know")
    if read not in _WITH_MONEY and (intent.amount_received or intent.amount_capturable):
        return Unreadable(f"Stripe reports a payment that is {intent.status} and has taken or holds money")
    return read(intent, occurred_at or time_of(intent), now)


def understood(reading: IntentReading, now: datetime) -> KnownOutcome | Unknown:
    """The outcome of a call that was answered with it: what cannot be read leaves the outcome unknown."""
    return Unknown(reason=reading.reason, since=now) if isinstance(reading, Unreadable) else reading


def names(intent: PaymentIntent, charge_id: ChargeId) -> bool:
    """Whether a payment intent carries the metadata that we gave the charge's own."""
    return intent.metadata.get(CHARGE_ID_KEY) == charge_id


def _captured(intent: PaymentIntent, occurred_at: datetime, _now: datetime) -> IntentReading:
    """Approved, captured: amount_received."""
    money = _positive(intent.amount_received, intent.currency, "received")
    if isinstance(money, Unreadable):
        return money
    return Approved(
        kind="captured",
        money=money,
        psp_reference=PspReference(intent.id),
        occurred_at=occurred_at,
        fee=_fee(intent),
        instrument=instrument_of_charge(intent.latest_charge),
        psp_risk=risk_of_charge(intent.latest_charge),
    )


def _authorized(intent: PaymentIntent, occurred_at: datetime, _now: datetime) -> IntentReading:
    """Approved, authorized: amount_capturable."""
    money = _positive(intent.amount_capturable, intent.currency, "capturable")
    if isinstance(money, Unreadable):
        return money
    return Approved(
        kind="authorized",
        money=money,
        psp_reference=PspReference(intent.id),
        occurred_at=occurred_at,
        capture_before=_capture_before(intent),
        instrument=instrument_of_charge(intent.latest_charge),
        psp_risk=risk_of_charge(intent.latest_charge),
    )


def _action_required(intent: PaymentIntent, _occurred_at: datetime, _now: datetime) -> IntentReading:
    """ActionRequired: next_action.redirect_to_url.url."""
    page = intent.next_action and intent.next_action.redirect_to_url
    return ActionRequired(psp_reference=PspReference(intent.id), redirect_url=page.url if page else None)


def _processing(_intent: PaymentIntent, _occurred_at: datetime, now: datetime) -> IntentReading:
    """Unknown: processing at the PSP."""
    return Unknown(reason="processing at the PSP", since=now)


def _given_up(intent: PaymentIntent, occurred_at: datetime, _now: datetime) -> IntentReading:
    """Expired or Canceled by cancellation_reason."""
    reference = PspReference(intent.id)
    at = _utc(intent.canceled_at) if intent.canceled_at is not None else occurred_at
    reason = intent.cancellation_reason or "canceled at Stripe"
    expiry = status_tables.EXPIRY_REASONS.get(reason)
    if expiry is not None:
        return Expired(reason=expiry, psp_reference=reference, occurred_at=at)
    return Canceled(reason=reason, psp_reference=reference, occurred_at=at)


def _failed_attempt(intent: PaymentIntent, occurred_at: datetime, now: datetime) -> IntentReading:
    """Declined by last_payment_error; Unknown without one."""
    error = intent.last_payment_error
    if error is None:
        return _undecided(intent, occurred_at, now)
    return declined(error, _reason_of_failed_attempt(error), occurred_at, intent)


def _undecided(intent: PaymentIntent, _occurred_at: datetime, now: datetime) -> IntentReading:
    """Unknown: not attempted yet."""
    return Unknown(reason=f"the payment is {intent.status} at the PSP: not attempted yet", since=now)


INTENT_STATUSES: Final[Mapping[str, Callable[[PaymentIntent, datetime, datetime], IntentReading]]] = (
    MappingProxyType(
        {
            "succeeded": _captured,
            "requires_capture": _authorized,
            "requires_action": _action_required,
            "processing": _processing,
            "canceled": _given_up,
            "requires_payment_method": _failed_attempt,
            "requires_confirmation": _undecided,
        }
    )
)
"""Status of a payment intent -> how to read it. Any other status is Unreadable."""

_WITH_MONEY: Final = frozenset({_captured, _authorized, _processing})
"""How those are read that have taken or hold money, or are about to; of all others the amounts are 0."""


def _positive(amount: int | None, currency: str, what: str) -> Money | Unreadable:
    """The money of a status that says that there is some."""
    if amount is None or amount < 1:
        return Unreadable(f"Stripe reports a payment with {amount or 'no'} amount {what}")
    money = from_stripe(amount, currency)
    return Unreadable(money.reason) if isinstance(money, Inexpressible) else money


def declined(
    error: StripeError,
    refused: Refused,
    occurred_at: datetime,
    intent: PaymentIntent | None,
    *,
    request_id: str | None = None,
) -> Declined:
    """The refusal of a payment; `intent` where Stripe shows the payment.

    The error shows the card of the attempt that it is about; the latest charge may be of an attempt before it.
    """
    charge = intent.latest_charge if intent else None
    return Declined(
        failure=failure_of(error, refused, "the payment", request_id=request_id),
        occurred_at=occurred_at,
        psp_reference=PspReference(intent.id) if intent else None,
        instrument=instrument_of_error(error) or instrument_of_charge(charge),
        psp_risk=risk_of_refused(error, charge),
    )


def _reason_of_failed_attempt(error: StripeError) -> Refused:
    """The intent's status already says that the attempt failed; the error only says why."""
    if error.type == "card_error":
        return decline_of(error)
    listed = error_tables.REQUEST_ERRORS.get(error.code or "")
    if isinstance(listed, Refused):
        return listed
    return (
        Refused("processing_error", "retry_later")
        if error.type == "api_error"
        else error_tables.UNLISTED_DECLINE
    )


def time_of(intent: PaymentIntent) -> datetime:
    """When what a payment intent says happened, as far as Stripe tells."""
    charge = intent.latest_charge
    return moved_at(intent) or _utc(charge.created if isinstance(charge, StripeCharge) else intent.created)


def moved_at(intent: PaymentIntent) -> datetime | None:
    """When the money was taken. A charge's own time is that of its authorization."""
    movement = _movement(intent)
    return None if movement is None else _utc(movement.created)


def _movement(intent: PaymentIntent) -> BalanceTransaction | None:
    charge = intent.latest_charge
    movement = charge.balance_transaction if isinstance(charge, StripeCharge) else None
    return movement if isinstance(movement, BalanceTransaction) else None


def _fee(intent: PaymentIntent) -> Money | None:
    """Stripe's price, in the currency in which it pays out to us; None where the intent does not show it, or it makes no sense."""
    movement = _movement(intent)
    if movement is None or not movement.adds_up or movement.fee < 0:
        return None
    fee = from_stripe(movement.fee, movement.currency)
    return fee if isinstance(fee, Money) else None


def _capture_before(intent: PaymentIntent) -> datetime | None:
    charge = intent.latest_charge
    details = charge.payment_method_details if isinstance(charge, StripeCharge) else None
    seconds = details.card.capture_before if details and details.card else None
    return None if seconds is None else _utc(seconds)


def _utc(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)
