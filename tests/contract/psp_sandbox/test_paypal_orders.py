"""PayPal's orders: tokens, creation, approval, capture, authorization, as its documentation says."""

from typing import Any

import pytest

from fixtures.paypal_client import (
    CANCEL_URL,
    RETURN_URL,
    PayPalClient,
    issue,
    links,
    order_request,
    payments,
)
from fixtures.paypal_spec import specs_or_skip
from fixtures.sandbox import SandboxProcess

HOUR = 3_600


def advance(sandbox: SandboxProcess, seconds: float) -> None:
    sandbox.call("POST", "/sandbox/clock", {"advance_seconds": seconds})


def test_paypals_specifications_are_at_hand() -> None:
    """Every call of these suites is held against them; without them, only this test says so."""
    specs_or_skip()


# Tokens


def test_one_token_serves_fifty_calls(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    order_id = paypal.create()["id"]
    for _ in range(49):
        paypal.order(order_id)
    requests = psp_sandbox.state()["requests"]
    assert requests["POST v1/oauth2/token"] == 1
    assert requests["GET v2/checkout/orders/{}"] == 49


def test_token_is_a_bearer_token_of_nine_hours(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    token = paypal.fetch_token().json
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 32_400)
    paypal.create()
    advance(psp_sandbox, 32_400)
    refused = paypal.call("GET", "/v2/checkout/orders/X")
    assert (refused.status, refused.json["error"]) == (401, "invalid_token")


def test_expired_tokens_are_refused_and_new_ones_work(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    order_id = paypal.create()["id"]
    assert psp_sandbox.call("DELETE", "/sandbox/paypal/tokens") == {"expired": 1}
    assert paypal.call("GET", f"/v2/checkout/orders/{order_id}").status == 401
    assert PayPalClient(psp_sandbox.url).order(order_id)["id"] == order_id


def test_call_without_token_fails_authentication(paypal: PayPalClient) -> None:
    refused = paypal.call("GET", "/v2/checkout/orders/X", Authorization="")
    assert (refused.status, refused.json["name"]) == (401, "AUTHENTICATION_FAILURE")
    assert refused.headers["paypal-debug-id"] == refused.json["debug_id"]


def test_client_with_another_secret_gets_no_token(paypal: PayPalClient) -> None:
    assert paypal.fetch_token("first").status == 200
    refused = paypal.fetch_token("second")
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")
    assert paypal.fetch_token("first", grant_type="password").status == 400


def test_accounts_do_not_see_each_others_orders(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    order_id = paypal.create()["id"]
    other = PayPalClient(psp_sandbox.url, "client-b")
    assert issue(other.call("GET", f"/v2/checkout/orders/{order_id}")) == (404, "INVALID_RESOURCE_ID")


# Creation


def test_wallet_order_waits_for_its_payers_action(paypal: PayPalClient) -> None:
    order = paypal.create(custom_id="ch_1", invoice_id="inv-1", description="Two chairs")
    assert (order["status"], order["intent"]) == ("PAYER_ACTION_REQUIRED", "CAPTURE")
    assert links(order)["payer-action"] == f"{paypal.url}/checkoutnow?token={order['id']}"
    unit = order["purchase_units"][0]
    assert (unit["reference_id"], unit["custom_id"], unit["invoice_id"]) == ("default", "ch_1", "inv-1")
    assert unit["amount"] == {"currency_code": "USD", "value": "100.00"}
    assert paypal.order(order["id"]) == order


def test_order_without_payment_source_has_an_approve_link(paypal: PayPalClient) -> None:
    order = paypal.create(payment_source=None)
    assert order["status"] == "CREATED"
    assert {"approve", "capture"} <= links(order).keys()


def test_minimal_answer_has_id_status_and_links(paypal: PayPalClient) -> None:
    created = paypal.call("POST", "/v2/checkout/orders", order_request())
    assert created.status == 201
    assert created.json.keys() == {"id", "status", "links"}
    order_id = created.json["id"]
    paypal.approve(order_id)
    captured = paypal.call("POST", f"/v2/checkout/orders/{order_id}/capture", {})
    assert captured.json.keys() == {"id", "status", "links"}


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"currency": "HUF", "value": "100.50"}, (422, "DECIMAL_PRECISION")),
        ({"currency": "TWD", "value": "1.00"}, (422, "DECIMAL_PRECISION")),
        ({"currency": "USD", "value": "1.005"}, (422, "DECIMAL_PRECISION")),
        ({"currency": "KWD", "value": "1.000"}, (422, "INVALID_CURRENCY_CODE")),
        ({"value": "0.00"}, (422, "CANNOT_BE_ZERO_OR_NEGATIVE")),
        ({"value": "-1.00"}, (422, "CANNOT_BE_ZERO_OR_NEGATIVE")),
        ({"value": "1,00"}, (400, "INVALID_PARAMETER_SYNTAX")),
        ({"value": "9" * 16}, (422, "MAX_VALUE_EXCEEDED")),
        ({"custom_id": "c" * 128}, (400, "INVALID_STRING_LENGTH")),
        ({"intent": "PAY"}, (400, "INVALID_PARAMETER_SYNTAX")),
        ({"payment_source": {"blik": {}}}, (400, "NOT_SUPPORTED")),
    ],
)
def test_order_that_cannot_be_is_refused(
    paypal: PayPalClient, fields: dict[str, Any], wanted: tuple[int, str]
) -> None:
    assert issue(paypal.call("POST", "/v2/checkout/orders", order_request(**fields))) == wanted


