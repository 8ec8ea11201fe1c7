"""The whole mapping as text, printed from the tables that decide."""

from collections.abc import Mapping
from typing import Final, assert_never

from fincore.write.psp.stripe import vocabulary
from fincore.write.psp.stripe.mapping import INTENT_STATUSES
from fincore.write.psp.stripe.vocabulary import Ask, Refused, Repeat, Verdict

STATUS: Final = "payment intent's status"


def outcome_table() -> str:
    """Every word of Stripe that FinCore reads and what it becomes, one line each, for docs and terminal."""
    params = {f"(other, {param})": row for param, row in vocabulary.REQUEST_ERRORS_BY_PARAM.items()}
    rows = [
        *((STATUS, status, (read.__doc__ or "").rstrip(".")) for status, read in INTENT_STATUSES.items()),
        (STATUS, "(any other)", "Unknown"),
        *_printed("card_error", vocabulary.CARD_DECLINES, vocabulary.UNLISTED_DECLINE),
        *_printed(
            "invalid_request_error",
            {**vocabulary.REQUEST_ERRORS, **params},
            vocabulary.UNLISTED_REQUEST_ERROR,
        ),
        ("idempotency_error", "(any)", "Unknown"),
        *(("HTTP status", str(status), _words(verdict)) for status, verdict in vocabulary.STATUSES.items()),
        ("HTTP status", "500 and above", "Unknown"),
        ("HTTP status", "(any other)", "Unknown"),
        ("no connection", "", "Retryable"),
        ("no answer", "", "Unknown"),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{where:<{widths[0]}}  {word:<{widths[1]}}  {outcome}" for where, word, outcome in rows)


def _printed(where: str, table: Mapping[str, Verdict], unlisted: Verdict) -> list[tuple[str, str, str]]:
    rows = [(where, word, _words(verdict)) for word, verdict in table.items()]
    return [*rows, (where, "(any other)", _words(unlisted))]


def _words(verdict: Verdict) -> str:
    match verdict:
        case Refused(code=code, advice=advice, discreet=discreet):
            return f"Declined {code}, {advice}{', generic message' if discreet else ''}"
        case Repeat(after_seconds=seconds):
            return f"Retryable after {seconds:g} s"
        case Ask(reason=reason):
            return f"Unknown: {reason}"
        case _:
            assert_never(verdict)
