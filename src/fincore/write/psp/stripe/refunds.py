"""What Stripe says of a refund: from refund objects and errors to reports, by the tables of `status_tables`. Pure."""

from datetime import UTC, datetime
from typing import assert_never

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
from fincore.write.psp.port import RefundRequest
from fincore.write.psp.stripe import status_tables
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.error_policy import refund_error_policy, refusal_in_words, undetermined_outcome
from fincore.write.psp.stripe.error_tables import Ask, RefundRefused, Repeat
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import CHARGE_ID_KEY, REFUND_ID_KEY, StripeError, StripeRefund

_log = structlog.get_logger(__name__)


def refund_outcome_of(
    response: Response[StripeRefund] | NotSent | NoResponse, request: RefundRequest, *, now: datetime
) -> RefundOutcome:
    """What the response to a call that gives money back means."""
    match response:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoResponse(reason=reason):
            return Unknown(reason=reason, since=now)
        case Response(body=StripeRefund() as refund):
            if not _is_asked_for(refund, request):
                _log.error("stripe.response_about_another_refund", request_id=response.request_id)
                return Unknown(reason="Stripe's response is about another refund", since=now)
            report = read_refund(refund, now=now)
            return Unknown(reason=report.reason, since=now) if isinstance(report, Unreadable) else report
        case Response(status=status, error=error):
            policy = refund_error_policy(status, error)
            match policy:
                case RefundRefused(code=code):
                    message = refusal_in_words(
                        error or StripeError(), "the refund", request_id=response.request_id
                    )
                    return RefundRejected(code=code, message=message, occurred_at=now)
                case Repeat() | Ask():
                    return undetermined_outcome(policy, response, now)
                case _:
                    assert_never(policy)
        case _:
            assert_never(response)


def read_refund(
    refund: StripeRefund, *, now: datetime, occurred_at: datetime | None = None
) -> RefundReport | Unreadable:
    """What a refund says. `occurred_at` is the time of the event where the caller has it from Stripe.

    Without it a refund happened when it was made; that it failed later has no time of its own, so that is `now`.
    """
    status = status_tables.REFUND_STATUSES.get(refund.status or "")
    if status is None:
        return Unreadable("Stripe reports a refund status that FinCore does not know")
    if refund.amount < 1:
        return Unreadable("Stripe reports a refund of nothing")
    money = from_stripe(refund.amount, refund.currency)
    if isinstance(money, Inexpressible):
        return Unreadable(money.reason)
    made_at = datetime.fromtimestamp(refund.created, UTC)
    return RefundReport(
        status=status,
        psp_reference=PspReference(refund.id),
        money=money,
        occurred_at=occurred_at or (now if status == "failed" else made_at),
        refund_id=refund_id_of(refund),
        failure_code=_failure_code(refund) if status == "failed" else None,
    )


def _is_asked_for(refund: StripeRefund, request: RefundRequest) -> bool:
    """Whether a refund is of the payment that was named, and carries the metadata that was sent."""
    metadata = refund.metadata or {}
    return (
        refund.payment_intent == request.psp_reference
        and metadata.get(CHARGE_ID_KEY) == request.charge_id
        and metadata.get(REFUND_ID_KEY) == request.refund_id
    )


def refund_id_of(refund: StripeRefund) -> RefundId | None:
    """Our id of the refund; None for one that was not made through FinCore."""
    try:
        return parse_refund_id((refund.metadata or {}).get(REFUND_ID_KEY, ""))
    except InvalidId:
        return None


def is_release_of_a_hold(refund: StripeRefund) -> bool:
    """Whether no money was given back: Stripe also shows as a refund that it lets go what was never captured.

    Some of these carry a reason of their own; the others, from a canceled hold, move nothing in our balance.
    """
    if refund.reason in status_tables.HOLD_RELEASES:
        return True
    return (
        refund.status == "succeeded" and refund.balance_transaction is None and refund_id_of(refund) is None
    )


def _failure_code(refund: StripeRefund) -> RefundFailureCode:
    if refund.failure_reason is None and refund.status == "canceled":
        return "canceled"
    return status_tables.REFUND_FAILURES.get(refund.failure_reason or "", "unknown_reason")