def test_missing_field_is_named_by_its_pointer(paypal: PayPalClient) -> None:
    refused = paypal.call("POST", "/v2/checkout/orders", {"intent": "CAPTURE"})
    detail = refused.json["details"][0]
    assert (detail["issue"], detail["field"]) == ("MISSING_REQUIRED_PARAMETER", "/purchase_units")
    assert issue(paypal.call("POST", "/v2/checkout/orders", "{")) == (400, "MALFORMED_REQUEST_JSON")


def test_sums_of_an_order_must_add_up(paypal: PayPalClient) -> None:
    def order(total: str, items: str, each: str) -> Any:
        amount = {
            "currency_code": "USD",
            "value": total,
            "breakdown": {
                "item_total": {"currency_code": "USD", "value": items},
                "shipping": {"currency_code": "USD", "value": "5.00"},
            },
        }
        item = {"name": "Chair", "quantity": "2", "unit_amount": {"currency_code": "USD", "value": each}}
        return {"intent": "CAPTURE", "purchase_units": [{"amount": amount, "items": [item]}]}

    path = "/v2/checkout/orders"
    assert paypal.call("POST", path, order("25.00", "20.00", "10.00")).status == 201
    assert issue(paypal.call("POST", path, order("26.00", "20.00", "10.00"))) == (422, "AMOUNT_MISMATCH")
    assert issue(paypal.call("POST", path, order("25.00", "20.00", "9.00"))) == (422, "ITEM_TOTAL_MISMATCH")


# Approval and capture


def test_payer_who_approved_goes_back_and_order_is_captured(paypal: PayPalClient) -> None:
    order_id = paypal.create(custom_id="ch_1")["id"]
    told = paypal.approve(order_id, email="ann@example.com")
    order = paypal.order(order_id)
    assert order["status"] == "APPROVED"
    assert told == {"cart": "7", "token": order_id, "PayerID": order["payer"]["payer_id"]}
    assert order["payment_source"]["paypal"]["email_address"] == "ann@example.com"
    done = paypal.complete(order_id)
    assert (done.status, done.json["status"]) == (201, "COMPLETED")
    (capture,) = payments(done.json)["captures"]
    assert (capture["status"], capture["final_capture"], capture["custom_id"]) == ("COMPLETED", True, "ch_1")
    assert capture["seller_receivable_breakdown"] == {
        "gross_amount": {"currency_code": "USD", "value": "100.00"},
        "paypal_fee": {"currency_code": "USD", "value": "3.98"},
        "net_amount": {"currency_code": "USD", "value": "96.02"},
    }
    shown = paypal.get(f"/v2/payments/captures/{capture['id']}")
    assert shown["supplementary_data"]["related_ids"] == {"order_id": order_id}


