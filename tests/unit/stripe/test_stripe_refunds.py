"""What Stripe's word on a refund means. The expectations stand apart from the tables they check."""

import inspect
import re
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
import stripe

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    PspAccount,
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
from fincore.write.psp.stripe.error_tables import REFUND_ERRORS
from fincore.write.psp.stripe.refunds import is_release_of_a_hold, read_refund, refund_outcome_of
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.status_tables import REFUND_FAILURES, REFUND_STATUSES
from fincore.write.psp.stripe.wire import StripeError, StripeRefund

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATED = 1_795_000_000
CREATED_AT = datetime.fromtimestamp(CREATED, UTC)
REFUND = new_refund_id()
CHARGE = new_charge_id()
ASKED = RefundRequest(
    charge_id=CHARGE,
    refund_id=REFUND,
    idempotency_key=f"{REFUND}:refund",
    psp_account=PspAccount("test"),
    psp_reference=PspReference("pi_1"),
    money=Money(500, Currency("usd")),
    reason=None,
)

EVERY_STATUS = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
EVERY_FAILURE = {
    "charge_for_pending_refund_disputed": "charge_disputed",
    "declined": "declined",
    "expired_or_canceled_card": "account_closed",
    "insufficient_funds": "insufficient_funds",
    "lost_or_stolen_card": "card_lost_or_stolen",
    "merchant_request": "canceled",
    "unknown": "unknown_reason",
}
EVERY_ERROR = {
    "rate_limit": "Retryable",
    "lock_timeout": "Retryable",
    "idempotency_key_in_use": "Unknown",
    "payment_method_provider_timeout": "Unknown",
    "resource_already_exists": "Unknown",
    "amount_too_large": "not_refundable",
    "charge_already_refunded": "not_refundable",
    "charge_not_refundable": "not_refundable",
    "intent_invalid_state": "not_refundable",
    "payment_intent_unexpected_state": "not_refundable",
    "charge_disputed": "charge_disputed",
    "refund_disputed_payment": "charge_disputed",
    "balance_insufficient": "insufficient_funds",
    "insufficient_funds": "insufficient_funds",
}


def refund(**fields: Any) -> StripeRefund:
    known = {
        "object": "refund",
        "id": "re_1",
        "amount": 500,
        "currency": "usd",
        "created": CREATED,
        "status": "succeeded",
        "payment_intent": "pi_1",
        "balance_transaction": "txn_1",
        "metadata": {"fincore_charge_id": CHARGE, "fincore_refund_id": REFUND},
    }
    return msgspec.convert(known | fields, StripeRefund)


def report(**fields: Any) -> RefundReport:
    known: dict[str, Any] = {
        "status": "succeeded",
        "psp_reference": PspReference("re_1"),
        "money": Money(500, Currency("usd")),
        "occurred_at": CREATED_AT,
        "refund_id": REFUND,
    }
    return RefundReport(**known | fields)


def refused(status: int, **error: Any) -> RefundOutcome:
    answer = Response[StripeRefund](
        status=status,
        body=None,
        error=msgspec.convert(error, StripeError) if error else None,
        request_id="req_1",
        should_retry=None,
    )
    return refund_outcome_of(answer, ASKED, now=NOW)


# --- refunds


def test_the_expectations_here_cover_the_tables() -> None:
    assert (set(EVERY_STATUS), set(EVERY_FAILURE)) == (set(REFUND_STATUSES), set(REFUND_FAILURES))
    assert set(EVERY_ERROR) == set(REFUND_ERRORS)
    assert {*EVERY_FAILURE.values()} <= set(get_args(RefundFailureCode))


def test_each_refund_failure_reason_of_sdk_has_table_row() -> None:
    sentence = inspect.getsource(stripe.Refund).split("reason for the refund failure. Possible values are:")[
        1
    ]
    assert set(re.findall(r"`(\w+)`", sentence.split(".", 1)[0])) == set(REFUND_FAILURES)


