"""The whole mapping as text, printed from the tables that decide."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from fincore.write.psp.stripe import error_tables, status_tables
from fincore.write.psp.stripe.error_tables import (
    Ask,
    Lapsed,
    OperationErrorPolicy,
    Overtaken,
    RefundErrorPolicy,
    RefundRefused,
    Refused,
    Repeat,
    WithoutReceipt,
)
from fincore.write.psp.stripe.hosted_pages import SESSION_STATUSES
from fincore.write.psp.stripe.intents import INTENT_STATUSES

_Row = tuple[str, str, str]
_ANY_OTHER: Final = "(any other)"


def outcome_table() -> str:
    """Every code and status of Stripe that FinCore reads and what it becomes, one line each, for docs and terminal."""
    rows = [*_objects(), *_errors(), *_responses()]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{where:<{widths[0]}}  {word:<{widths[1]}}  {outcome}" for where, word, outcome in rows)


def _objects() -> Iterator[_Row]:
    where = "payment intent's status"
    yield from ((where, status, (read.__doc__ or "").rstrip(".")) for status, read in INTENT_STATUSES.items())
    yield where, _ANY_OTHER, "Unknown"
    where = "Checkout session's status"
    yield from (
        (where, status, (read.__doc__ or "").rstrip(".")) for status, read in SESSION_STATUSES.items()
    )
    yield where, _ANY_OTHER, "Unknown"
    where = "cancellation reason"
    yield from ((where, word, f"Expired {reason}") for word, reason in status_tables.EXPIRY_REASONS.items())
    yield where, _ANY_OTHER, "Canceled"
    where = "refund's status"
    yield from ((where, word, f"refund {status}") for word, status in status_tables.REFUND_STATUSES.items())
    yield where, _ANY_OTHER, "Unknown"
    where = "refund's failure reason"
    yield from (
        (where, word, f"refund failed, {code}") for word, code in status_tables.REFUND_FAILURES.items()
    )
    yield where, _ANY_OTHER, "refund failed, unknown_reason"
    where = "dispute's status"
    for word, stage in status_tables.DISPUTE_STATUSES.items():
        yield where, word, f"{'inquiry' if stage.is_inquiry else 'dispute'} {stage.status}"
    yield where, _ANY_OTHER, "Unknown"
    where = "dispute's reason"
    yield from (
        (where, word, f"dispute for {category}")
        for word, category in status_tables.DISPUTE_CATEGORIES.items()
    )
    yield where, _ANY_OTHER, "dispute for other"
    where = "payout's status"
    yield from ((where, word, f"payout {status}") for word, status in status_tables.PAYOUT_STATUSES.items())
    yield where, _ANY_OTHER, "held"
    where = "fraud warning's type"
    yield from ((where, word, f"warning of {fraud}") for word, fraud in status_tables.FRAUD_TYPES.items())
    yield where, _ANY_OTHER, "warning of other"
    where = "charge's risk level"
    yield from ((where, word, f"risk {level}") for word, level in status_tables.RISK_LEVELS.items())
    yield where, _ANY_OTHER, "risk unknown"


def _errors() -> Iterator[_Row]:
    yield from _table("card_error", error_tables.CARD_DECLINES, error_tables.UNLISTED_DECLINE, "Declined")
    yield from _table(
        "invalid_request_error",
        {**error_tables.REQUEST_ERRORS, **_by_param(error_tables.REQUEST_ERRORS_BY_PARAM)},
        error_tables.UNLISTED_REQUEST_ERROR,
        "Declined",
    )
    yield (
        "error on a card's token",
        "(no code, not of the card)",
        _words(error_tables.CARDS_NOT_PERMITTED, ""),
    )
    where = "error on capture, cancel"
    yield from _table(where, error_tables.OPERATION_ERRORS, error_tables.UNLISTED_OPERATION_ERROR, "Rejected")
    where = "error on refund"
    yield from _table(
        where,
        {**error_tables.REFUND_ERRORS, **_by_param(error_tables.REFUND_ERRORS_BY_PARAM)},
        error_tables.UNLISTED_REFUND_ERROR,
        "Rejected",
    )
    yield where, "(any other card_error)", _words(error_tables.DECLINED_REFUND, "Rejected")
    yield "idempotency_error", "(any)", "Unknown"


def _responses() -> Iterator[_Row]:
    for status, policy in error_tables.STATUSES.items():
        yield "HTTP status", str(status), _words(policy, "")
    yield "HTTP status", "500 and above", "Unknown"
    yield "HTTP status", _ANY_OTHER, "Unknown"
    yield "no connection", "", "Retryable"
    yield "no response", "", "Unknown"


def _table(
    where: str,
    table: Mapping[str, OperationErrorPolicy | RefundErrorPolicy | WithoutReceipt],
    unlisted: Refused | RefundRefused,
    refused_as: str,
) -> Iterator[_Row]:
    yield from ((where, word, _words(policy, refused_as)) for word, policy in table.items())
    yield where, _ANY_OTHER, _words(unlisted, refused_as)


def _by_param(
    table: Mapping[str, OperationErrorPolicy | RefundErrorPolicy | WithoutReceipt],
) -> dict[str, OperationErrorPolicy | RefundErrorPolicy | WithoutReceipt]:
    return {f"(other, {param})": row for param, row in table.items()}


def _words(policy: OperationErrorPolicy | RefundErrorPolicy | WithoutReceipt, refused_as: str) -> str:
    match policy:
        case Refused(code=code, advice=advice, discreet=discreet):
            return f"{refused_as} {code}, {advice}{', generic message' if discreet else ''}"
        case RefundRefused(code=code):
            return f"{refused_as} {code}"
        case WithoutReceipt():
            return "ReceiptRefused: the same call follows without the address"
        case Lapsed():
            return "Expired authorization_lapsed"
        case Overtaken():
            return "what the payment has become; Unknown if the error does not show it"
        case Repeat(after_seconds=seconds):
            return f"Retryable after {seconds:g} s"
        case Ask(reason=reason):
            return f"Unknown: {reason}"
        case _:
            assert_never(policy)
