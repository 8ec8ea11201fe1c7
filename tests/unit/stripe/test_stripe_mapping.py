"""What every word of Stripe becomes. The expectations are written out here, apart from the tables they check."""

import inspect
import re
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import msgspec
import pytest
import stripe

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Expired,
    FailureCode,
    Outcome,
    PspReference,
    Retryable,
    Unknown,
)
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.port import ReceiptRefused
from fincore.write.psp.stripe.error_policy import authorization_error_policy
from fincore.write.psp.stripe.error_tables import (
    CARD_DECLINES,
    OPERATION_ERRORS,
    REFUND_ERRORS,
    REQUEST_ERRORS,
    STATUSES,
    Ask,
    Refused,
    Repeat,
    WithoutReceipt,
)
from fincore.write.psp.stripe.intents import INTENT_STATUSES
from fincore.write.psp.stripe.mapping import outcome_of
from fincore.write.psp.stripe.outcome_table import outcome_table
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.status_tables import (
    DISPUTE_STATUSES,
    EXPIRY_REASONS,
    PAYOUT_STATUSES,
    REFUND_FAILURES,
    REFUND_STATUSES,
)
from fincore.write.psp.stripe.wire import PaymentIntent, StripeError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATED = 1_795_000_000
CREATED_AT = datetime.fromtimestamp(CREATED, UTC)
CHARGED = CREATED + 60
REFERENCE = PspReference("pi_1")
CHARGE = new_charge_id()

SOFT, CUSTOMER, HARD = "retry_later", "ask_customer", "do_not_retry"
EVERY_DECLINE: dict[str, tuple[str, str]] = {
    "approve_with_id": ("card_declined", SOFT),
    "call_issuer": ("card_declined", SOFT),
    "card_velocity_exceeded": ("card_declined", SOFT),
    "do_not_honor": ("card_declined", SOFT),
    "generic_decline": ("card_declined", SOFT),
    "insufficient_funds": ("card_declined", SOFT),
    "try_again_later": ("card_declined", SOFT),
    "withdrawal_count_limit_exceeded": ("card_declined", SOFT),
    "issuer_not_available": ("processing_error", SOFT),
    "processing_error": ("processing_error", SOFT),
    "reenter_transaction": ("processing_error", SOFT),
    "authentication_required": ("authentication_required", CUSTOMER),
    "mobile_device_authentication_required": ("authentication_required", CUSTOMER),
    "authentication_not_handled": ("authentication_failed", CUSTOMER),
    "incorrect_cvc": ("incorrect_cvc", CUSTOMER),
    "invalid_cvc": ("incorrect_cvc", CUSTOMER),
    "incorrect_number": ("incorrect_number", CUSTOMER),
    "invalid_number": ("incorrect_number", CUSTOMER),
    "expired_card": ("expired_card", CUSTOMER),
    "incorrect_address": ("payment_method_invalid", CUSTOMER),
    "incorrect_postal_code": ("payment_method_invalid", CUSTOMER),
    "incorrect_zip": ("payment_method_invalid", CUSTOMER),
    "invalid_expiry_month": ("payment_method_invalid", CUSTOMER),
    "invalid_expiry_year": ("payment_method_invalid", CUSTOMER),
    "incorrect_pin": ("card_declined", CUSTOMER),
    "invalid_amount": ("card_declined", CUSTOMER),
    "invalid_pin": ("card_declined", CUSTOMER),
    "offline_pin_required": ("card_declined", CUSTOMER),
    "online_or_offline_pin_required": ("card_declined", CUSTOMER),
    "pin_try_exceeded": ("card_declined", CUSTOMER),
    "fraudulent": ("card_declined", HARD),
    "lost_card": ("card_declined", HARD),
    "merchant_blacklist": ("card_declined", HARD),
    "pickup_card": ("card_declined", HARD),
    "restricted_card": ("card_declined", HARD),
    "security_violation": ("card_declined", HARD),
    "stolen_card": ("card_declined", HARD),
    "card_decline_rate_limit_exceeded": ("card_declined", HARD),
    "card_not_supported": ("card_declined", HARD),
    "currency_not_supported": ("card_declined", HARD),
    "do_not_try_again": ("card_declined", HARD),
    "duplicate_transaction": ("card_declined", HARD),
    "no_action_taken": ("card_declined", HARD),
    "not_permitted": ("card_declined", HARD),
    "revocation_of_all_authorizations": ("card_declined", HARD),
    "revocation_of_authorization": ("card_declined", HARD),
    "revocation_of_authorizations": ("card_declined", HARD),
    "service_not_allowed": ("card_declined", HARD),
    "stop_payment_order": ("card_declined", HARD),
    "transaction_not_allowed": ("card_declined", HARD),
    "invalid_account": ("payment_method_invalid", HARD),
    "live_mode_test_card": ("payment_method_invalid", HARD),
    "new_account_information_available": ("payment_method_invalid", HARD),
    "test_mode_live_card": ("payment_method_invalid", HARD),
    "testmode_decline": ("payment_method_invalid", HARD),
}
"""Stripe's list of decline codes (docs.stripe.com/declines/codes) and what FinCore makes of each."""
DISCREET = {
    "fraudulent",
    "lost_card",
    "merchant_blacklist",
    "pickup_card",
    "restricted_card",
    "security_violation",
    "stolen_card",
}

