"""PayPal's authorizations, captures and refunds, by the sandbox's clock."""

from typing import Any

import pytest

from fixtures.paypal_client import PayPalClient, amount, issue, payments
from fixtures.sandbox import SandboxProcess

DAY = 24 * 3_600


def advance(sandbox: SandboxProcess, days: float) -> None:
    """Tokens are over after nine hours: PayPalClient fetches a new one when it is made anew."""
    sandbox.call("POST", "/sandbox/clock", {"advance_seconds": days * DAY})


def later(sandbox: SandboxProcess, days: float) -> PayPalClient:
    advance(sandbox, days)
    return PayPalClient(sandbox.url)


def voided(paypal: PayPalClient, hold_id: str, prefer: str = "return=representation") -> Any:
    return paypal.call("POST", f"/v2/payments/authorizations/{hold_id}/void", prefer=prefer)


def renewed(paypal: PayPalClient, hold_id: str, body: Any = None) -> Any:
    path = f"/v2/payments/authorizations/{hold_id}/reauthorize"
    return paypal.call("POST", path, body or {}, prefer="return=representation")


# Authorizations


def test_hold_is_captured_in_parts_until_the_final_one(paypal: PayPalClient) -> None:
    hold = paypal.authorized(custom_id="ch_1")
    assert hold["status"] == "CREATED"
    first = paypal.capture(hold["id"], amount("30.00"))
    assert (first.status, first.json["status"], first.json["final_capture"]) == (201, "COMPLETED", False)
    assert first.json["custom_id"] == "ch_1"
    path = f"/v2/payments/authorizations/{hold['id']}"
    assert paypal.get(path)["status"] == "PARTIALLY_CAPTURED"
    last = paypal.capture(hold["id"], {**amount("20.00"), "final_capture": True})
    assert last.json["final_capture"] is True
    assert paypal.get(path)["status"] == "CAPTURED"
    assert issue(paypal.capture(hold["id"])) == (422, "AUTHORIZATION_ALREADY_CAPTURED")
    assert issue(voided(paypal, hold["id"])) == (422, "PREVIOUSLY_CAPTURED")


def test_capture_of_everything_is_final(paypal: PayPalClient) -> None:
    hold = paypal.authorized(value="12.34")
    taken = paypal.capture(hold["id"]).json
    assert (taken["amount"]["value"], taken["final_capture"]) == ("12.34", True)
    order_id = taken["supplementary_data"]["related_ids"]["order_id"]
    made = payments(paypal.order(order_id))
    assert made["authorizations"][0]["status"] == "CAPTURED"
    assert [capture["id"] for capture in made["captures"]] == [taken["id"]]


