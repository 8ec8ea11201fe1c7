"""What requests about a charge are answered, in each state of it."""

import json
import re
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from fincore.api.charges.body import render_cancel, render_capture, render_charge
from fincore.api.refunds.body import render_refund
from fincore.domain.attempt import AbandonedAttempt, AttemptStatus
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.currency import Currency
from fincore.domain.events import ChargeEvent, ChargeStatus
from fincore.domain.ids import ChargeId, DisputeId, MerchantId, RefundId, RequestId
from fincore.domain.money import Money
from fincore.domain.operation import OperationFailure, PendingOperation
from fincore.domain.outcome import Failure, FailureCode, PspAccount, PspName, PspReference, RefundFailureCode
from fincore.domain.payment_method import (
    CardInstrument,
    CardToken,
    HostedCard,
    Instrument,
    PaymentMethod,
    PayPalInstrument,
    PayPalWallet,
)
from fincore.domain.public_event import public_event
from fincore.domain.refund import Refund
from fincore.eventstore.commit import RenderedResponse
from fincore.public.attempt_body import ShownAttemptStatus
from fincore.public.charge_body import ChargeBody, whole_charge_body
from fincore.public.failure_body import CUSTOMER_MESSAGES, FAILURE_MESSAGES, REFUND_FAILURE_MESSAGES
from fincore.read.projectionist.fold import view_of_stream
from fixtures.commits import captured, created, dispute_opened, new_stream
from fixtures.traffic import aftermaths, fates, recorded

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
CHARGE_ID = ChargeId("ch_1")
REQUEST_ID = RequestId("req_1")
CHARGE = Charge(
    version=1,
    merchant_id=MerchantId("mer_1"),
    livemode=False,
    status="processing",
    amount=Money(1999, Currency("usd")),
    capture_method="automatic",
    payment_method=CardToken("pm_1"),
    psp=PspName("stripe"),
    psp_account=PspAccount("test"),
    created_at=NOON,
    description=None,
    customer_email=None,
    metadata={},
)
REFUND = Refund(
    refund_id=RefundId("re_1"),
    status="processing",
    amount_minor=500,
    reason="duplicate",
    origin="merchant",
    metadata={},
    requested_at=NOON,
    updated_at=NOON,
)
REFUSED = Failure(code="processing_error", message="free text of the PSP", advice="retry_later")


def charge(status: ChargeStatus, **changes: Any) -> Charge:
    return msgspec.structs.replace(CHARGE, status=status, **changes)


def body(rendered: RenderedResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rendered.body)
    assert rendered.status < 400 or found["status"] == rendered.status
    assert b"free text" not in rendered.body
    return found


def test_every_failure_has_words_of_ours_and_none_of_the_psp() -> None:
    assert set(FAILURE_MESSAGES) == set(CUSTOMER_MESSAGES) == set(get_args(FailureCode))
    for code in FAILURE_MESSAGES:
        failure = Failure(code=code, message="free text of the PSP", advice="retry_later")
        rendered = render_charge(CHARGE_ID, charge("failed", failure=failure), REQUEST_ID)
        told = body(rendered)
        assert (rendered.status, told["code"], told["charge"]["status"]) == (402, "charge_failed", "failed")
        assert told["charge"]["failure"]["message"] == FAILURE_MESSAGES[code]
        assert told["charge"]["failure"]["customer_message"] == CUSTOMER_MESSAGES[code]
        assert told["charge"]["failure"]["retryable"] is True
        assert told["retryable"] is False


@pytest.mark.parametrize("code", sorted(CUSTOMER_MESSAGES))
def test_customer_message_addresses_the_customer_only(code: FailureCode) -> None:
    message = CUSTOMER_MESSAGES[code]
    assert re.search(r"\byour?\b", message, re.IGNORECASE), message
    assert not re.search(r"customer|provider|PSP|request|charge\b|merchant|lost|stolen|fraud", message), (
        message
    )


@pytest.mark.parametrize("status", [status for status in get_args(ChargeStatus) if status != "failed"])
def test_any_charge_that_did_not_fail_is_a_201_without_timeline(status: ChargeStatus) -> None:
    rendered = render_charge(CHARGE_ID, charge(status), REQUEST_ID)
    told = body(rendered)
    assert (rendered.status, rendered.location, told["status"]) == (201, "/v1/charges/ch_1", status)
    assert not {"timeline", "refunds", "disputes"} & told.keys()
    assert (told["next_action"] is not None) == (status == "requires_action")


