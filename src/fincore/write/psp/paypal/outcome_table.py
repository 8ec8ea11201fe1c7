"""PayPal's whole mapping as text: a view on the tables of issues and of statuses."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final, assert_never

from fincore.write.psp.paypal import status_tables
from fincore.write.psp.paypal.issue_table import (
    ISSUES,
    STATUSES,
    Ask,
    CustomerMustAct,
    Gone,
    IssueMeaning,
    Look,
    Refused,
    Repeat,
)
from fincore.write.psp.paypal.orders import ORDER_STATUSES

_Row = tuple[str, str, str]
_ANY_OTHER: Final = "(any other)"


def outcome_table() -> str:
    """Every status and issue of PayPal that FinCore reads and what it becomes, one line each, for docs and terminal."""
    rows = [*_statuses(), *_issues(), *_responses()]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{where:<{widths[0]}}  {word:<{widths[1]}}  {outcome}" for where, word, outcome in rows)


def _statuses() -> Iterator[_Row]:
    where = "capture's status"
    yield from ((where, word, _CAPTURES[state]) for word, state in status_tables.CAPTURE_STATUSES.items())
    yield where, _ANY_OTHER, "Unknown"
    where = "authorization's status"
    yield from ((where, word, _HOLDS[state]) for word, state in status_tables.AUTHORIZATION_STATUSES.items())
    yield where, _ANY_OTHER, "Unknown"
    where = "order's status, without payments"
    yield from ((where, word, (read.__doc__ or "").rstrip(".")) for word, read in ORDER_STATUSES.items())
    yield where, _ANY_OTHER, "Unknown"
    where = "refund's status"
    yield from ((where, word, f"refund {state}") for word, state in status_tables.REFUND_STATUSES.items())
    yield where, _ANY_OTHER, "Unknown"
    where = "dispute's status"
    yield from ((where, word, f"dispute {state}") for word, state in status_tables.DISPUTE_STATUSES.items())
    yield where, status_tables.RESOLVED, "lost or won by the sums moved; without any, by the outcome"
    yield where, _ANY_OTHER, "Unknown"
    where = "dispute's reason"
    yield from (
        (where, word, f"dispute for {category}")
        for word, category in status_tables.DISPUTE_CATEGORIES.items()
    )
    yield where, _ANY_OTHER, "dispute for other"
    where = "outcome, no money of ours moved"
    yield from ((where, word, f"dispute {state}") for word, state in status_tables.DISPUTE_ENDINGS.items())
    yield where, _ANY_OTHER, "Unknown"


def _issues() -> Iterator[_Row]:
    where = "issue"
    by_meaning = sorted(ISSUES.items(), key=lambda row: (_words(row[1]), row[0]))
    for words, rows in groupby(by_meaning, key=lambda row: _words(row[1])):
        yield from ((where, issue, words) for issue, _ in rows)
    yield where, _ANY_OTHER, "Unknown"


def _responses() -> Iterator[_Row]:
    where = "HTTP status"
    yield from ((where, str(status), _words(meaning)) for status, meaning in STATUSES.items())
    yield where, "500 and above", "Unknown"
    yield where, _ANY_OTHER, "Unknown"
    yield "no connection, no token", "", "Retryable"
    yield "no response", "", "Unknown"


_CAPTURES: Final[dict[status_tables.CaptureState, str]] = {
    "taken": "Approved, captured",
    "pending": "Pending",
    "refused": "Declined by processor_response; Rejected as the response to a capture",
}
_HOLDS: Final[dict[status_tables.AuthorizationState, str]] = {
    "held": "Approved, authorized",
    "captured": "what its capture says; Unknown without one",
    "pending": "Pending",
    "refused": "Declined by processor_response",
    "released": "Expired authorization_lapsed after expiration_time, else Canceled",
}


def _words(meaning: IssueMeaning) -> str:
    match meaning:
        case Refused(code=code, advice=advice, refund=refund, discreet=discreet):
            payment = f"Declined or Rejected {code}, {advice}{', generic message' if discreet else ''}"
            return f"{payment}; a refund: Rejected {refund}"
        case CustomerMustAct(code=code):
            return f"ActionRequired; Declined {code} where there is no order yet"
        case Look():
            return "what the record of the payment shows; Unknown if it shows no change"
        case Gone():
            return "Expired abandoned; a token: Declined payment_method_invalid; a refund: Rejected not_refundable"
        case Repeat(after_seconds=seconds):
            return f"Retryable after {seconds:g} s"
        case Ask(reason=reason):
            return f"Unknown: {reason}"
        case _:
            assert_never(meaning)
