"""What Stripe says of a payment: from payment intents and errors to outcomes, by the tables of `vocabulary`. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, assert_never

import structlog

from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Expired,
    Fact,
    OperationOutcome,
    Outcome,
    PspReference,
    Rejected,
    Retryable,
    Unknown,
    Unreadable,
)
from fincore.write.psp.port import ReceiptRefused
from fincore.write.psp.stripe import vocabulary
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.answer import Answered, NoAnswer, NotSent
from fincore.write.psp.stripe.verdict import (
    decline_of,
    failure_of,
    operation_verdict_on,
    refusal_in_words,
    unsettled,
    verdict_on,
)
from fincore.write.psp.stripe.vocabulary import (
    RECEIPT_REFUSED,
    Ask,
    Lapsed,
    Overtaken,
    Refused,
    Repeat,
    WithoutReceipt,
)
from fincore.write.psp.stripe.wire import (
    CHARGE_ID_KEY,
    BalanceTransaction,
    PaymentIntent,
    StripeCharge,
    StripeError,
)

_log = structlog.get_logger(__name__)

Said = Fact | Unknown | Unreadable
"""What a payment intent says."""


def outcome_of(
    answer: Answered[PaymentIntent] | NotSent | NoAnswer,
    charge_id: ChargeId,
    *,
    now: datetime,
    has_receipt: bool = False,
) -> Outcome | ReceiptRefused:
    """What the answer to a call that takes or holds money for a charge means.

    `has_receipt`: the call named an address for a receipt.
    """
    match answer:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoAnswer(reason=reason):
            return Unknown(reason=reason, since=now)
        case Answered(body=PaymentIntent() as intent) if not names(intent, charge_id):
            return _about_another_payment(answer, now)
        case Answered(body=PaymentIntent() as intent):
            return understood(fact_of(intent, now=now), now)
        case Answered():
            return _outcome_of_refusal(answer, charge_id, now, has_receipt=has_receipt)
        case _:
            assert_never(answer)


def operation_outcome_of(
    answer: Answered[PaymentIntent] | NotSent | NoAnswer,
    what: str,
    reference: PspReference,
    *,
    now: datetime,
) -> OperationOutcome:
    """What the answer to a capture or a cancellation of the payment `reference` means. `what` names the operation."""
    match answer:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoAnswer(reason=reason):
            return Unknown(reason=reason, since=now)
        case Answered(body=PaymentIntent() as intent) if intent.id != reference:
            return _about_another_payment(answer, now)
        case Answered(body=PaymentIntent() as intent):
            return _ended(intent, now) or Unknown(
                reason=f"Stripe accepted {what}, and the payment has not ended yet", since=now
            )
        case Answered():
            return _outcome_of_refused_operation(answer, what, reference, now)
        case _:
            assert_never(answer)


def fact_of(intent: PaymentIntent, *, now: datetime, occurred_at: datetime | None = None) -> Said:
    """What a payment intent says. `occurred_at` is the time of the fact where the caller has it from Stripe."""
    read = INTENT_STATUSES.get(intent.status)
    if read is None:
        return Unreadable("Stripe reports a payment status that FinCore does not know")
    if read not in _WITH_MONEY and (intent.amount_received or intent.amount_capturable):
        return Unreadable(f"Stripe reports a payment that is {intent.status} and has taken or holds money")
    return read(intent, occurred_at or _time_of(intent), now)


def understood(said: Said, now: datetime) -> Fact | Unknown:
    """The same as the answer to a call of ours: what cannot be read settles nothing."""
    return Unknown(reason=said.reason, since=now) if isinstance(said, Unreadable) else said


def names(intent: PaymentIntent, charge_id: ChargeId) -> bool:
    """Whether a payment intent carries the metadata that we gave the charge's own."""
    return intent.metadata.get(CHARGE_ID_KEY) == charge_id


def _about_another_payment(answer: Answered[PaymentIntent], now: datetime) -> Unknown:
    _log.error("stripe.answer_about_another_payment", request_id=answer.request_id)
    return Unknown(
        reason=f"Stripe's answer is about another payment (Stripe's request {answer.request_id})", since=now
    )


def _captured(intent: PaymentIntent, occurred_at: datetime, _now: datetime) -> Said:
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
    )


def _authorized(intent: PaymentIntent, occurred_at: datetime, _now: datetime) -> Said:
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
    )


def _action_required(intent: PaymentIntent, _occurred_at: datetime, _now: datetime) -> Said:
    """ActionRequired: next_action.redirect_to_url.url."""
    page = intent.next_action and intent.next_action.redirect_to_url
    return ActionRequired(psp_reference=PspReference(intent.id), redirect_url=page.url if page else None)


def _processing(_intent: PaymentIntent, _occurred_at: datetime, now: datetime) -> Said:
    """Unknown: processing at the PSP."""
    return Unknown(reason="processing at the PSP", since=now)


def _given_up(intent: PaymentIntent, occurred_at: datetime, _now: datetime) -> Said:
    """Expired or Canceled by cancellation_reason."""
    reference = PspReference(intent.id)
    at = _utc(intent.canceled_at) if intent.canceled_at is not None else occurred_at
    reason = intent.cancellation_reason or "canceled at Stripe"
    expiry = vocabulary.EXPIRY_REASONS.get(reason)
    if expiry is not None:
        return Expired(reason=expiry, psp_reference=reference, occurred_at=at)
    return Canceled(reason=reason, psp_reference=reference, occurred_at=at)