@pytest.mark.parametrize(
    ("method", "instrument", "expected"),
    [
        (CardToken("pm_1"), None, ("pm_1", {"type": "card", "card": None, "paypal": None})),
        (
            CardToken("pm_1"),
            CardInstrument(brand="visa", last4="4242", expiry_month=12, expiry_year=2034, funding="credit"),
            (
                "pm_1",
                {
                    "type": "card",
                    "card": {
                        "brand": "visa",
                        "last4": "4242",
                        "exp_month": 12,
                        "exp_year": 2034,
                        "country": None,
                        "funding": "credit",
                        "fingerprint": None,
                    },
                    "paypal": None,
                },
            ),
        ),
        (HostedCard(), None, (None, {"type": "hosted_card", "card": None, "paypal": None})),
        (
            PayPalWallet(),
            PayPalInstrument(payer_id="P1", country="DE", email_masked="a***@example.com"),
            (
                None,
                {
                    "type": "paypal",
                    "card": None,
                    "paypal": {"payer_id": "P1", "country": "DE", "email_masked": "a***@example.com"},
                },
            ),
        ),
    ],
    ids=["not told", "card", "hosted card", "paypal"],
)
def test_details_tell_with_what_the_customer_paid(
    method: PaymentMethod, instrument: Instrument | None, expected: tuple[str | None, dict[str, Any]]
) -> None:
    paid = charge("succeeded", payment_method=method, instrument=instrument)
    told = body(render_charge(CHARGE_ID, paid, REQUEST_ID))
    assert (told["payment_method"], told["payment_method_details"]) == expected


def test_attempts_are_shown_only_where_there_were_several() -> None:
    assert "attempts" not in body(render_charge(CHARGE_ID, charge("succeeded"), REQUEST_ID))
    first = AbandonedAttempt(
        number=1,
        status="reversed",
        psp=PspName("paypal"),
        psp_account=PspAccount("eu"),
        payment_method=PayPalWallet(),
        abandoned_at=NOON,
        psp_reference=PspReference("order-1"),
        money_minor=1999,
    )
    rerouted = charge("succeeded", abandoned_attempts=(first,), psp_reference=PspReference("pi_1"))
    assert body(render_charge(CHARGE_ID, rerouted, REQUEST_ID))["attempts"] == [
        {
            "number": 1,
            "psp": "paypal",
            "psp_account": "eu",
            "psp_reference": "order-1",
            "status": "reversed",
        },
        {
            "number": 2,
            "psp": "stripe",
            "psp_account": "test",
            "psp_reference": "pi_1",
            "status": "current",
        },
    ]


def test_every_attempt_status_of_the_domain_is_shown() -> None:
    assert {*get_args(AttemptStatus), "current"} == set(get_args(ShownAttemptStatus))


def test_pending_charge_shows_until_when() -> None:
    told = body(render_charge(CHARGE_ID, charge("processing", pending_until=NOON), REQUEST_ID))
    assert told["pending_until"] == "2026-01-02T12:00:00Z"


def test_capture_before_is_shown_only_while_authorized() -> None:
    told = {
        status: body(render_charge(CHARGE_ID, charge(status, capture_before=NOON), REQUEST_ID))
        for status in ("authorized", "succeeded", "expired")
    }
    assert {status: one["capture_before"] for status, one in told.items()} == {
        "authorized": "2026-01-02T12:00:00Z",
        "succeeded": None,
        "expired": None,
    }


def test_pending_capture_shows_amount_and_unknown_outcome() -> None:
    pending = PendingOperation(kind="capture", number=1, requested_at=NOON, amount_minor=500)
    rendered = render_capture(
        CHARGE_ID, charge("authorized", operation=pending, unknown_since=NOON), REQUEST_ID
    )
    assert (rendered.status, rendered.location) == (200, None)
    assert body(rendered)["pending_operation"] == {
        "type": "capture",
        "amount_minor": 500,
        "requested_at": "2026-01-02T12:00:00Z",
        "outcome_unknown_since": "2026-01-02T12:00:00Z",
    }


def test_pending_authorization_is_no_pending_operation() -> None:
    pending = PendingOperation(kind="authorize", number=1, requested_at=NOON)
    rendered = render_charge(CHARGE_ID, charge("processing", operation=pending), REQUEST_ID)
    assert body(rendered)["pending_operation"] is None