@pytest.mark.parametrize("word", sorted(EVERY_STATUS))
def test_a_refund_is_reported_by_its_status(word: str) -> None:
    said = read_refund(refund(status=word), now=NOW)
    assert isinstance(said, RefundReport)
    assert said.status == EVERY_STATUS[word]


def test_an_answered_refund_is_a_report_of_the_time_it_was_made() -> None:
    answer = Response(status=200, body=refund(), error=None, request_id="req_1", should_retry=None)
    assert refund_outcome_of(answer, ASKED, now=NOW) == report()


@pytest.mark.parametrize("word", sorted(EVERY_FAILURE))
def test_failed_refund_has_code_of_table(word: str) -> None:
    said = read_refund(refund(status="failed", failure_reason=word), now=NOW)
    assert said == report(status="failed", failure_code=EVERY_FAILURE[word], occurred_at=NOW)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "failed"}, "unknown_reason"),
        ({"status": "failed", "failure_reason": "cosmic_rays"}, "unknown_reason"),
        ({"status": "canceled"}, "canceled"),
        ({"status": "canceled", "failure_reason": "declined"}, "declined"),
    ],
    ids=["failed", "new reason", "canceled", "canceled for a reason"],
)
def test_failed_refund_with_unknown_reason_has_generic_code(fields: dict[str, str], code: str) -> None:
    said = read_refund(refund(**fields), now=NOW)
    assert isinstance(said, RefundReport)
    assert said.failure_code == code


def test_failed_refund_has_time_of_event() -> None:
    at = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    said = read_refund(refund(status="failed"), now=NOW, occurred_at=at)
    assert isinstance(said, RefundReport)
    assert said.occurred_at == at


@pytest.mark.parametrize(
    "metadata", [None, {}, {"fincore_refund_id": "nonsense"}], ids=["null", "empty", "nonsense"]
)
def test_refund_made_outside_fincore_has_no_refund_id(metadata: object) -> None:
    assert read_refund(refund(metadata=metadata), now=NOW) == report(refund_id=None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "blessed"}, "Stripe reports a refund status that FinCore does not know"),
        ({"status": None}, "Stripe reports a refund status that FinCore does not know"),
        (
            {"currency": "isk", "amount": 550},
            "Stripe reports 550 isk, finer than the minor unit of ISK",
        ),
    ],
    ids=["new status", "no status", "inexpressible"],
)
def test_a_refund_that_fincore_cannot_read_is_unreadable(fields: dict[str, Any], reason: str) -> None:
    assert read_refund(refund(**fields), now=NOW) == Unreadable(reason)


@pytest.mark.parametrize("fields", [{"status": "blessed"}, {"amount": 0}], ids=["status", "amount"])
def test_an_answer_that_cannot_be_read_is_unknown(fields: dict[str, Any]) -> None:
    answer = Response(status=200, body=refund(**fields), error=None, request_id="req_1", should_retry=None)
    assert isinstance(refund_outcome_of(answer, ASKED, now=NOW), Unknown)


@pytest.mark.parametrize(
    "fields",
    [
        {"payment_intent": "pi_2"},
        {"payment_intent": None},
        {"metadata": None},
        {"metadata": {"fincore_charge_id": new_charge_id(), "fincore_refund_id": REFUND}},
        {"metadata": {"fincore_charge_id": CHARGE, "fincore_refund_id": new_refund_id()}},
    ],
    ids=["other payment", "no payment", "no metadata", "other charge", "other refund"],
)
def test_an_answer_about_another_refund_is_unknown(fields: dict[str, Any]) -> None:
    answer = Response(status=200, body=refund(**fields), error=None, request_id="req_1", should_retry=None)
    assert isinstance(refund_outcome_of(answer, ASKED, now=NOW), Unknown)


def test_stripes_amounts_are_read_in_stripes_exponent() -> None:
    said = read_refund(refund(currency="isk", amount=500), now=NOW)
    assert said == report(money=Money(5, Currency("isk")))


