"""PayPal-Request-Id: which calls take one, how long it is kept, what it gives again."""

from fixtures.http_exchange import exchange
from fixtures.paypal_client import PayPalClient, amount, issue, order_request, payments
from fixtures.sandbox import SandboxProcess

HOUR = 3_600
DAY = 24 * HOUR


def later(sandbox: SandboxProcess, seconds: float) -> PayPalClient:
    sandbox.call("POST", "/sandbox/clock", {"advance_seconds": seconds})
    return PayPalClient(sandbox.url)


def test_repeated_creation_shows_the_order_as_it_is_now(paypal: PayPalClient) -> None:
    first = paypal.call("POST", "/v2/checkout/orders", order_request(), request_id="r-1")
    paypal.approve(first.json["id"])
    again = paypal.call("POST", "/v2/checkout/orders", order_request(), request_id="r-1")
    assert (first.status, again.status) == (201, 200)
    assert again.json["id"] == first.json["id"]
    assert (first.json["status"], again.json["status"]) == ("PAYER_ACTION_REQUIRED", "APPROVED")


def test_another_body_under_the_same_id_is_refused(paypal: PayPalClient) -> None:
    paypal.call("POST", "/v2/checkout/orders", order_request(), request_id="r-1")
    other = paypal.call("POST", "/v2/checkout/orders", order_request(value="2.00"), request_id="r-1")
    assert issue(other) == (422, "DUPLICATE_REQUEST_ID")


def test_ids_of_orders_are_kept_six_hours(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    def created(client: PayPalClient) -> str:
        return str(client.call("POST", "/v2/checkout/orders", order_request(), request_id="r-1").json["id"])

    first = created(paypal)
    assert created(later(psp_sandbox, 6 * HOUR - 60)) == first
    assert created(later(psp_sandbox, 120)) != first


def test_ids_of_payments_are_kept_45_days(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    capture = paypal.captured()

    def refunded(client: PayPalClient) -> str:
        return str(client.refund(capture["id"], amount("1.00"), request_id="r-1").json["id"])

    first = refunded(paypal)
    assert refunded(later(psp_sandbox, 45 * DAY - HOUR)) == first
    assert refunded(later(psp_sandbox, 2 * HOUR)) != first


def test_an_id_belongs_to_one_operation(paypal: PayPalClient) -> None:
    hold = paypal.authorized()
    taken = paypal.capture(hold["id"], amount("10.00"), request_id="r-1")
    again = paypal.capture(hold["id"], amount("10.00"), request_id="r-1")
    assert again.json["id"] == taken.json["id"]
    refund = paypal.refund(taken.json["id"], amount("10.00"), request_id="r-1")
    assert refund.status == 201
    assert paypal.capture(hold["id"], amount("10.00"), request_id="r-2").json["id"] != taken.json["id"]


def test_repeated_completion_of_an_order_takes_no_more_money(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    order_id = paypal.create()["id"]
    paypal.approve(order_id)
    first = paypal.complete(order_id, request_id="r-1")
    again = paypal.complete(order_id, request_id="r-1")
    assert (first.status, again.status) == (201, 200)
    assert payments(again.json)["captures"][0]["id"] == payments(first.json)["captures"][0]["id"]
    assert psp_sandbox.state()["paypal"]["captures"] == 1


def test_refused_call_leaves_its_id_free(paypal: PayPalClient) -> None:
    order_id = paypal.create()["id"]
    assert issue(paypal.complete(order_id, request_id="r-1")) == (422, "ORDER_NOT_APPROVED")
    paypal.approve(order_id)
    assert paypal.complete(order_id, request_id="r-1").status == 201


def test_void_takes_no_request_id(paypal: PayPalClient) -> None:
    path = f"/v2/payments/authorizations/{paypal.authorized()['id']}/void"
    assert paypal.call("POST", path, request_id="r-1").status == 204
    assert issue(paypal.call("POST", path, request_id="r-1")) == (422, "PREVIOUSLY_VOIDED")


def test_id_that_is_too_long_is_refused(paypal: PayPalClient) -> None:
    refused = paypal.call("POST", "/v2/checkout/orders", order_request(), request_id="r" * 109)
    assert issue(refused) == (400, "INVALID_STRING_LENGTH")


def test_second_call_at_the_same_time_is_refused(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    capture, hold = paypal.captured(), paypal.authorized()
    order_id = paypal.create()["id"]
    paypal.approve(order_id)
    headers = {"Authorization": f"Bearer {paypal.token}"}
    for path, refusal in (
        (f"/v2/payments/captures/{capture['id']}/refund", (409, "PREVIOUS_REQUEST_IN_PROGRESS")),
        (f"/v2/payments/authorizations/{hold['id']}/void", (409, "PREVIOUS_REQUEST_IN_PROGRESS")),
        (f"/v2/checkout/orders/{order_id}/capture", (422, "ORDER_COMPLETION_IN_PROGRESS")),
    ):
        psp_sandbox.add_fault("slow", seconds=600)
        with exchange.begun(psp_sandbox.url, "POST", path, "{}", headers):
            exchange.until(lambda: psp_sandbox.call("GET", "/sandbox/faults")["faults"] == [])
            paypal.get(path.rpartition("/")[0])
            assert issue(paypal.call("POST", path, {})) == refusal