def test_page_sends_payer_back_where_the_merchant_said(paypal: PayPalClient) -> None:
    order_id = paypal.create()["id"]
    canceled = paypal.press(order_id, "cancel")
    assert canceled.headers["location"] == f"{CANCEL_URL}?token={order_id}"
    assert paypal.order(order_id)["status"] == "PAYER_ACTION_REQUIRED"
    approved = paypal.press(order_id)
    assert approved.headers["location"].startswith(f"{RETURN_URL}&token={order_id}&PayerID=")


def test_order_not_approved_cannot_be_completed(paypal: PayPalClient) -> None:
    for intent in ("CAPTURE", "AUTHORIZE"):
        order_id = paypal.create(intent=intent)["id"]
        assert issue(paypal.complete(order_id)) == (422, "ORDER_NOT_APPROVED")


def test_order_is_completed_once(paypal: PayPalClient) -> None:
    for intent, refusal in (("CAPTURE", "ORDER_ALREADY_CAPTURED"), ("AUTHORIZE", "ORDER_ALREADY_AUTHORIZED")):
        order_id = paypal.create(intent=intent)["id"]
        paypal.approve(order_id)
        assert paypal.complete(order_id).status == 201
        assert issue(paypal.complete(order_id)) == (422, refusal)


def test_order_is_completed_as_its_intent_says(paypal: PayPalClient) -> None:
    for intent, verb in (("CAPTURE", "authorize"), ("AUTHORIZE", "capture")):
        order_id = paypal.create(intent=intent)["id"]
        paypal.approve(order_id)
        refused = paypal.call("POST", f"/v2/checkout/orders/{order_id}/{verb}", {})
        assert issue(refused) == (422, "ACTION_DOES_NOT_MATCH_INTENT")


def test_declined_capture_leaves_a_completed_order(paypal: PayPalClient) -> None:
    order_id = paypal.create()["id"]
    paypal.approve(order_id, funding="declined")
    done = paypal.complete(order_id)
    assert (done.status, done.json["status"]) == (201, "COMPLETED")
    assert payments(done.json)["captures"][0]["status"] == "DECLINED"


@pytest.mark.parametrize(
    ("intent", "refusal"), [("CAPTURE", "INSTRUMENT_DECLINED"), ("AUTHORIZE", "PAYER_ACTION_REQUIRED")]
)
def test_failed_instrument_asks_the_payer_again(paypal: PayPalClient, intent: str, refusal: str) -> None:
    order_id = paypal.create(intent=intent)["id"]
    paypal.approve(order_id, action="fail_instrument")
    refused = paypal.complete(order_id)
    assert issue(refused) == (422, refusal)
    assert links(refused.json)["payer-action"] == links(paypal.order(order_id))["payer-action"]
    assert issue(paypal.complete(order_id)) == (422, "ORDER_NOT_APPROVED")
    paypal.approve(order_id)
    assert paypal.complete(order_id).status == 201


def test_invoice_id_is_used_by_one_order(paypal: PayPalClient) -> None:
    declined, paid, second = (paypal.create(invoice_id="inv-1")["id"] for _ in range(3))
    paypal.approve(declined, funding="declined")
    assert paypal.complete(declined).status == 201
    for order_id in (paid, second):
        paypal.approve(order_id)
    assert paypal.complete(paid).status == 201
    assert issue(paypal.complete(second)) == (422, "DUPLICATE_INVOICE_ID")


def test_order_of_several_units_is_captured_for_each(paypal: PayPalClient) -> None:
    body = order_request(reference_id="a", custom_id="ch_a")
    body["purchase_units"].append({"reference_id": "b", "amount": {"currency_code": "USD", "value": "5.00"}})
    order_id = paypal.call("POST", "/v2/checkout/orders", body).json["id"]
    paypal.approve(order_id)
    units = paypal.complete(order_id).json["purchase_units"]
    amounts = [unit["payments"]["captures"][0]["amount"]["value"] for unit in units]
    assert amounts == ["100.00", "5.00"]
    body["purchase_units"][1]["reference_id"] = "a"
    assert issue(paypal.call("POST", "/v2/checkout/orders", body)) == (422, "DUPLICATE_REFERENCE_ID")


