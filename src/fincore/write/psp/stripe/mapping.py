"""What Stripe's answers mean: from its objects and errors to outcomes, by the tables of `vocabulary`. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, assert_never

from fincore.domain.card_number import without_card_numbers
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Fact,
    Failure,
    Outcome,
    PspReference,
    Retryable,
    Unknown,
)
from fincore.write.psp.stripe import vocabulary
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.answer import Answered, NoAnswer, NotSent
from fincore.write.psp.stripe.vocabulary import Ask, Refused, Repeat, Verdict
from fincore.write.psp.stripe.wire import PaymentIntent, StripeCharge, StripeError

MESSAGE_CHARS_MAX: Final = 300
DISCREET_MESSAGE: Final = "Your card was declined."
_FIRST_SERVER_ERROR: Final = 500


def outcome_of(answer: Answered[PaymentIntent] | NotSent | NoAnswer, *, now: datetime) -> Outcome:
    """What the answer to a call that takes or holds money means."""
    match answer:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoAnswer(reason=reason):
            return Unknown(reason=reason, since=now)
        case Answered(body=PaymentIntent() as intent):
            return fact_of(intent, now=now)
        case Answered():
            return _outcome_of_refusal(answer, now)
        case _:
            assert_never(answer)


def fact_of(intent: PaymentIntent, *, now: datetime, occurred_at: datetime | None = None) -> Fact | Unknown:
    """What a payment intent says. `occurred_at` is the time of the fact where the caller has it from Stripe."""
    read = INTENT_STATUSES.get(intent.status)
    if read is None:
        return Unknown(reason="Stripe reports a payment status that FinCore does not know", since=now)
    return read(intent, occurred_at or _time_of(intent), now)


def verdict_on(status: int, error: StripeError | None) -> Verdict:
    """What an answer that is not a success means for the payment."""
    if status >= _FIRST_SERVER_ERROR:
        return Ask(f"Stripe failed with HTTP {status}")
    if error is not None and error.type == "idempotency_error":
        return Ask("the idempotency key was used with another request")
    if error is not None and error.type == "card_error":
        return _decline(error)
    if error is not None and error.code == "lock_timeout":
        return vocabulary.REQUEST_ERRORS["lock_timeout"]
    if status in vocabulary.STATUSES:
        return vocabulary.STATUSES[status]
    if (
        error is not None
        and error.type == "invalid_request_error"
        and status in vocabulary.REQUEST_ERROR_STATUSES
    ):
        return _request_error(error)
    return Ask(f"Stripe answered HTTP {status} with nothing that FinCore understands")


def _captured(intent: PaymentIntent, occurred_at: datetime, now: datetime) -> Fact | Unknown:
    """Approved, captured: amount_received."""
    money = from_stripe(intent.amount_received, intent.currency)
    if isinstance(money, Inexpressible):
        return Unknown(reason=money.reason, since=now)
    return Approved(
        kind="captured", money=money, psp_reference=PspReference(intent.id), occurred_at=occurred_at
    )


def _authorized(intent: PaymentIntent, occurred_at: datetime, now: datetime) -> Fact | Unknown:
    """Approved, authorized: amount_capturable."""
    money = from_stripe(intent.amount_capturable, intent.currency)
    if isinstance(money, Inexpressible):
        return Unknown(reason=money.reason, since=now)
    return Approved(
        kind="authorized",
        money=money,
        psp_reference=PspReference(intent.id),
        occurred_at=occurred_at,
        capture_before=_capture_before(intent),
    )


def _action_required(intent: PaymentIntent, _occurred_at: datetime, _now: datetime) -> Fact | Unknown:
    """ActionRequired: next_action.redirect_to_url.url."""
    page = intent.next_action and intent.next_action.redirect_to_url
    return ActionRequired(psp_reference=PspReference(intent.id), redirect_url=page.url if page else None)


def _processing(_intent: PaymentIntent, _occurred_at: datetime, now: datetime) -> Fact | Unknown:
    """Unknown: processing at the PSP."""
    return Unknown(reason="processing at the PSP", since=now)


def _canceled(intent: PaymentIntent, occurred_at: datetime, _now: datetime) -> Fact | Unknown:
    """Canceled: cancellation_reason."""
    return Canceled(
        reason=intent.cancellation_reason or "canceled at Stripe",
        psp_reference=PspReference(intent.id),
        occurred_at=_utc(intent.canceled_at) if intent.canceled_at is not None else occurred_at,
    )


def _failed_attempt(intent: PaymentIntent, occurred_at: datetime, now: datetime) -> Fact | Unknown:
    """Declined by last_payment_error; Unknown without one."""
    error = intent.last_payment_error
    if error is None:
        return _undecided(intent, occurred_at, now)
    return _declined(error, _reason_of_failed_attempt(error), occurred_at, PspReference(intent.id))


def _undecided(intent: PaymentIntent, _occurred_at: datetime, now: datetime) -> Fact | Unknown:
    """Unknown: not attempted yet."""
    return Unknown(reason=f"the payment is {intent.status} at the PSP: not attempted yet", since=now)


INTENT_STATUSES: Final[Mapping[str, Callable[[PaymentIntent, datetime, datetime], Fact | Unknown]]] = (
    MappingProxyType(
        {
            "succeeded": _captured,
            "requires_capture": _authorized,
            "requires_action": _action_required,
            "processing": _processing,
            "canceled": _canceled,
            "requires_payment_method": _failed_attempt,
            "requires_confirmation": _undecided,
        }
    )
)
"""Status of a payment intent -> how to read it. Any other status is Unknown."""


def _outcome_of_refusal(answer: Answered[PaymentIntent], now: datetime) -> Outcome:
    error = answer.error
    verdict = verdict_on(answer.status, error)
    match verdict:
        case Refused():
            intent = error.payment_intent if error else None
            return _declined(
                error or StripeError(),
                verdict,
                _time_of(intent) if intent else now,
                PspReference(intent.id) if intent else None,
            )
        case Repeat(reason=reason, after_seconds=seconds):
            if answer.should_retry is False:
                seconds = max(seconds, vocabulary.RATE_LIMIT_LONG_PAUSE_SECONDS)
            return Retryable(reason=_with_request_id(reason, answer), retry_after_seconds=seconds)
        case Ask(reason=reason):
            if answer.should_retry is False:
                reason += ", and it is not to be repeated"
            return Unknown(reason=_with_request_id(reason, answer), since=now)
        case _:
            assert_never(verdict)


def _declined(
    error: StripeError, refused: Refused, occurred_at: datetime, reference: PspReference | None
) -> Declined:
    failure = Failure(
        code=refused.code,
        message=_message(error, refused),
        advice=vocabulary.ADVICE.get(error.advice_code or "", refused.advice),
        decline_code=error.decline_code or error.code,
    )
    return Declined(failure=failure, occurred_at=occurred_at, psp_reference=reference)


def _message(error: StripeError, refused: Refused) -> str:
    if refused.discreet:
        return DISCREET_MESSAGE
    if error.type == "card_error" and error.message:
        return without_card_numbers(error.message)[:MESSAGE_CHARS_MAX]
    # Other messages of Stripe quote what was sent, which may be anything: only its own words are kept.
    named = ", ".join(part for part in (error.code, error.param and f"parameter {error.param}") if part)
    return without_card_numbers(f"Stripe refused the payment: {named or 'no reason given'}")[
        :MESSAGE_CHARS_MAX
    ]


def _decline(error: StripeError) -> Refused:
    return (
        vocabulary.CARD_DECLINES.get(error.decline_code or "")
        or vocabulary.CARD_DECLINES.get(error.code or "")
        or vocabulary.UNLISTED_DECLINE
    )


def _request_error(error: StripeError) -> Verdict:
    listed = vocabulary.REQUEST_ERRORS.get(error.code or "")
    return (
        listed
        or vocabulary.REQUEST_ERRORS_BY_PARAM.get(error.param or "")
        or vocabulary.UNLISTED_REQUEST_ERROR
    )


def _reason_of_failed_attempt(error: StripeError) -> Refused:
    """The intent's status already says that the attempt failed; the error only says why."""
    if error.type == "card_error":
        return _decline(error)
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
    return _utc(charge.created if isinstance(charge, StripeCharge) else intent.created)


def _capture_before(intent: PaymentIntent) -> datetime | None:
    charge = intent.latest_charge
    details = charge.payment_method_details if isinstance(charge, StripeCharge) else None
    seconds = details.card.capture_before if details and details.card else None
    return None if seconds is None else _utc(seconds)


def _utc(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)


def _with_request_id(reason: str, answer: Answered[PaymentIntent]) -> str:
    return f"{reason} (Stripe's request {answer.request_id})" if answer.request_id else reason