INVALID_METHOD = ("payment_method_invalid", CUSTOMER)
AUTHENTICATION = ("authentication_failed", CUSTOMER)
EVERY_REQUEST_ERROR: dict[str, tuple[str, str] | str] = {
    "expired_payment_method": INVALID_METHOD,
    "invalid_card_type": INVALID_METHOD,
    "payment_intent_incompatible_payment_method": INVALID_METHOD,
    "payment_method_billing_details_address_missing": INVALID_METHOD,
    "payment_method_currency_mismatch": INVALID_METHOD,
    "payment_method_invalid_parameter": INVALID_METHOD,
    "payment_method_restricted": INVALID_METHOD,
    "payment_method_unactivated": INVALID_METHOD,
    "payment_method_unexpected_state": INVALID_METHOD,
    "payment_method_unsupported_type": INVALID_METHOD,
    "token_already_used": INVALID_METHOD,
    "token_card_network_invalid": INVALID_METHOD,
    "livemode_mismatch": ("payment_method_invalid", HARD),
    "payment_method_invalid_parameter_testmode": ("payment_method_invalid", HARD),
    "authentication_failure": AUTHENTICATION,
    "payment_intent_authentication_failure": AUTHENTICATION,
    "payment_intent_payment_attempt_expired": AUTHENTICATION,
    "three_d_secure_authentication_not_supported": AUTHENTICATION,
    "payment_intent_action_required": ("authentication_required", CUSTOMER),
    "payment_intent_payment_attempt_failed": ("card_declined", CUSTOMER),
    "payment_method_customer_decline": ("card_declined", CUSTOMER),
    "payment_method_provider_decline": ("card_declined", CUSTOMER),
    "payment_method_not_available": ("processing_error", SOFT),
    "amount_too_large": ("amount_too_large", HARD),
    "amount_too_small": ("amount_too_small", HARD),
    "email_invalid": ("psp_rejected_request", CUSTOMER),
    "rate_limit": "Retryable",
    "lock_timeout": "Retryable",
    "intent_invalid_state": "Unknown",
    "payment_intent_unexpected_state": "Unknown",
    "resource_already_exists": "Unknown",
    "status_transition_invalid": "Unknown",
    "idempotency_key_in_use": "Unknown",
    "payment_method_provider_timeout": "Unknown",
    "three_d_secure_authentication_upstream_error": "Unknown",
    "token_in_use": "Unknown",
}


def intent(status: str, **fields: Any) -> PaymentIntent:
    known = {
        "object": "payment_intent",
        "id": "pi_1",
        "status": status,
        "currency": "usd",
        "created": CREATED,
        "metadata": {"fincore_charge_id": CHARGE},
    }
    return msgspec.convert(known | fields, PaymentIntent)


def refused(status: int, *, should_retry: bool | None = None, **error: Any) -> Outcome:
    answer = Response[PaymentIntent](
        status=status,
        body=None,
        error=msgspec.convert(error, StripeError) if error else None,
        request_id="req_1",
        should_retry=should_retry,
    )
    return known(outcome_of(answer, CHARGE, now=NOW))


def answered(status: str, **fields: Any) -> Outcome:
    outcome = outcome_of(
        Response(
            status=200,
            body=intent(status, **fields),
            error=None,
            request_id="req_1",
            should_retry=None,
        ),
        CHARGE,
        now=NOW,
    )
    return known(outcome)


