"""What an error of Stripe means for the call that got it, by the tables of `error_tables`. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar, assert_never

from fincore.domain.card_number import without_card_numbers
from fincore.domain.outcome import Failure, Retryable, Unknown
from fincore.write.psp.sanitize import sanitize_code
from fincore.write.psp.stripe import error_tables
from fincore.write.psp.stripe.error_tables import (
    Ask,
    AuthorizationErrorPolicy,
    OperationErrorPolicy,
    RefundErrorPolicy,
    Refused,
    Repeat,
    Undetermined,
)
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import StripeError

MESSAGE_CHARS_MAX: Final = 300
DISCREET_MESSAGE: Final = "Your card was declined."
_FIRST_SERVER_ERROR: Final = 500
_REQUEST_FAILED: Final = 402
"""The parameters were fine and the payment was refused."""

V = TypeVar("V")
T = TypeVar("T")


def authorization_error_policy(status: int, error: StripeError | None) -> AuthorizationErrorPolicy:
    """What a response to an authorization that is not a success means for the payment."""
    return _policy(status, error, _authorization_error)


def token_error_policy(status: int, error: StripeError | None) -> AuthorizationErrorPolicy:
    """What a response to a card that is not a success means for the card."""
    return _policy(status, error, _token_error)


def operation_error_policy(status: int, error: StripeError | None) -> OperationErrorPolicy:
    """What a response to a capture or a cancellation that is not a success means for that."""
    return _policy(status, error, _operation_error)


def refund_error_policy(status: int, error: StripeError | None) -> RefundErrorPolicy:
    """What a response to a refund that is not a success means for the refund."""
    return _policy(status, error, _refund_error)


def undetermined_outcome(policy: Undetermined, response: Response[T], now: datetime) -> Retryable | Unknown:
    """The outcome where the error does not tell what became of the call."""
    match policy:
        case Repeat(reason=reason, after_seconds=seconds):
            if response.should_retry is False:
                seconds = max(seconds, error_tables.RATE_LIMIT_LONG_PAUSE_SECONDS)
            return Retryable(
                reason=_with_request_id(reason, response.request_id), retry_after_seconds=seconds
            )
        case Ask(reason=reason):
            if response.should_retry is False:
                reason += ", and it is not to be repeated"
            return Unknown(reason=_with_request_id(reason, response.request_id), since=now)
        case _:
            assert_never(policy)


def decline_of(error: StripeError) -> Refused:
    """Why a card was declined."""
    return (
        error_tables.CARD_DECLINES.get(error.decline_code or "")
        or error_tables.CARD_DECLINES.get(error.code or "")
        or error_tables.UNLISTED_DECLINE
    )


def failure_of(error: StripeError, refused: Refused, what: str, *, request_id: str | None) -> Failure:
    """The failure in FinCore's words. `what` names what Stripe refused, as in "the payment"."""
    word = error.decline_code or error.code
    return Failure(
        code=refused.code,
        message=_message(error, refused, what, request_id),
        advice=error_tables.ADVICE.get(error.advice_code or "", refused.advice),
        decline_code=word and sanitize_code(word),
    )


def refusal_in_words(error: StripeError, what: str, *, request_id: str | None) -> str:
    """A sentence about a refusal.

    Stripe's messages quote what was sent, which may be anything: only its codes are kept, and the request under which
    Stripe's dashboard shows the rest.
    """
    parts = (
        error.code and sanitize_code(error.code),
        error.param and f"parameter {sanitize_code(error.param)}",
    )
    named = ", ".join(part for part in parts if part)
    sentence = _with_request_id(f"Stripe refused {what}: {named or 'no reason given'}", request_id)
    return without_card_numbers(sentence)[:MESSAGE_CHARS_MAX]


def _policy(
    status: int, error: StripeError | None, read: Callable[[StripeError, bool], V]
) -> V | Undetermined:
    """`read` decides where Stripe looked at the request and says what is wrong with it or with the card.

    It is told whether the error is a decline: by its type, or because it names one with the status that declines have.
    """
    if status >= _FIRST_SERVER_ERROR:
        return Ask(f"Stripe failed with HTTP {status}")
    if error is not None and error.type == "idempotency_error":
        return Ask("the idempotency key was used with another request")
    if error is not None and (
        error.type == "card_error" or (status == _REQUEST_FAILED and _names_a_decline(error))
    ):
        return read(error, True)
    if error is not None and error.code == "lock_timeout":
        return error_tables.LOCK_TIMEOUT
    if status in error_tables.STATUSES:
        return error_tables.STATUSES[status]
    if (
        error is not None
        and error.type == "invalid_request_error"
        and status in error_tables.REQUEST_ERROR_STATUSES
    ):
        return read(error, False)
    return Ask(f"Stripe answered HTTP {status} with nothing that FinCore understands")


def _names_a_decline(error: StripeError) -> bool:
    return (
        bool(error.decline_code) or error.code == "card_declined" or error.code in error_tables.CARD_DECLINES
    )


def _authorization_error(error: StripeError, is_decline: bool) -> AuthorizationErrorPolicy:  # noqa: FBT001 -- one of three readers
    if error.type == "card_error":
        return decline_of(error)
    return (
        error_tables.REQUEST_ERRORS.get(error.code or "")
        or (decline_of(error) if is_decline else None)
        or error_tables.REQUEST_ERRORS_BY_PARAM.get(error.param or "")
        or error_tables.UNLISTED_REQUEST_ERROR
    )


def _token_error(error: StripeError, is_decline: bool) -> AuthorizationErrorPolicy:  # noqa: FBT001
    if (
        not is_decline
        and not error.code
        and (error.param or "").split("[")[0] not in error_tables.CARD_PARAMS
    ):
        return error_tables.CARDS_NOT_PERMITTED
    return _authorization_error(error, is_decline)


def _operation_error(error: StripeError, is_decline: bool) -> OperationErrorPolicy:  # noqa: FBT001
    listed = error_tables.OPERATION_ERRORS.get(error.code or "")
    if listed is not None:
        return listed
    return decline_of(error) if is_decline else error_tables.UNLISTED_OPERATION_ERROR


def _refund_error(error: StripeError, is_decline: bool) -> RefundErrorPolicy:  # noqa: FBT001
    listed = error_tables.REFUND_ERRORS.get(error.code or "")
    if listed is not None:
        return listed
    if is_decline:
        return error_tables.DECLINED_REFUND
    return error_tables.REFUND_ERRORS_BY_PARAM.get(error.param or "", error_tables.UNLISTED_REFUND_ERROR)


def _message(error: StripeError, refused: Refused, what: str, request_id: str | None) -> str:
    if refused.discreet:
        return DISCREET_MESSAGE
    if error.type == "card_error" and error.message:
        return without_card_numbers(error.message)[:MESSAGE_CHARS_MAX]
    return refusal_in_words(error, what, request_id=request_id)


def _with_request_id(reason: str, request_id: str | None) -> str:
    return f"{reason} (Stripe's request {sanitize_code(request_id)})" if request_id else reason