def _failed_attempt(intent: PaymentIntent, occurred_at: datetime, now: datetime) -> Said:
    """Declined by last_payment_error; Unknown without one."""
    error = intent.last_payment_error
    if error is None:
        return _undecided(intent, occurred_at, now)
    return _declined(error, _reason_of_failed_attempt(error), occurred_at, PspReference(intent.id))


def _undecided(intent: PaymentIntent, _occurred_at: datetime, now: datetime) -> Said:
    """Unknown: not attempted yet."""
    return Unknown(reason=f"the payment is {intent.status} at the PSP: not attempted yet", since=now)


INTENT_STATUSES: Final[Mapping[str, Callable[[PaymentIntent, datetime, datetime], Said]]] = MappingProxyType(
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
"""Status of a payment intent -> how to read it. Any other status is Unreadable."""

_WITH_MONEY: Final = frozenset({_captured, _authorized, _processing})
"""How those are read that have taken or hold money, or are about to; of all others the amounts are 0."""


def _positive(amount: int | None, currency: str, what: str) -> Money | Unreadable:
    """The money of a status that says that there is some."""
    if amount is None or amount < 1:
        return Unreadable(f"Stripe reports a payment with {amount or 'no'} amount {what}")
    money = from_stripe(amount, currency)
    return Unreadable(money.reason) if isinstance(money, Inexpressible) else money


def _outcome_of_refusal(
    answer: Answered[PaymentIntent], charge_id: ChargeId, now: datetime, *, has_receipt: bool
) -> Outcome | ReceiptRefused:
    error = answer.error
    if error is not None and error.payment_intent is not None and not names(error.payment_intent, charge_id):
        return _about_another_payment(answer, now)
    verdict = verdict_on(answer.status, error)
    if isinstance(verdict, WithoutReceipt):
        # A payment that stands at Stripe already must not be made a second time under another key.
        if has_receipt and error is not None and error.payment_intent is None:
            return ReceiptRefused(
                refusal_in_words(error, "the address for its receipt", request_id=answer.request_id)
            )
        verdict = RECEIPT_REFUSED
    match verdict:
        case Refused():
            intent = error.payment_intent if error else None
            return _declined(
                error or StripeError(),
                verdict,
                _time_of(intent) if intent else now,
                PspReference(intent.id) if intent else None,
                request_id=answer.request_id,
            )
        case Repeat() | Ask():
            return unsettled(verdict, answer, now)
        case _:
            assert_never(verdict)


def _outcome_of_refused_operation(
    answer: Answered[PaymentIntent], what: str, reference: PspReference, now: datetime
) -> OperationOutcome:
    error = answer.error or StripeError()
    if error.payment_intent is not None and error.payment_intent.id != reference:
        return _about_another_payment(answer, now)
    verdict = operation_verdict_on(answer.status, answer.error)
    if isinstance(verdict, Repeat | Ask):
        return unsettled(verdict, answer, now)
    # What the payment has become goes before what the error calls it: this is how a capture repeated under another
    # key is recognised.
    shown = _ended(error.payment_intent, now) if error.payment_intent else None
    if shown is not None:
        return shown
    match verdict:
        case Lapsed():
            return Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=now)
        case Overtaken():
            unclear = Ask("the payment is in a state that Stripe did not expect")
            return unsettled(unclear, answer, now)
        case Refused():
            return Rejected(
                failure=failure_of(error, verdict, what, request_id=answer.request_id), occurred_at=now
            )
        case _:
            assert_never(verdict)


def _ended(intent: PaymentIntent, now: datetime) -> Approved | Canceled | Expired | None:
    """How a payment ended that was captured or given up; None for one that is still open, or cannot be expressed."""
    fact = fact_of(intent, now=now, occurred_at=_moved_at(intent) or now)
    if isinstance(fact, Approved):
        return fact if fact.kind == "captured" else None
    return fact if isinstance(fact, Canceled | Expired) else None


def _declined(
    error: StripeError,
    refused: Refused,
    occurred_at: datetime,
    reference: PspReference | None,
    *,
    request_id: str | None = None,
) -> Declined:
    failure = failure_of(error, refused, "the payment", request_id=request_id)
    return Declined(failure=failure, occurred_at=occurred_at, psp_reference=reference)


def _reason_of_failed_attempt(error: StripeError) -> Refused:
    """The intent's status already says that the attempt failed; the error only says why."""
    if error.type == "card_error":
        return decline_of(error)
    listed = vocabulary.REQUEST_ERRORS.get(error.code or "")
    if isinstance(listed, Refused):
        return listed
    return (
        Refused("processing_error", "retry_later")
        if error.type == "api_error"
        else vocabulary.UNLISTED_DECLINE
    )


def _time_of(intent: PaymentIntent) -> datetime:
    charge = intent.latest_charge
    return _moved_at(intent) or _utc(charge.created if isinstance(charge, StripeCharge) else intent.created)


def _moved_at(intent: PaymentIntent) -> datetime | None:
    """When the money was taken. A charge's own time is that of its authorization."""
    movement = _movement(intent)
    return None if movement is None else _utc(movement.created)


def _movement(intent: PaymentIntent) -> BalanceTransaction | None:
    charge = intent.latest_charge
    movement = charge.balance_transaction if isinstance(charge, StripeCharge) else None
    return movement if isinstance(movement, BalanceTransaction) else None


def _fee(intent: PaymentIntent) -> Money | None:
    """Stripe's price, in the currency in which it settles with us; None where it is not said, or makes no sense."""
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