@pytest.mark.parametrize(
    ("held", "most", "too_much"), [("100.00", "115.00", "115.01"), ("1000.00", "1075.00", "1075.01")]
)
def test_capture_may_exceed_its_hold_a_little(
    paypal: PayPalClient, held: str, most: str, too_much: str
) -> None:
    hold = paypal.authorized(value=held)
    refused = paypal.capture(hold["id"], amount(too_much))
    assert issue(refused) == (422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
    assert paypal.capture(hold["id"], amount(most)).json["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (amount("1.00", "EUR"), "AUTH_CAPTURE_CURRENCY_MISMATCH"),
        (amount("100.5", "JPY"), "DECIMALS_NOT_SUPPORTED"),
        (amount("1.005"), "DECIMAL_PRECISION"),
        (amount("0"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
    ],
)
def test_capture_that_cannot_be_is_refused(paypal: PayPalClient, body: Any, wanted: str) -> None:
    assert issue(paypal.capture(paypal.authorized()["id"], body)) == (422, wanted)


def test_void_gives_the_hold_back_once(paypal: PayPalClient) -> None:
    shown, unseen = paypal.authorized(), paypal.authorized()
    done = voided(paypal, shown["id"])
    assert (done.status, done.json["status"]) == (200, "VOIDED")
    silent = voided(paypal, unseen["id"], "return=minimal")
    assert (silent.status, silent.body) == (204, b"")
    assert "content-length" not in silent.headers
    assert issue(voided(paypal, shown["id"])) == (422, "PREVIOUSLY_VOIDED")
    assert issue(paypal.capture(shown["id"])) == (422, "AUTHORIZATION_VOIDED")
    assert issue(renewed(paypal, shown["id"])) == (422, "AUTHORIZATION_VOIDED")


def test_hold_is_honored_three_days_then_renewed(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    hold = paypal.authorized()
    day_two = later(psp_sandbox, 2)
    assert issue(renewed(day_two, hold["id"])) == (422, "REAUTHORIZATION_TOO_SOON")
    day_five = later(psp_sandbox, 3)
    assert issue(day_five.capture(hold["id"])) == (422, "PAYER_CANNOT_PAY")
    again = renewed(day_five, hold["id"])
    assert (again.status, again.json["status"]) == (201, "CREATED")
    assert again.json["id"] != hold["id"]
    assert again.json["expiration_time"] == hold["expiration_time"]
    assert issue(renewed(day_five, again.json["id"])) == (422, "REAUTHORIZATION_NOT_SUPPORTED")
    assert issue(voided(day_five, again.json["id"])) == (422, "CANNOT_BE_VOIDED")
    assert day_five.capture(again.json["id"]).json["status"] == "COMPLETED"
    for one in (hold["id"], again.json["id"]):
        assert day_five.get(f"/v2/payments/authorizations/{one}")["status"] == "CAPTURED"


def test_void_of_a_hold_voids_its_renewals(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    hold = paypal.authorized()
    day_four = later(psp_sandbox, 4)
    again = renewed(day_four, hold["id"]).json
    assert voided(day_four, hold["id"]).status == 200
    assert issue(day_four.capture(again["id"])) == (422, "AUTHORIZATION_VOIDED")


def test_hold_expires_after_29_days_though_partly_captured(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    untouched, partly = paypal.authorized(), paypal.authorized()
    assert paypal.capture(partly["id"], amount("10.00")).status == 201
    day_28 = later(psp_sandbox, 28)
    assert day_28.get(f"/v2/payments/authorizations/{untouched['id']}")["status"] == "CREATED"
    day_30 = later(psp_sandbox, 2)
    for hold in (untouched, partly):
        assert day_30.get(f"/v2/payments/authorizations/{hold['id']}")["status"] == "VOIDED"
        assert issue(day_30.capture(hold["id"])) == (422, "AUTHORIZATION_EXPIRED")


@pytest.mark.parametrize(("funding", "status"), [("review", "CREATED"), ("review_denied", "DENIED")])
def test_authorization_under_review_is_decided_in_a_day(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, funding: str, status: str
) -> None:
    hold = paypal.authorized(funding=funding)
    assert (hold["status"], hold["status_details"]["reason"]) == ("PENDING", "PENDING_REVIEW")
    assert issue(paypal.capture(hold["id"])) == (422, "TRANSACTION_REFUSED")
    assert later(psp_sandbox, 1).get(f"/v2/payments/authorizations/{hold['id']}")["status"] == status


def test_declined_authorization_takes_nothing(paypal: PayPalClient) -> None:
    hold = paypal.authorized(funding="declined")
    assert hold["status"] == "DENIED"
    assert issue(paypal.capture(hold["id"])) == (422, "AUTHORIZATION_DENIED")


# Pending captures


@pytest.mark.parametrize(
    ("funding", "reason", "status"),
    [
        ("echeck", "ECHECK", "COMPLETED"),
        ("echeck_denied", "ECHECK", "DECLINED"),
        ("review", "PENDING_REVIEW", "COMPLETED"),
        ("review_denied", "PENDING_REVIEW", "DECLINED"),
    ],
)
def test_pending_capture_is_decided_days_later(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, funding: str, reason: str, status: str
) -> None:
    days = 4 if reason == "ECHECK" else 1
    capture = paypal.captured(funding=funding)
    assert (capture["status"], capture["status_details"]["reason"]) == ("PENDING", reason)
    assert "seller_receivable_breakdown" not in capture
    assert issue(paypal.refund(capture["id"])) == (422, "PENDING_CAPTURE")
    path = f"/v2/payments/captures/{capture['id']}"
    assert later(psp_sandbox, days - 0.1).get(path)["status"] == "PENDING"
    assert later(psp_sandbox, 0.1).get(path)["status"] == status


def test_pending_capture_is_decided_on_demand(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    completed, denied = paypal.captured(funding="echeck"), paypal.captured(funding="echeck")
    psp_sandbox.call("POST", f"/sandbox/paypal/captures/{completed['id']}/decide")
    psp_sandbox.call("POST", f"/sandbox/paypal/captures/{denied['id']}/decide", {"denied": True})
    rows = psp_sandbox.call("GET", "/sandbox/paypal/captures")["data"]
    assert [row["status"] for row in rows] == ["COMPLETED", "DECLINED"]


# Refunds


def test_refunds_give_back_their_part_of_the_fee(paypal: PayPalClient) -> None:
    capture = paypal.captured()
    part = paypal.refund(capture["id"], {**amount("40.00"), "custom_id": "re_1"})
    assert (part.status, part.json["status"], part.json["custom_id"]) == (201, "COMPLETED", "re_1")
    breakdown = {name: money["value"] for name, money in part.json["seller_payable_breakdown"].items()}
    assert breakdown == {
        "gross_amount": "40.00",
        "paypal_fee": "1.40",
        "net_amount": "38.60",
        "total_refunded_amount": "40.00",
    }
    path = f"/v2/payments/captures/{capture['id']}"
    assert paypal.get(path)["status"] == "PARTIALLY_REFUNDED"
    # 3.49 % of 73.20 are 2.55, of which 1.40 came back before; 3.49 % of 33.20 alone would be 1.16.
    more = paypal.refund(capture["id"], amount("33.20")).json
    assert more["seller_payable_breakdown"]["paypal_fee"]["value"] == "1.15"
    rest = paypal.refund(capture["id"]).json
    assert rest["amount"]["value"] == "26.80"
    assert rest["seller_payable_breakdown"]["paypal_fee"]["value"] == "0.94"
    assert rest["seller_payable_breakdown"]["total_refunded_amount"]["value"] == "100.00"
    assert paypal.get(path)["status"] == "REFUNDED"
    assert issue(paypal.refund(capture["id"])) == (422, "CAPTURE_FULLY_REFUNDED")
    order_id = paypal.get(path)["supplementary_data"]["related_ids"]["order_id"]
    refunds = payments(paypal.order(order_id))["refunds"]
    assert [refund["id"] for refund in refunds] == [part.json["id"], more["id"], rest["id"]]
    assert paypal.get(f"/v2/payments/refunds/{rest['id']}") == rest


def test_refund_that_cannot_be_is_refused(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    capture = paypal.captured()
    assert issue(paypal.refund(capture["id"], amount("100.01"))) == (422, "REFUND_AMOUNT_EXCEEDED")
    assert issue(paypal.refund(capture["id"], amount("1.00", "EUR"))) == (
        422,
        "REFUND_CAPTURE_CURRENCY_MISMATCH",
    )
    declined = paypal.captured(funding="declined")
    assert issue(paypal.refund(declined["id"])) == (422, "REFUND_NOT_ALLOWED")
    first = paypal.refund(capture["id"], {**amount("1.00"), "invoice_id": "inv-1"})
    assert first.status == 201
    assert issue(paypal.refund(capture["id"], amount("99.01"))) == (422, "REFUND_AMOUNT_EXCEEDED")
    second = paypal.refund(capture["id"], {**amount("1.00"), "invoice_id": "inv-1"})
    assert issue(second) == (422, "DUPLICATE_INVOICE_ID")
    after = later(psp_sandbox, 181)
    assert issue(after.refund(capture["id"])) == (422, "REFUND_TIME_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("funding", "refund_status", "capture_status"),
    [("echeck", "COMPLETED", "REFUNDED"), ("refund_fails", "FAILED", "COMPLETED")],
)
def test_pending_refund_is_decided_later(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, funding: str, refund_status: str, capture_status: str
) -> None:
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 30})
    capture = paypal.captured(funding=funding)
    if funding == "echeck":
        psp_sandbox.call("POST", f"/sandbox/paypal/captures/{capture['id']}/decide")
    refund = paypal.refund(capture["id"]).json
    assert (refund["status"], refund["status_details"]) == ("PENDING", {"reason": "ECHECK"})
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 30})
    assert paypal.get(f"/v2/payments/refunds/{refund['id']}")["status"] == refund_status
    assert paypal.get(f"/v2/payments/captures/{capture['id']}")["status"] == capture_status


def test_reversal_takes_what_is_left(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    capture = paypal.captured()
    paypal.refund(capture["id"], amount("40.00"))
    shown = psp_sandbox.call("POST", f"/sandbox/paypal/captures/{capture['id']}/reverse")
    assert shown["status"] == "REFUNDED"
    assert psp_sandbox.state()["paypal"]["refunded_minor"] == 10_000