def known(outcome: Outcome | ReceiptRefused) -> Outcome:
    assert not isinstance(outcome, ReceiptRefused)
    return outcome


def declined(outcome: Outcome) -> Declined:
    assert isinstance(outcome, Declined), outcome
    return outcome


# --- payment intents


def test_a_succeeded_payment_is_captured_for_what_was_received() -> None:
    assert answered("succeeded", amount_received=1500) == Approved(
        kind="captured", money=Money(1500, Currency("usd")), psp_reference=REFERENCE, occurred_at=CREATED_AT
    )


@pytest.mark.parametrize(
    ("movement", "fee"),
    [
        ({"fee": 88, "currency": "usd"}, Money(88, Currency("usd"))),
        ({"fee": 0, "currency": "usd"}, Money(0, Currency("usd"))),
        ({"fee": 700, "currency": "isk"}, Money(7, Currency("isk"))),
        ({"fee": 750, "currency": "isk"}, None),
        ({"fee": 88, "currency": "zzz"}, None),
        ({"fee": -88, "currency": "usd"}, None),
        ({"fee": 88, "currency": "usd", "net": 1411}, None),
    ],
)
def test_capture_fee_is_in_settlement_currency(movement: dict[str, Any], fee: Money | None) -> None:
    known = {"amount": 1500, "net": 1500 - movement["fee"], "created": CHARGED + 5}
    charge = {"created": CHARGED, "balance_transaction": known | movement}
    assert answered("succeeded", amount_received=1500, latest_charge=charge) == Approved(
        kind="captured",
        money=Money(1500, Currency("usd")),
        psp_reference=REFERENCE,
        occurred_at=datetime.fromtimestamp(CHARGED + 5, UTC),
        fee=fee,
    )


@pytest.mark.parametrize("status", ["canceled", "requires_action", "requires_payment_method"])
@pytest.mark.parametrize("amount", ["amount_received", "amount_capturable"])
def test_a_payment_that_ended_with_money_is_unknown(status: str, amount: str) -> None:
    error = {"type": "card_error", "code": "card_declined"}
    outcome = answered(status, last_payment_error=error, **{amount: 1})
    assert outcome == Unknown(
        reason=f"Stripe reports a payment that is {status} and has taken or holds money", since=NOW
    )


@pytest.mark.parametrize("movement", ["txn_1", None])
def test_capture_without_balance_transaction_has_no_fee(movement: str | None) -> None:
    charge = {"created": CHARGED, "balance_transaction": movement}
    outcome = answered("succeeded", amount_received=1500, latest_charge=charge)
    assert isinstance(outcome, Approved)
    assert (outcome.fee, outcome.occurred_at) == (None, datetime.fromtimestamp(CHARGED, UTC))


def test_hold_has_capturable_amount_and_capture_before() -> None:
    charge = {
        "object": "charge",
        "created": CHARGED,
        "payment_method_details": {"card": {"capture_before": CREATED + 604_800}},
    }
    assert answered("requires_capture", amount_capturable=1999, latest_charge=charge) == Approved(
        kind="authorized",
        money=Money(1999, Currency("usd")),
        psp_reference=REFERENCE,
        occurred_at=datetime.fromtimestamp(CHARGED, UTC),
        capture_before=datetime.fromtimestamp(CREATED + 604_800, UTC),
    )


def test_hold_with_unexpanded_charge_has_no_capture_before() -> None:
    outcome = answered("requires_capture", amount_capturable=1999, latest_charge="ch_1")
    assert isinstance(outcome, Approved)
    assert (outcome.capture_before, outcome.occurred_at) == (None, CREATED_AT)


def test_stripes_amounts_are_read_in_stripes_exponent() -> None:
    outcome = answered("succeeded", amount_received=500, currency="isk")
    assert isinstance(outcome, Approved)
    assert outcome.money == Money(5, Currency("isk"))


@pytest.mark.parametrize("status", ["succeeded", "requires_capture"])
def test_amount_finer_than_minor_unit_is_unknown(status: str) -> None:
    outcome = answered(status, amount_received=550, amount_capturable=550, currency="isk")
    assert outcome == Unknown(reason="Stripe reports 550 isk, finer than the minor unit of ISK", since=NOW)