def test_order_expires_three_hours_after_its_last_step(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    left, approved = paypal.create()["id"], paypal.create()["id"]
    held = paypal.create(intent="AUTHORIZE")["id"]
    advance(psp_sandbox, 2 * HOUR)
    for order_id in (approved, held):
        paypal.approve(order_id)
    advance(psp_sandbox, 2 * HOUR)
    assert issue(paypal.call("GET", f"/v2/checkout/orders/{left}")) == (404, "INVALID_RESOURCE_ID")
    assert paypal.press(left).status == 404
    assert paypal.complete(approved).status == 201
    advance(psp_sandbox, 2 * HOUR)
    refused = paypal.call("POST", f"/v2/checkout/orders/{held}/authorize", {})
    assert issue(refused) == (422, "ORDER_EXPIRED")
    assert paypal.order(approved)["status"] == "COMPLETED"


# Raw cards


def card(name: str = "Ann Buyer", **fields: str) -> dict[str, Any]:
    return {
        "card": {
            "number": "4012888888881881",
            "expiry": "2032-12",
            "security_code": "123",
            "name": name,
            **fields,
        }
    }


def test_card_is_paid_in_one_step(paypal: PayPalClient) -> None:
    body = order_request(payment_source=card())
    assert issue(paypal.call("POST", "/v2/checkout/orders", body)) == (400, "PAYPAL_REQUEST_ID_REQUIRED")
    paid = paypal.call("POST", "/v2/checkout/orders", body, request_id="r-1", prefer="return=representation")
    assert (paid.status, paid.json["status"]) == (201, "COMPLETED")
    assert paid.json["payment_source"]["card"] == {
        "last_digits": "1881",
        "brand": "VISA",
        "type": "CREDIT",
        "expiry": "2032-12",
        "name": "Ann Buyer",
    }
    capture = payments(paid.json)["captures"][0]
    assert (capture["status"], capture["processor_response"]["response_code"]) == ("COMPLETED", "0000")
    assert b"4012888888881881" not in paid.body


@pytest.mark.parametrize(
    ("name", "code", "advice"),
    [
        ("CCREJECT-REFUSED", "0500", None),
        ("CCREJECT-IF", "5120", None),
        ("CCREJECT-LS", "9520", "03"),
        ("CCREJECT-CVV_F", "00N7", None),
    ],
)
def test_name_on_card_decides_its_rejection(
    paypal: PayPalClient, name: str, code: str, advice: str | None
) -> None:
    reply = paypal.call(
        "POST",
        "/v2/checkout/orders",
        order_request(payment_source=card(name)),
        request_id="r-1",
        prefer="return=representation",
    )
    capture = payments(reply.json)["captures"][0]
    assert (reply.status, reply.json["status"], capture["status"]) == (201, "COMPLETED", "DECLINED")
    said = capture["processor_response"]
    assert (said["response_code"], said.get("payment_advice_code")) == (code, advice)


def test_card_that_cannot_be_is_refused(paypal: PayPalClient) -> None:
    for given, wanted in (
        ({"expiry": "2020-01"}, (422, "CARD_EXPIRED")),
        ({"number": "4012888888881882"}, (400, "INVALID_PARAMETER_VALUE")),
    ):
        body = order_request(payment_source=card(**given))
        assert issue(paypal.call("POST", "/v2/checkout/orders", body, request_id="r-1")) == wanted


# Mock responses


def test_mock_response_refuses_as_it_says(paypal: PayPalClient) -> None:
    order_id = paypal.create()["id"]
    paypal.approve(order_id)
    for code, wanted in (
        ("INSTRUMENT_DECLINED", (422, "INSTRUMENT_DECLINED")),
        ("TRANSACTION_REFUSED", (422, "TRANSACTION_REFUSED")),
        ("NO_SUCH_ISSUE", (400, "INVALID_PARAMETER_VALUE")),
    ):
        assert issue(paypal.complete(order_id, mock=f'{{"mock_application_codes": "{code}"}}')) == wanted
    assert paypal.complete(order_id).status == 201