@pytest.mark.parametrize(
    ("fields", "is_release"),
    [
        ({"reason": "expired_uncaptured_charge"}, True),
        ({"reason": "partial_capture"}, True),
        ({"balance_transaction": None, "metadata": {}}, True),
        ({"balance_transaction": None}, False),
        ({"metadata": {}}, False),
        ({"metadata": {}, "balance_transaction": None, "status": "pending"}, False),
        ({"metadata": {}, "balance_transaction": None, "status": "failed"}, False),
        ({"reason": "requested_by_customer"}, False),
    ],
    ids=[
        "a hold that ran out",
        "the rest of a hold",
        "nothing moved",
        "ours, before it moved",
        "made at Stripe",
        "made at Stripe, pending",
        "made at Stripe, failed",
        "wished for",
    ],
)
def test_a_hold_that_is_let_go_is_no_refund(fields: dict[str, Any], *, is_release: bool) -> None:
    assert is_release_of_a_hold(refund(**fields)) is is_release


# --- a refund that was refused


@pytest.mark.parametrize("status", [400, 402, 404])
@pytest.mark.parametrize("code", sorted(EVERY_ERROR))
def test_refund_error_is_mapped_by_table(code: str, status: int) -> None:
    outcome = refused(status, type="invalid_request_error", code=code)
    if isinstance(outcome, RefundRejected):
        assert outcome.code == EVERY_ERROR[code]
    else:
        assert type(outcome).__name__ == EVERY_ERROR[code]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "invalid_request_error", "param": "amount"}, "not_refundable"),
        ({"type": "invalid_request_error", "code": "resource_missing"}, "psp_rejected_request"),
        ({"type": "invalid_request_error"}, "psp_rejected_request"),
        ({"type": "card_error", "code": "card_declined"}, "declined"),
        ({"type": "card_error", "code": "charge_disputed"}, "charge_disputed"),
    ],
    ids=["more than is left", "no such payment", "nothing named", "card", "card of a dispute"],
)
def test_refusal_without_table_row_rejects_the_refund(error: dict[str, str], code: str) -> None:
    outcome = refused(400, **error)
    assert isinstance(outcome, RefundRejected)
    assert outcome.code == code


def test_refund_rejection_message_omits_stripes_message() -> None:
    outcome = refused(
        400,
        type="invalid_request_error",
        code="charge_already_refunded",
        message="Charge ch_very_private has already been refunded.",
    )
    assert outcome == RefundRejected(
        code="not_refundable",
        message="Stripe refused the refund: charge_already_refunded (Stripe's request req_1)",
        occurred_at=NOW,
    )


# --- a refund with an unknown outcome


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (500, {"type": "api_error"}, Unknown),
        (503, {"type": "invalid_request_error", "code": "charge_already_refunded"}, Unknown),
        (409, {"type": "invalid_request_error"}, Unknown),
        (400, {"type": "idempotency_error"}, Unknown),
        (400, {"type": "something_new"}, Unknown),
        (418, {"type": "invalid_request_error", "code": "charge_disputed"}, Unknown),
        (200, {}, Unknown),
        (400, {}, Unknown),
        (401, {"type": "invalid_request_error"}, Retryable),
        (429, {"type": "invalid_request_error", "code": "rate_limit"}, Retryable),
        (429, {"type": "invalid_request_error", "code": "lock_timeout"}, Retryable),
    ],
)
def test_undecided_error_leaves_refund_open(status: int, error: dict[str, str], kind: type) -> None:
    assert isinstance(refused(status, **error), kind)


def test_refund_not_sent_is_retryable_and_no_answer_unknown() -> None:
    assert refund_outcome_of(NotSent("no route"), ASKED, now=NOW) == Retryable(reason="no route")
    assert refund_outcome_of(NoResponse("reset"), ASKED, now=NOW) == Unknown(reason="reset", since=NOW)