@pytest.mark.parametrize(
    ("next_action", "url"),
    [
        ({"type": "redirect_to_url", "redirect_to_url": {"url": "https://3ds"}}, "https://3ds"),
        ({"type": "use_stripe_sdk", "use_stripe_sdk": {}}, None),
        (None, None),
    ],
)
def test_action_required_carries_redirect_url(next_action: object, url: str | None) -> None:
    outcome = answered("requires_action", next_action=next_action)
    assert outcome == ActionRequired(psp_reference=REFERENCE, redirect_url=url)


def test_a_payment_in_process_is_unknown() -> None:
    assert answered("processing") == Unknown(reason="processing at the PSP", since=NOW)


@pytest.mark.parametrize(
    "reason", ["duplicate", "fraudulent", "requested_by_customer", "void_invoice", "new"]
)
def test_canceled_payment_has_reason_and_time(reason: str) -> None:
    assert answered("canceled", cancellation_reason=reason, canceled_at=CHARGED) == Canceled(
        reason=reason, psp_reference=REFERENCE, occurred_at=datetime.fromtimestamp(CHARGED, UTC)
    )


def test_canceled_payment_without_reason_gets_defaults() -> None:
    assert answered("canceled") == Canceled(
        reason="canceled at Stripe", psp_reference=REFERENCE, occurred_at=CREATED_AT
    )


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("automatic", "authorization_lapsed"),
        ("expired", "authorization_lapsed"),
        ("abandoned", "abandoned"),
    ],
)
def test_lapsed_or_abandoned_payment_is_expired(
    word: str, reason: Literal["authorization_lapsed", "abandoned"]
) -> None:
    assert answered("canceled", cancellation_reason=word, canceled_at=CHARGED) == Expired(
        reason=reason, psp_reference=REFERENCE, occurred_at=datetime.fromtimestamp(CHARGED, UTC)
    )


@pytest.mark.parametrize("status", ["requires_payment_method", "requires_confirmation"])
def test_unattempted_payment_is_unknown(status: str) -> None:
    assert answered(status) == Unknown(
        reason=f"the payment is {status} at the PSP: not attempted yet", since=NOW
    )


@pytest.mark.parametrize(
    ("error", "code", "advice"),
    [
        ({"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}, "card_declined", HARD),
        (
            {"type": "invalid_request_error", "code": "payment_intent_authentication_failure"},
            "authentication_failed",
            CUSTOMER,
        ),
        ({"type": "api_error"}, "processing_error", SOFT),
        ({"type": "invalid_request_error", "code": "lock_timeout"}, "card_declined", CUSTOMER),
        ({"type": "something_new"}, "card_declined", CUSTOMER),
    ],
)
def test_a_failed_attempt_is_declined_by_its_last_error(
    error: dict[str, str], code: str, advice: str
) -> None:
    outcome = declined(answered("requires_payment_method", last_payment_error=error))
    assert (outcome.failure.code, outcome.failure.advice) == (code, advice)
    assert (outcome.psp_reference, outcome.occurred_at) == (REFERENCE, CREATED_AT)


def test_unknown_intent_status_is_unknown_outcome() -> None:
    assert isinstance(answered("requires_blessing"), Unknown)


def test_every_status_of_the_official_sdk_has_a_reader() -> None:
    statuses = set(
        re.findall(r'"(\w+)"', inspect.getsource(stripe.PaymentIntent).split("status: Union[")[1][:400])
    )
    assert statuses == set(INTENT_STATUSES)


# --- card errors


def test_the_expectations_here_cover_the_whole_decline_table() -> None:
    assert set(EVERY_DECLINE) == set(CARD_DECLINES)


@pytest.mark.parametrize("word", sorted(EVERY_DECLINE))
def test_a_decline_becomes_a_failure_with_advice(word: str) -> None:
    code, advice = EVERY_DECLINE[word]
    outcome = declined(
        refused(
            402,
            type="card_error",
            code="card_declined",
            decline_code=word,
            message="Stripe's own words.",
            payment_intent=msgspec.to_builtins(intent("requires_payment_method")),
        )
    )
    assert (outcome.failure.code, outcome.failure.advice, outcome.failure.decline_code) == (
        code,
        advice,
        word,
    )
    assert outcome.failure.message == (
        "Your card was declined." if word in DISCREET else "Stripe's own words."
    )
    assert (outcome.psp_reference, outcome.occurred_at) == (REFERENCE, CREATED_AT)


@pytest.mark.parametrize("word", ["expired_card", "incorrect_cvc", "processing_error", "invalid_number"])
def test_decline_without_decline_code_is_mapped_by_error_code(word: str) -> None:
    failure = declined(refused(402, type="card_error", code=word)).failure
    assert (failure.code, failure.advice) == EVERY_DECLINE[word]
    assert failure.decline_code == word


@pytest.mark.parametrize("words", [{}, {"code": "card_declined"}, {"decline_code": "cosmic_rays"}])
def test_decline_with_unknown_code_advises_ask_customer(words: dict[str, Any]) -> None:
    failure = declined(refused(402, type="card_error", **words)).failure
    assert (failure.code, failure.advice) == ("card_declined", CUSTOMER)


@pytest.mark.parametrize("error_type", ["invalid_request_error", "api_error", "something_new", ""])
@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ({"code": "card_declined"}, CUSTOMER),
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, SOFT),
        ({"code": "card_declined", "decline_code": "stolen_card"}, HARD),
        ({"code": "card_declined", "advice_code": "try_again_later"}, SOFT),
        ({"decline_code": "cosmic_rays"}, CUSTOMER),
    ],
)
def test_decline_under_another_error_type_is_a_decline(
    error_type: str, words: dict[str, Any], advice: str
) -> None:
    failure = declined(refused(402, type=error_type, message="Secret text", **words)).failure
    assert (failure.code, failure.advice) == ("card_declined", advice)
    assert "Secret" not in failure.message


