"""What an error of Stripe means for the call that got it, by the tables of `vocabulary`. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar, assert_never

from fincore.domain.card_number import without_card_numbers
from fincore.domain.outcome import Failure, Retryable, Unknown
from fincore.write.psp.stripe import vocabulary
from fincore.write.psp.stripe.answer import Answered
from fincore.write.psp.stripe.vocabulary import (
    Ask,
    OperationVerdict,
    RefundVerdict,
    Refused,
    Repeat,
    Unsettled,
    Verdict,
)
from fincore.write.psp.stripe.wire import StripeError

MESSAGE_CHARS_MAX: Final = 300
DISCREET_MESSAGE: Final = "Your card was declined."
_FIRST_SERVER_ERROR: Final = 500

V = TypeVar("V")
T = TypeVar("T")


def verdict_on(status: int, error: StripeError | None) -> Verdict:
    """What an answer to an authorization that is not a success means for the payment."""
    return _verdict(status, error, _authorization_error)


def operation_verdict_on(status: int, error: StripeError | None) -> OperationVerdict:
    """What an answer to a capture or a cancellation that is not a success means for that."""
    return _verdict(status, error, _operation_error)


def refund_verdict_on(status: int, error: StripeError | None) -> RefundVerdict:
    """What an answer to a refund that is not a success means for the refund."""
    return _verdict(status, error, _refund_error)


def unsettled(verdict: Unsettled, answer: Answered[T], now: datetime) -> Retryable | Unknown:
    """The outcome where the error does not tell what became of the call."""
    match verdict:
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


def decline_of(error: StripeError) -> Refused:
    """Why a card was declined."""
    return (
        vocabulary.CARD_DECLINES.get(error.decline_code or "")
        or vocabulary.CARD_DECLINES.get(error.code or "")
        or vocabulary.UNLISTED_DECLINE
    )


def failure_of(error: StripeError, refused: Refused, what: str) -> Failure:
    """The failure in FinCore's words. `what` names what Stripe refused, as in "the payment"."""
    return Failure(
        code=refused.code,
        message=_message(error, refused, what),
        advice=vocabulary.ADVICE.get(error.advice_code or "", refused.advice),
        decline_code=error.decline_code or error.code,
    )


def refusal_in_words(error: StripeError, what: str) -> str:
    """A sentence about a refusal. Stripe's messages quote what was sent, which may be anything: only its codes are kept."""
    named = ", ".join(part for part in (error.code, error.param and f"parameter {error.param}") if part)
    return without_card_numbers(f"Stripe refused {what}: {named or 'no reason given'}")[:MESSAGE_CHARS_MAX]


def _verdict(status: int, error: StripeError | None, read: Callable[[StripeError], V]) -> V | Unsettled:
    """`read` decides where Stripe looked at the request and says what is wrong with it or with the card."""
    if status >= _FIRST_SERVER_ERROR:
        return Ask(f"Stripe failed with HTTP {status}")
    if error is not None and error.type == "idempotency_error":
        return Ask("the idempotency key was used with another request")
    if error is not None and error.type == "card_error":
        return read(error)
    if error is not None and error.code == "lock_timeout":
        return vocabulary.LOCK_TIMEOUT
    if status in vocabulary.STATUSES:
        return vocabulary.STATUSES[status]
    if (
        error is not None
        and error.type == "invalid_request_error"
        and status in vocabulary.REQUEST_ERROR_STATUSES
    ):
        return read(error)
    return Ask(f"Stripe answered HTTP {status} with nothing that FinCore understands")


def _authorization_error(error: StripeError) -> Verdict:
    if error.type == "card_error":
        return decline_of(error)
    return (
        vocabulary.REQUEST_ERRORS.get(error.code or "")
        or vocabulary.REQUEST_ERRORS_BY_PARAM.get(error.param or "")
        or vocabulary.UNLISTED_REQUEST_ERROR
    )


def _operation_error(error: StripeError) -> OperationVerdict:
    listed = vocabulary.OPERATION_ERRORS.get(error.code or "")
    if listed is not None:
        return listed
    return decline_of(error) if error.type == "card_error" else vocabulary.UNLISTED_OPERATION_ERROR


def _refund_error(error: StripeError) -> RefundVerdict:
    listed = vocabulary.REFUND_ERRORS.get(error.code or "")
    if listed is not None:
        return listed
    if error.type == "card_error":
        return vocabulary.DECLINED_REFUND
    return vocabulary.REFUND_ERRORS_BY_PARAM.get(error.param or "", vocabulary.UNLISTED_REFUND_ERROR)


def _message(error: StripeError, refused: Refused, what: str) -> str:
    if refused.discreet:
        return DISCREET_MESSAGE
    if error.type == "card_error" and error.message:
        return without_card_numbers(error.message)[:MESSAGE_CHARS_MAX]
    return refusal_in_words(error, what)


def _with_request_id(reason: str, answer: Answered[T]) -> str:
    return f"{reason} (Stripe's request {answer.request_id})" if answer.request_id else reason