@pytest.mark.parametrize(
    ("status", "captured", "canceled"),
    [
        ("authorized", 402, 402),
        ("requires_action", 402, 402),
        ("succeeded", 200, 402),
        ("failed", 402, 200),
        ("canceled", 402, 200),
        ("expired", 402, 200),
    ],
)
def test_finished_operation_is_answered_by_charge_status(
    status: ChargeStatus, captured: int, canceled: int
) -> None:
    capture = render_capture(CHARGE_ID, charge(status), REQUEST_ID)
    cancel = render_cancel(CHARGE_ID, charge(status), REQUEST_ID)
    assert (capture.status, cancel.status) == (captured, canceled)
    for rendered, code in ((capture, "capture_failed"), (cancel, "cancel_failed")):
        told = body(rendered)
        if rendered.status == 402:
            assert (told["code"], told["charge"]["status"]) == (code, status)
            assert told["detail"] == f"The charge is {status}."


def test_failed_operation_is_described_in_fincores_words() -> None:
    failed = OperationFailure(operation="capture", failure=REFUSED, occurred_at=NOON)
    rendered = render_capture(CHARGE_ID, charge("authorized", operation_failure=failed), REQUEST_ID)
    told = body(rendered)
    assert told["detail"] == "The payment could not be processed. The charge is authorized."
    assert told["charge"]["operation_failure"] == {
        "operation": "capture",
        "code": "processing_error",
        "decline_code": None,
        "message": "The payment could not be processed.",
        "advice": "retry_later",
        "retryable": True,
    }


@pytest.mark.parametrize("status", ["processing", "pending", "succeeded"])
def test_any_refund_that_did_not_fail_is_a_201_with_its_place(status: str) -> None:
    refund = msgspec.structs.replace(REFUND, status=status)
    rendered = render_refund(CHARGE_ID, charge("succeeded", refunds=(refund,)), REFUND.refund_id, REQUEST_ID)
    assert (rendered.status, rendered.location) == (201, "/v1/refunds/re_1")
    assert (body(rendered)["status"], body(rendered)["failure"]) == (status, None)


def test_every_failure_of_a_refund_has_words_of_ours() -> None:
    assert set(REFUND_FAILURE_MESSAGES) == set(get_args(RefundFailureCode))
    for code, message in REFUND_FAILURE_MESSAGES.items():
        refund = msgspec.structs.replace(REFUND, status="failed", failure_code=code)
        failed = charge("succeeded", refunds=(refund,))
        rendered = render_refund(CHARGE_ID, failed, REFUND.refund_id, REQUEST_ID)
        told = body(rendered)
        assert (rendered.status, told["code"], rendered.location) == (
            402,
            "refund_failed",
            "/v1/refunds/re_1",
        )
        assert told["refund"]["failure"] == {"code": code, "message": message}
        assert told["detail"].startswith(message)


def test_money_that_comes_and_goes_is_counted_in_the_charge() -> None:
    refunds = tuple(
        msgspec.structs.replace(REFUND, refund_id=RefundId(status), status=status)
        for status in ("processing", "pending", "succeeded", "failed")
    )
    told = body(
        render_charge(CHARGE_ID, charge("succeeded", captured_minor=1999, refunds=refunds), REQUEST_ID)
    )
    assert (told["amount_captured_minor"], told["amount_refunded_minor"]) == (1999, 500)
    assert told["amount_refundable_minor"] == 499


def test_amount_refundable_of_a_disputed_charge_is_zero() -> None:
    disputed = evolve(evolve(evolve(None, created()), captured()), dispute_opened(DisputeId("dp_1")))
    told = body(render_charge(CHARGE_ID, disputed, REQUEST_ID))
    assert (told["amount_captured_minor"], told["amount_refundable_minor"]) == (1000, 0)


@pytest.mark.parametrize("life", fates() + aftermaths(), ids=lambda life: type(life[-1]).__name__)
def test_a_charge_with_any_past_is_shown_as_documented(life: tuple[ChargeEvent, ...]) -> None:
    events = recorded(new_stream(), *life)
    view = view_of_stream(events)
    assert view is not None
    shown = whole_charge_body(view.charge_id, view.charge, [public_event(one) for one in events])
    assert msgspec.json.decode(msgspec.json.encode(shown), type=ChargeBody) == shown