@pytest.mark.parametrize("status", [400, 404, 500])
def test_card_declined_with_another_status_is_no_decline(status: int) -> None:
    outcome = refused(status, type="something_new", code="card_declined")
    assert isinstance(outcome, Unknown)


def test_an_idempotency_error_that_names_a_decline_is_unknown() -> None:
    assert isinstance(refused(402, type="idempotency_error", code="card_declined"), Unknown)


def test_failure_texts_are_bounded_and_hold_no_card_number() -> None:
    code = "4242424242424242 <b>" + "x" * 10_000
    failure = declined(refused(400, type="invalid_request_error", code=code, param=code)).failure
    assert failure.decline_code is not None
    for text in (failure.decline_code, failure.message):
        assert len(text) <= 300
        assert "4242424242424242" not in text
        assert "<" not in text


@pytest.mark.parametrize(
    ("advice_code", "advice"),
    [
        ("confirm_card_data", CUSTOMER),
        ("do_not_try_again", HARD),
        ("try_again_later", SOFT),
        ("something_new", SOFT),
        (None, SOFT),
    ],
)
def test_advice_code_of_stripe_outweighs_decline_table(advice_code: str | None, advice: str) -> None:
    outcome = refused(402, type="card_error", decline_code="generic_decline", advice_code=advice_code)
    assert declined(outcome).failure.advice == advice


def test_decline_without_intent_has_no_reference_and_time_now() -> None:
    outcome = declined(refused(402, type="card_error", code="incorrect_number"))
    assert (outcome.psp_reference, outcome.occurred_at) == (None, NOW)


def test_a_message_never_carries_a_card_number_and_is_bounded() -> None:
    text = "Card 4242 4242 4242 4242 " + "x" * 1000
    message = declined(refused(402, type="card_error", code="expired_card", message=text)).failure.message
    assert "4242 4242" not in message
    assert len(message) == 300


# --- request errors


def test_request_error_expectations_cover_whole_table() -> None:
    assert set(EVERY_REQUEST_ERROR) == set(REQUEST_ERRORS)


@pytest.mark.parametrize("status", [400, 402, 404])
@pytest.mark.parametrize("word", sorted(EVERY_REQUEST_ERROR))
def test_refused_request_is_mapped_by_table(word: str, status: int) -> None:
    outcome = refused(status, type="invalid_request_error", code=word)
    expected = EVERY_REQUEST_ERROR[word]
    if isinstance(expected, str):
        assert type(outcome).__name__ == expected
    else:
        failure = declined(outcome).failure
        assert (failure.code, failure.advice) == expected


@pytest.mark.parametrize(
    ("code", "param", "failure_code", "advice"),
    [
        ("resource_missing", "payment_method", "payment_method_invalid", CUSTOMER),
        ("parameter_missing", "payment_method", "payment_method_invalid", CUSTOMER),
        (None, "receipt_email", "psp_rejected_request", CUSTOMER),
        ("parameter_invalid_integer", "amount", "psp_rejected_request", HARD),
        (None, "currency", "psp_rejected_request", HARD),
        ("resource_missing", None, "psp_rejected_request", HARD),
        (None, None, "psp_rejected_request", HARD),
    ],
)
def test_refused_request_of_unknown_code_is_mapped_by_param(
    code: str | None, param: str | None, failure_code: str, advice: str
) -> None:
    failure = declined(refused(400, type="invalid_request_error", code=code, param=param)).failure
    assert (failure.code, failure.advice) == (failure_code, advice)


