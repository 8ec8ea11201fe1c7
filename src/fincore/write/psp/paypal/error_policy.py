"""What an error of PayPal means for the call that got it, by the table of issues; and the sentences about it. Pure."""

from datetime import datetime
from typing import Final, TypeVar

from fincore.domain.outcome import DeclineAdvice, Failure, FailureCode, Retryable, Unknown
from fincore.write.psp.paypal.issue_table import (
    ISSUES,
    STATUSES,
    STATUSES_WITH_ISSUE,
    Ask,
    IssueMeaning,
    Refused,
    Repeat,
)
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.wire import PayPalError
from fincore.write.psp.sanitize import sanitize_code

MESSAGE_CHARS_MAX: Final = 300
DISCREET_MESSAGE: Final = "The payment was declined."
ISSUES_NAMED_MAX: Final = 3
_FIRST_SERVER_ERROR: Final = 500

T = TypeVar("T")


def error_meaning(response: Response[T]) -> IssueMeaning:
    """What a response that is not a success means; Ask where PayPal does not say it in words that the table holds.

    Several issues mean what the first one of the table means only if they all agree.
    """
    status, error = response.status, response.error
    if status >= _FIRST_SERVER_ERROR:
        return Ask(f"PayPal failed with HTTP {status}")
    if status in STATUSES:
        return STATUSES[status]
    if status not in STATUSES_WITH_ISSUE or error is None or not error.issues:
        return Ask(f"PayPal answered HTTP {status} with nothing that FinCore understands")
    meanings = {ISSUES.get(issue) for issue in error.issues}
    if len(meanings) > 1 or None in meanings:
        return Ask(f"PayPal answered HTTP {status} with issues that FinCore does not know")
    return ISSUES[error.issues[0]]


def undetermined_outcome(policy: Repeat | Ask, response: Response[T], now: datetime) -> Retryable | Unknown:
    """The outcome where the error does not tell what became of the call."""
    if isinstance(policy, Repeat):
        return Retryable(
            reason=with_debug_id(policy.reason, response), retry_after_seconds=policy.after_seconds
        )
    return unknown(policy.reason, response, now)


def unknown(reason: str, response: Response[T], now: datetime) -> Unknown:
    """An outcome that the response does not tell."""
    return Unknown(reason=with_debug_id(reason, response), since=now)


def refusal_failure(refused: Refused, response: Response[T], what: str) -> Failure:
    """The failure in FinCore's words. `what` names what PayPal refused, as in "the payment"."""
    return failure_of(refused.code, refused.advice, response, what, discreet=refused.discreet)


def failure_of(
    code: FailureCode, advice: DeclineAdvice, response: Response[T], what: str, *, discreet: bool = False
) -> Failure:
    """A failure of `code` with PayPal's own word beside it."""
    issues = (response.error or PayPalError()).issues
    return Failure(
        code=code,
        message=DISCREET_MESSAGE if discreet else refusal_in_words(response, what),
        advice=advice,
        decline_code=sanitize_code(issues[0]) if issues else None,
    )


def refusal_in_words(response: Response[T], what: str) -> str:
    """A sentence about a refusal: PayPal's issues and where they are, never its texts, which quote what was sent."""
    details = (response.error or PayPalError()).details[:ISSUES_NAMED_MAX]
    named = ", ".join(
        sanitize_code(one.issue) + (f" at {sanitize_code(one.field.replace('/', '.'))}" if one.field else "")
        for one in details
        if one.issue
    )
    return with_debug_id(f"PayPal refused {what}: {named or 'no reason given'}", response)[:MESSAGE_CHARS_MAX]


def with_debug_id(reason: str, response: Response[T]) -> str:
    """The sentence with the id under which PayPal's support finds the call."""
    return f"{reason} (PayPal's debug id {response.debug_id})" if response.debug_id else reason
