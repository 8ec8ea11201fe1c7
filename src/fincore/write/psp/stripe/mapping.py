"""What Stripe's answers to calls about payments mean: from answers and errors to outcomes, by the tables of `error_tables`. Pure."""

from datetime import datetime
from typing import assert_never

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
from fincore.write.psp.port import ReceiptRefused
from fincore.write.psp.stripe.error_policy import (
    failure_of,
    operation_verdict_on,
    refusal_in_words,
    unsettled,
    verdict_on,
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
from fincore.write.psp.stripe.intents import declined, fact_of, moved_at, names, time_of, understood
from fincore.write.psp.stripe.response import Answered, NoAnswer, NotSent
from fincore.write.psp.stripe.wire import (
    PaymentIntent,
    StripeError,
)

_log = structlog.get_logger(__name__)


def outcome_of(
    answer: Answered[PaymentIntent] | NotSent | NoAnswer,
    charge_id: ChargeId,
    *,
    now: datetime,
    has_receipt: bool = False,
) -> Outcome | ReceiptRefused:
    """What the answer to a call that takes or holds money for a charge means.

    `has_receipt`: the call named an address for a receipt.
    """
    match answer:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoAnswer(reason=reason):
            return Unknown(reason=reason, since=now)
        case Answered(body=PaymentIntent() as intent) if not names(intent, charge_id):
            return _about_another_payment(answer, now)
        case Answered(body=PaymentIntent() as intent):
            return understood(fact_of(intent, now=now), now)
        case Answered():
            return _outcome_of_refusal(answer, charge_id, now, has_receipt=has_receipt)
        case _:
            assert_never(answer)


def operation_outcome_of(
    answer: Answered[PaymentIntent] | NotSent | NoAnswer,
    what: str,
    reference: PspReference,
    *,
    now: datetime,
) -> OperationOutcome:
    """What the answer to a capture or a cancellation of the payment `reference` means. `what` names the operation."""
    match answer:
        case NotSent(reason=reason):
            return Retryable(reason=reason)
        case NoAnswer(reason=reason):
            return Unknown(reason=reason, since=now)
        case Answered(body=PaymentIntent() as intent) if intent.id != reference:
            return _about_another_payment(answer, now)
        case Answered(body=PaymentIntent() as intent):
            return _ended(intent, now) or Unknown(
                reason=f"Stripe accepted {what}, and the payment has not ended yet", since=now
            )
        case Answered():
            return _outcome_of_refused_operation(answer, what, reference, now)
        case _:
            assert_never(answer)


def _about_another_payment(answer: Answered[PaymentIntent], now: datetime) -> Unknown:
    _log.error("stripe.answer_about_another_payment", request_id=answer.request_id)
    return Unknown(
        reason=f"Stripe's answer is about another payment (Stripe's request {answer.request_id})", since=now
    )


def _outcome_of_refusal(
    answer: Answered[PaymentIntent], charge_id: ChargeId, now: datetime, *, has_receipt: bool
) -> Outcome | ReceiptRefused:
    error = answer.error
    if error is not None and error.payment_intent is not None and not names(error.payment_intent, charge_id):
        return _about_another_payment(answer, now)
    verdict = verdict_on(answer.status, error)
    if isinstance(verdict, WithoutReceipt):
        # A payment that stands at Stripe already must not be made a second time under another key.
        if has_receipt and error is not None and error.payment_intent is None:
            return ReceiptRefused(
                refusal_in_words(error, "the address for its receipt", request_id=answer.request_id)
            )
        verdict = RECEIPT_REFUSED
    match verdict:
        case Refused():
            intent = error.payment_intent if error else None
            return declined(
                error or StripeError(),
                verdict,
                time_of(intent) if intent else now,
                PspReference(intent.id) if intent else None,
                request_id=answer.request_id,
            )
        case Repeat() | Ask():
            return unsettled(verdict, answer, now)
        case _:
            assert_never(verdict)


def _outcome_of_refused_operation(
    answer: Answered[PaymentIntent], what: str, reference: PspReference, now: datetime
) -> OperationOutcome:
    error = answer.error or StripeError()
    if error.payment_intent is not None and error.payment_intent.id != reference:
        return _about_another_payment(answer, now)
    verdict = operation_verdict_on(answer.status, answer.error)
    if isinstance(verdict, Repeat | Ask):
        return unsettled(verdict, answer, now)
    # What the payment has become goes before what the error calls it: this is how a capture repeated under another
    # key is recognised.
    shown = _ended(error.payment_intent, now) if error.payment_intent else None
    if shown is not None:
        return shown
    match verdict:
        case Lapsed():
            return Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=now)
        case Overtaken():
            unclear = Ask("the payment is in a state that Stripe did not expect")
            return unsettled(unclear, answer, now)
        case Refused():
            return Rejected(
                failure=failure_of(error, verdict, what, request_id=answer.request_id), occurred_at=now
            )
        case _:
            assert_never(verdict)


def _ended(intent: PaymentIntent, now: datetime) -> Approved | Canceled | Expired | None:
    """How a payment ended that was captured or given up; None for one that is still open, or cannot be expressed."""
    fact = fact_of(intent, now=now, occurred_at=moved_at(intent) or now)
    if isinstance(fact, Approved):
        return fact if fact.kind == "captured" else None
    return fact if isinstance(fact, Canceled | Expired) else None