def refused_receipt(**error: Any) -> Outcome | ReceiptRefused:
    answer = Response[PaymentIntent](
        status=400,
        body=None,
        error=msgspec.convert({"type": "invalid_request_error"} | error, StripeError),
        request_id="req_1",
        should_retry=None,
    )
    return outcome_of(answer, CHARGE, now=NOW, has_receipt=True)


@pytest.mark.parametrize(
    "error",
    [{"code": "email_invalid"}, {"param": "receipt_email"}, {"code": "new", "param": "receipt_email"}],
)
def test_a_refused_address_costs_the_receipt_not_the_payment(error: dict[str, str]) -> None:
    outcome = refused_receipt(message="Invalid email address: very@private", **error)
    assert isinstance(outcome, ReceiptRefused)
    assert outcome.reason.startswith("Stripe refused the address for its receipt: ")
    assert "private" not in outcome.reason


def test_a_refused_address_of_a_payment_that_stands_is_a_decline() -> None:
    shown = msgspec.to_builtins(intent("requires_payment_method"))
    outcome = refused_receipt(code="email_invalid", payment_intent=shown)
    assert isinstance(outcome, Declined)
    assert outcome.failure.code == "psp_rejected_request"


def test_refused_parameter_other_than_receipt_is_decline() -> None:
    assert isinstance(refused_receipt(param="currency"), Declined)


def test_refused_request_message_omits_what_was_sent() -> None:
    failure = declined(
        refused(
            404,
            type="invalid_request_error",
            code="resource_missing",
            param="payment_method",
            message="No such PaymentMethod: 'pm_very_private'",
        )
    ).failure
    assert failure.message == (
        "Stripe refused the payment: resource_missing, parameter payment_method (Stripe's request req_1)"
    )


def test_a_key_used_with_another_request_is_unknown() -> None:
    reason = "the idempotency key was used with another request (Stripe's request req_1)"
    assert refused(400, type="idempotency_error") == Unknown(reason=reason, since=NOW)
    assert isinstance(refused(409, type="idempotency_error", code="idempotency_key_in_use"), Unknown)


# --- statuses


@pytest.mark.parametrize("error", [{}, {"type": "invalid_request_error"}, {"type": "api_error"}])
@pytest.mark.parametrize(
    ("status", "kind", "pause"),
    [(401, Retryable, 60.0), (403, Retryable, 60.0), (409, Unknown, None), (429, Retryable, 2.0)],
)
def test_decisive_http_status_outweighs_error_body(
    status: int, kind: type, pause: float | None, error: dict[str, Any]
) -> None:
    outcome = refused(status, **error)
    assert isinstance(outcome, kind)
    assert getattr(outcome, "retry_after_seconds", None) == pause


def test_every_status_of_the_table_is_checked_above() -> None:
    assert set(STATUSES) == {401, 403, 409, 429}


def test_a_lock_is_tried_again_sooner_than_a_rate_limit() -> None:
    outcome = refused(429, type="invalid_request_error", code="lock_timeout")
    assert isinstance(outcome, Retryable)
    assert outcome.retry_after_seconds == 1.0


@pytest.mark.parametrize("error", [{}, {"type": "api_error"}, {"type": "card_error", "code": "expired_card"}])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_server_error_of_stripe_is_unknown_for_any_body(status: int, error: dict[str, Any]) -> None:
    assert isinstance(refused(status, **error), Unknown)


@pytest.mark.parametrize("status", [100, 204, 302, 400, 402, 404, 408, 418, 424])
def test_authorize_answer_unreadable_is_unknown(status: int) -> None:
    assert isinstance(refused(status), Unknown)


@pytest.mark.parametrize("status", [408, 418, 424])
def test_a_request_error_under_a_strange_status_is_unknown(status: int) -> None:
    assert isinstance(refused(status, type="invalid_request_error", code="parameter_missing"), Unknown)


def test_an_error_of_an_unknown_type_is_unknown() -> None:
    assert isinstance(refused(400, type="quantum_error", code="parameter_missing"), Unknown)


