"""What Stripe's responses to calls about payments mean: from responses and errors to outcomes, by the tables of `error_tables`. Pure."""

from datetime import datetime
from typing import TypeVar, assert_never

import structlog

from fincore.domain.ids import ChargeId
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Expired,
    OperationOutcome,
    Outcome,
    PspReference,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.port import AuthorizeRequest, ReceiptRefused
from fincore.write.psp.stripe.error_policy import (
    authorization_error_policy,
    failure_of,
    operation_error_policy,
    refusal_in_words,
    undetermined_outcome,
)
from fincore.write.psp.stripe.error_tables import (
    RECEIPT_REFUSED,
    Ask,
    Lapsed,
    Overtaken,
    Refused,
    Repeat,
    WithoutReceipt,
)
from fincore.write.psp.stripe.hosted_pages import is_hosted, names_charge, read_session
from fincore.write.psp.stripe.intents import declined, moved_at, names, read_intent, time_of, understood
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import (
    CheckoutSession,
    PaymentIntent,
    StripeError,
)

T = TypeVar("T")

_log = structlog.get_logger(__name__)


def outcome_of(
    response: Response[PaymentIntent] | NotSent | NoResponse,
    charge_id: ChargeId,
    *,
    now: datetime,
    has_receipt: bool = False,
) -> Outcome | ReceiptRefused:
    """What the response to a call that takes or holds money for a charge means.

    `has_receipt`: the call named an address for a receipt.
    """
    match response:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoResponse(reason=reason):
            return Unknown(reason=reason, since=now)
        case Response(body=PaymentIntent() as intent) if not names(intent, charge_id):
            return _about_another_payment(response, now)
        case Response(body=PaymentIntent() as intent):
            return understood(read_intent(intent, now=now), now)
        case Response():
            return _outcome_of_refusal(response, charge_id, now, has_receipt=has_receipt)
        case _:
            assert_never(response)


def session_outcome_of(
    response: Response[CheckoutSession] | NotSent | NoResponse,
    request: AuthorizeRequest,
    amount: int,
    *,
    now: datetime,
) -> Outcome | ReceiptRefused:
    """What the response to a call that opens a page for a charge means. `amount` is in Stripe's minor units."""
    match response:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoResponse(reason=reason):
            return Unknown(reason=reason, since=now)
        case Response(body=CheckoutSession() as session):
            asked = (amount, request.money.currency)
            is_ours = names_charge(session, request.charge_id) and is_hosted(PspReference(session.id))
            if not is_ours or (session.amount_total, session.currency) != asked:
                return _about_another_payment(response, now)
            return understood(read_session(session, now=now), now)
        case Response():
            return _outcome_of_refusal(
                response, request.charge_id, now, has_receipt=request.customer_email is not None
            )
        case _:
            assert_never(response)


def operation_outcome_of(
    response: Response[PaymentIntent] | NotSent | NoResponse,
    what: str,
    reference: PspReference,
    *,
    now: datetime,
) -> OperationOutcome:
    """What the response to a capture or a cancellation of the payment `reference` means. `what` names the operation."""
    match response:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoResponse(reason=reason):
            return Unknown(reason=reason, since=now)
        case Response(body=PaymentIntent() as intent) if intent.id != reference:
            return _about_another_payment(response, now)
        case Response(body=PaymentIntent() as intent):
            return _ended(intent, now) or Unknown(
                reason=f"Stripe accepted {what}, and the payment has not ended yet", since=now
            )
        case Response():
            return _outcome_of_refused_operation(response, what, reference, now)
        case _:
            assert_never(response)


def _about_another_payment(response: Response[T], now: datetime) -> Unknown:
    _log.error("stripe.response_about_another_payment", request_id=response.request_id)
    return Unknown(
        reason=f"Stripe's response is about another payment (Stripe's request {response.request_id})",
        since=now,
    )


def _outcome_of_refusal(
    response: Response[T], charge_id: ChargeId, now: datetime, *, has_receipt: bool
) -> Outcome | ReceiptRefused:
    error = response.error
    if error is not None and error.payment_intent is not None and not names(error.payment_intent, charge_id):
        return _about_another_payment(response, now)
    policy = authorization_error_policy(response.status, error)
    if isinstance(policy, WithoutReceipt):
        # A payment that stands at Stripe already must not be made a second time under another key.
        if has_receipt and error is not None and error.payment_intent is None:
            return ReceiptRefused(
                refusal_in_words(error, "the address for its receipt", request_id=response.request_id)
            )
        policy = RECEIPT_REFUSED
    match policy:
        case Refused():
            intent = error.payment_intent if error else None
            return declined(
                error or StripeError(),
                policy,
                time_of(intent) if intent else now,
                intent,
                request_id=response.request_id,
            )
        case Repeat() | Ask():
            return undetermined_outcome(policy, response, now)
        case _:
            assert_never(policy)


def _outcome_of_refused_operation(
    response: Response[PaymentIntent], what: str, reference: PspReference, now: datetime
) -> OperationOutcome:
    error = response.error or StripeError()
    if error.payment_intent is not None and error.payment_intent.id != reference:
        return _about_another_payment(response, now)
    policy = operation_error_policy(response.status, response.error)
    if isinstance(policy, Repeat | Ask):
        return undetermined_outcome(policy, response, now)
    # What the payment has become goes before what the error calls it: this is how a capture repeated under another
    # key is recognised.
    shown = _ended(error.payment_intent, now) if error.payment_intent else None
    if shown is not None:
        return shown
    match policy:
        case Lapsed():
            return Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=now)
        case Overtaken():
            unclear = Ask("the payment is in a state that Stripe did not expect")
            return undetermined_outcome(unclear, response, now)
        case Refused():
            return Rejected(
                failure=failure_of(error, policy, what, request_id=response.request_id), occurred_at=now
            )
        case _:
            assert_never(policy)


def _ended(intent: PaymentIntent, now: datetime) -> Approved | Canceled | Expired | None:
    """How a payment ended that was captured or given up; None for one that is still open, or cannot be expressed."""
    reading = read_intent(intent, now=now, occurred_at=moved_at(intent) or now)
    if isinstance(reading, Approved):
        return reading if reading.kind == "captured" else None
    return reading if isinstance(reading, Canceled | Expired) else None
