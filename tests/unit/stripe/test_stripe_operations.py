"""What Stripe's answers to a capture or a cancellation mean. The expectations stand apart from the tables they check."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Expired,
    Failure,
    OperationOutcome,
    PspReference,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.stripe.error_tables import OPERATION_ERRORS
from fincore.write.psp.stripe.mapping import operation_outcome_of
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import PaymentIntent, StripeError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATED = 1_795_000_000
CAPTURED = CREATED + 86_400
REFERENCE = PspReference("pi_1")
USD_15 = Money(1500, Currency("usd"))

LAPSED, OVERTAKEN = "Expired", "Unknown, as the error shows no payment"
EVERY_ERROR = {
    "rate_limit": "Retryable",
    "lock_timeout": "Retryable",
    "idempotency_key_in_use": "Unknown",
    "payment_method_provider_timeout": "Unknown",
    "resource_already_exists": "Unknown",
    "capture_charge_authorization_expired": LAPSED,
    "charge_expired_for_capture": LAPSED,
    "capture_unauthorized_payment": OVERTAKEN,
    "charge_already_captured": OVERTAKEN,
    "charge_already_refunded": OVERTAKEN,
    "intent_invalid_state": OVERTAKEN,
    "payment_intent_unexpected_state": OVERTAKEN,
    "status_transition_invalid": OVERTAKEN,
}


def intent(status: str, **fields: Any) -> dict[str, Any]:
    known = {
        "object": "payment_intent",
        "id": "pi_1",
        "status": status,
        "currency": "usd",
        "created": CREATED,
        "amount_received": 1500 if status == "succeeded" else 0,
        "amount_capturable": 1999 if status == "requires_capture" else 0,
        "latest_charge": "ch_1",
    }
    return known | fields


def outcome_of(answer: Response[PaymentIntent] | NotSent | NoResponse) -> OperationOutcome:
    return operation_outcome_of(answer, "the capture", REFERENCE, now=NOW)


def answered(status: str, **fields: Any) -> OperationOutcome:
    body = msgspec.convert(intent(status, **fields), PaymentIntent)
    return outcome_of(Response(status=200, body=body, error=None, request_id="req_1", should_retry=None))


def refused(status: int, **error: Any) -> OperationOutcome:
    return outcome_of(
        Response[PaymentIntent](
            status=status,
            body=None,
            error=msgspec.convert(error, StripeError) if error else None,
            request_id="req_1",
            should_retry=None,
        )
    )


# --- an operation that was carried out


def test_capture_has_fee_and_time_of_balance_transaction() -> None:
    movement = {"amount": 1500, "fee": 74, "net": 1426, "currency": "usd", "created": CAPTURED}
    charge = {"created": CREATED, "balance_transaction": movement}
    assert answered("succeeded", latest_charge=charge) == Approved(
        kind="captured",
        money=USD_15,
        psp_reference=REFERENCE,
        occurred_at=datetime.fromtimestamp(CAPTURED, UTC),
        fee=Money(74, Currency("usd")),
    )


def test_capture_without_balance_transaction_has_time_now() -> None:
    charge = {"created": CREATED, "balance_transaction": None}
    outcome = answered("succeeded", latest_charge=charge)
    assert isinstance(outcome, Approved)
    assert (outcome.fee, outcome.occurred_at) == (None, NOW)


def test_cancellation_has_reason_and_time_of_stripe() -> None:
    assert answered("canceled", cancellation_reason="duplicate", canceled_at=CAPTURED) == Canceled(
        reason="duplicate", psp_reference=REFERENCE, occurred_at=datetime.fromtimestamp(CAPTURED, UTC)
    )


def test_cancellation_of_abandoned_payment_is_expired() -> None:
    assert answered("canceled", cancellation_reason="abandoned", canceled_at=CAPTURED) == Expired(
        reason="abandoned", psp_reference=REFERENCE, occurred_at=datetime.fromtimestamp(CAPTURED, UTC)
    )


@pytest.mark.parametrize(
    "status", ["processing", "requires_capture", "requires_action", "requires_payment_method", "new"]
)
def test_accepted_operation_of_unfinished_payment_is_unknown(status: str) -> None:
    assert answered(status) == Unknown(
        reason="Stripe accepted the capture, and the payment has not ended yet", since=NOW
    )


# --- an operation that was refused


def test_the_expectations_here_cover_the_whole_table() -> None:
    assert set(EVERY_ERROR) == set(OPERATION_ERRORS)


@pytest.mark.parametrize("status", [400, 402, 404])
@pytest.mark.parametrize("code", sorted(EVERY_ERROR))
def test_operation_error_is_mapped_by_table(code: str, status: int) -> None:
    outcome = refused(status, type="invalid_request_error", code=code)
    assert type(outcome).__name__ == EVERY_ERROR[code].partition(",")[0]


def test_lapsed_hold_without_time_is_expired_now() -> None:
    outcome = refused(400, type="invalid_request_error", code="charge_expired_for_capture")
    assert outcome == Expired(reason="authorization_lapsed", psp_reference=REFERENCE, occurred_at=NOW)


@pytest.mark.parametrize(
    "code", ["payment_intent_unexpected_state", "charge_already_captured", "amount_too_large", None]
)
def test_error_showing_captured_payment_is_approved(code: str | None) -> None:
    shown = intent("succeeded")
    assert refused(400, type="invalid_request_error", code=code, payment_intent=shown) == Approved(
        kind="captured", money=USD_15, psp_reference=REFERENCE, occurred_at=NOW
    )


@pytest.mark.parametrize("code", ["payment_intent_unexpected_state", "charge_expired_for_capture"])
@pytest.mark.parametrize(
    ("reason", "kind"), [("automatic", Expired), ("abandoned", Expired), ("duplicate", Canceled)]
)
def test_error_showing_canceled_payment_is_canceled_or_expired(code: str, reason: str, kind: type) -> None:
    shown = intent("canceled", cancellation_reason=reason, canceled_at=CAPTURED)
    outcome = refused(400, type="invalid_request_error", code=code, payment_intent=shown)
    assert isinstance(outcome, Canceled | Expired)
    assert type(outcome) is kind
    assert outcome.occurred_at == datetime.fromtimestamp(CAPTURED, UTC)


@pytest.mark.parametrize("status", ["processing", "requires_capture", "requires_action", "new"])
def test_unexpected_state_of_unfinished_payment_is_unknown(status: str) -> None:
    code = "payment_intent_unexpected_state"
    outcome = refused(400, type="invalid_request_error", code=code, payment_intent=intent(status))
    assert outcome == Unknown(
        reason="the payment is in a state that Stripe did not expect (Stripe's request req_1)", since=NOW
    )


def test_error_showing_inexpressible_capture_is_unknown() -> None:
    shown = intent("succeeded", currency="isk", amount_received=550)
    outcome = refused(400, type="invalid_request_error", code="charge_already_captured", payment_intent=shown)
    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            {"code": "amount_too_large", "param": "amount_to_capture"},
            "amount_too_large, parameter amount_to_capture",
        ),
        ({"code": "resource_missing", "param": "intent"}, "resource_missing, parameter intent"),
        ({"param": "amount_to_capture"}, "parameter amount_to_capture"),
        ({}, "no reason given"),
    ],
    ids=["too large", "missing", "parameter", "nothing"],
)
def test_refusal_without_table_row_leaves_the_hold(error: dict[str, str], message: str) -> None:
    shown = intent("requires_capture")
    outcome = refused(400, type="invalid_request_error", payment_intent=shown, **error)
    assert outcome == Rejected(
        failure=Failure(
            code="psp_rejected_request",
            message=f"Stripe refused the capture: {message} (Stripe's request req_1)",
            advice="do_not_retry",
            decline_code=error.get("code"),
        ),
        occurred_at=NOW,
    )


def test_card_declined_on_capture_is_rejected_with_reason() -> None:
    outcome = refused(
        402, type="card_error", code="card_declined", decline_code="do_not_honor", message="No."
    )
    assert outcome == Rejected(
        failure=Failure(
            code="card_declined", message="No.", advice="retry_later", decline_code="do_not_honor"
        ),
        occurred_at=NOW,
    )


# --- an operation with an unknown outcome


@pytest.mark.parametrize("shown", ["succeeded", "canceled"])
@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (500, {"type": "api_error"}, Unknown),
        (503, {"type": "invalid_request_error", "code": "charge_already_captured"}, Unknown),
        (409, {"type": "invalid_request_error"}, Unknown),
        (400, {"type": "idempotency_error"}, Unknown),
        (400, {"type": "something_new"}, Unknown),
        (418, {"type": "invalid_request_error", "code": "amount_too_large"}, Unknown),
        (401, {"type": "invalid_request_error"}, Retryable),
        (429, {"type": "invalid_request_error", "code": "rate_limit"}, Retryable),
        (429, {"type": "invalid_request_error", "code": "lock_timeout"}, Retryable),
    ],
)
def test_undecided_error_stays_open_for_any_payment_shown(
    status: int, error: dict[str, str], kind: type, shown: str
) -> None:
    assert isinstance(refused(status, payment_intent=intent(shown), **error), kind)


@pytest.mark.parametrize("status", [200, 302, 400, 404])
def test_operation_answer_unreadable_is_unknown(status: int) -> None:
    assert isinstance(refused(status), Unknown)


def test_operation_not_sent_is_retryable_and_no_answer_unknown() -> None:
    assert outcome_of(NotSent("no route")) == Retryable(reason="no route")
    assert outcome_of(NoResponse("reset")) == Unknown(reason="reset", since=NOW)