def test_a_success_that_cannot_be_read_is_unknown() -> None:
    assert isinstance(refused(200), Unknown)


def test_should_retry_false_lengthens_pause_and_marks_unknown() -> None:
    limited = refused(429, should_retry=False, type="invalid_request_error", code="rate_limit")
    assert isinstance(limited, Retryable)
    assert limited.retry_after_seconds == 30.0
    failed = refused(500, should_retry=False, type="api_error")
    assert failed == Unknown(
        reason="Stripe failed with HTTP 500, and it is not to be repeated (Stripe's request req_1)", since=NOW
    )


def test_stripes_advice_to_repeat_makes_no_unknown_outcome_known() -> None:
    assert isinstance(refused(500, should_retry=True, type="api_error"), Unknown)
    assert isinstance(refused(409, should_retry=True, type="invalid_request_error"), Unknown)


def test_authorize_not_sent_is_retryable_and_no_answer_unknown() -> None:
    assert outcome_of(NotSent("no route"), CHARGE, now=NOW) == Retryable(reason="no route")
    assert outcome_of(NoResponse("reset"), CHARGE, now=NOW) == Unknown(reason="reset", since=NOW)


# --- the table as a whole


def sdk_error_codes() -> list[str]:
    source = inspect.getsource(stripe.PaymentIntent.LastPaymentError)
    return re.findall(r'"(\w+)",', source.split("code: Optional")[2].split("]", 1)[0])


def test_each_sdk_error_code_has_error_policy() -> None:
    codes = sdk_error_codes()
    assert len(codes) > 200
    for code in codes:
        verdict = authorization_error_policy(400, StripeError(type="invalid_request_error", code=code))
        assert isinstance(verdict, Refused | Repeat | Ask | WithoutReceipt), code


@pytest.mark.parametrize(
    "code",
    [
        code
        for code in sdk_error_codes()
        if re.search(r"_in_use$|lock_timeout|rate_limit$|secure_\w+_upstream|intent_unexpected_state", code)
        and not code.startswith("setup_")
    ],
)
def test_error_code_leaving_payment_open_is_no_refusal(code: str) -> None:
    assert not isinstance(
        authorization_error_policy(400, StripeError(type="invalid_request_error", code=code)), Refused
    )


def test_every_row_names_a_failure_code_of_the_domain() -> None:
    verdicts = [*CARD_DECLINES.values(), *REQUEST_ERRORS.values()]
    assert {verdict.code for verdict in verdicts if isinstance(verdict, Refused)} <= set(
        get_args(FailureCode)
    )


def test_printed_outcome_table_contains_each_word() -> None:
    printed = outcome_table()
    for table in (
        CARD_DECLINES,
        DISPUTE_STATUSES,
        EXPIRY_REASONS,
        INTENT_STATUSES,
        OPERATION_ERRORS,
        PAYOUT_STATUSES,
        REFUND_ERRORS,
        REFUND_FAILURES,
        REFUND_STATUSES,
        REQUEST_ERRORS,
        STATUSES,
    ):
        for word in table:
            assert re.search(rf"  {word} ", printed), word


@pytest.mark.parametrize(
    "row",
    [
        r"card_error +lost_card +Declined card_declined, do_not_retry, generic message",
        r"invalid_request_error +payment_intent_unexpected_state +Unknown: ",
        r"HTTP status +429 +Retryable after 2 s",
        r"cancellation reason +automatic +Expired authorization_lapsed",
        r"error on capture, cancel +charge_expired_for_capture +Expired authorization_lapsed",
        r"error on capture, cancel +charge_already_captured +what the payment has become",
        r"error on capture, cancel +\(any other\) +Rejected psp_rejected_request, do_not_retry",
        r"error on refund +charge_disputed +Rejected charge_disputed",
        r"error on refund +\(other, amount\) +Rejected not_refundable",
        r"refund's status +requires_action +refund pending",
        r"refund's failure reason +lost_or_stolen_card +refund failed, card_lost_or_stolen",
        r"dispute's status +warning_under_review +inquiry under_review",
        r"dispute's status +\(any other\) +Unknown",
        r"payout's status +pending +payout in_transit",
        r"payout's status +\(any other\) +held",
    ],
)
def test_printed_outcome_row_shows_mapping(row: str) -> None:
    assert re.search(f"^{row}", outcome_table(), re.MULTILINE)
