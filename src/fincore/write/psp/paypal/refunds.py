"""What PayPal says of a refund: from refund objects and errors to reports, by the tables. Pure."""

from datetime import datetime
from typing import Final

import structlog

from fincore.domain.errors import InvalidId
from fincore.domain.ids import RefundId, parse_refund_id
from fincore.domain.outcome import (
    PspReference,
    RefundFailureCode,
    RefundOutcome,
    RefundRejected,
    RefundReport,
    Retryable,
    Unknown,
    Unreadable,
)
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.paypal import status_tables
from fincore.write.psp.paypal.amounts import Inexpressible, from_paypal
from fincore.write.psp.paypal.error_policy import (
    error_meaning,
    refusal_in_words,
    undetermined_outcome,
    unknown,
)
from fincore.write.psp.paypal.issue_table import Ask, Gone, Refused, Repeat
from fincore.write.psp.paypal.orders import fee_in
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.wire import PayPalRefund, id_at_end_of, link
from fincore.write.psp.port import RefundRequest

_FIRST_ERROR_STATUS: Final = 300

_log = structlog.get_logger(__name__)


def refund_outcome_of(
    response: Response[PayPalRefund] | NotSent | NoResponse,
    request: RefundRequest,
    capture: PspReference,
    *,
    now: datetime,
) -> RefundOutcome:
    """What the response to a call that gives money of a capture back means."""
    match response:
        case NotSent(reason=reason, retry_after_seconds=seconds):
            return Retryable(reason=reason, retry_after_seconds=seconds)
        case NoResponse(reason=reason):
            return Unknown(reason=reason, since=now)
        case Response(body=PayPalRefund() as refund):
            if refund.custom_id != request.refund_id or not is_of_capture(refund, capture):
                _log.error("paypal.response_about_another_refund", debug_id=response.debug_id)
                return unknown("PayPal's response is about another refund", response, now)
            return understood_refund(refund, now)
        case Response(status=status) if status < _FIRST_ERROR_STATUS:
            return unknown("PayPal's response cannot be read", response, now)
        case Response():
            return _outcome_of_error(response, now)


def read_refund(refund: PayPalRefund, *, now: datetime) -> RefundReport | Unreadable:
    """What a refund says. A refund that failed did so when it was last changed."""
    status = status_tables.REFUND_STATUSES.get(refund.status)
    if status is None:
        return Unreadable("PayPal reports a refund with a status that FinCore does not know")
    if refund.amount is None:
        return Unreadable("PayPal reports a refund without an amount")
    money = from_paypal(refund.amount)
    if isinstance(money, Inexpressible):
        return Unreadable(money.reason)
    if money.amount_minor < 1:
        return Unreadable("PayPal reports a refund of nothing")
    fee = fee_in(refund.seller_payable_breakdown)
    return RefundReport(
        status=status,
        psp_reference=PspReference(refund.id),
        money=money,
        occurred_at=refund.update_time or refund.create_time or now,
        refund_id=refund_id_of(refund),
        failure_code=_failure_code(refund) if status == "failed" else None,
        fee=fee if status == "succeeded" and fee is not None and fee.amount_minor > 0 else None,
    )


def understood_refund(refund: PayPalRefund, now: datetime) -> RefundReport | Unknown:
    """The report of a refund; unknown where it cannot be read."""
    report = read_refund(refund, now=now)
    return Unknown(reason=report.reason, since=now) if isinstance(report, Unreadable) else report


def refund_id_of(refund: PayPalRefund) -> RefundId | None:
    """Our id of the refund; None for one that was not made through FinCore."""
    try:
        return parse_refund_id(refund.custom_id or "")
    except InvalidId:
        return None


def capture_of(refund: PayPalRefund) -> PspReference | None:
    """The capture of which a refund gives money back; None where PayPal does not say it."""
    found = id_at_end_of(link(refund.links, "up"))
    return None if found is None else PspReference(found)


def is_of_capture(refund: PayPalRefund, capture: PspReference) -> bool:
    """Whether a refund is of a capture, as far as PayPal says of which it is."""
    return capture_of(refund) in (None, capture)


def _outcome_of_error(response: Response[PayPalRefund], now: datetime) -> RefundOutcome:
    meaning = error_meaning(response)
    match meaning:
        case Refused(refund=code):
            return RefundRejected(
                code=code, message=refusal_in_words(response, "the refund"), occurred_at=now
            )
        case Gone():
            return RefundRejected(
                code="not_refundable", message=refusal_in_words(response, "the refund"), occurred_at=now
            )
        case Repeat() | Ask():
            return undetermined_outcome(meaning, response, now)
        case _:
            return unknown("PayPal answered a refund with an error of another call", response, now)


def _failure_code(refund: PayPalRefund) -> RefundFailureCode:
    return "canceled" if refund.status == "CANCELLED" else "unknown_reason"
