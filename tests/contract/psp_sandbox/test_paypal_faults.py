"""Faults of PayPal's calls: each breaks exactly what it says, and leaves the other PSP alone."""

import http.client
import json

import pytest

from fixtures.http_exchange import exchange
from fixtures.paypal_client import PayPalClient, order_request
from fixtures.sandbox import SandboxProcess

PATH = "/v2/checkout/orders"


def created(sandbox: SandboxProcess) -> int:
    return int(sandbox.state()["paypal"]["orders"])


@pytest.mark.parametrize(
    ("kind", "applied"),
    [
        ("timeout_before_apply", 0),
        ("timeout_after_apply", 1),
        ("connection_reset", 0),
    ],
)
def test_broken_connection_to_paypal_gives_no_answer(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, kind: str, applied: int
) -> None:
    assert paypal.token
    psp_sandbox.add_fault(kind, seconds=0.05)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        paypal.call("POST", PATH, order_request(), request_id="r-1")
    assert created(psp_sandbox) == applied
    again = paypal.call("POST", PATH, order_request(), request_id="r-1")
    assert again.status == (200 if applied else 201)
    assert created(psp_sandbox) == 1


@pytest.mark.parametrize(
    ("kind", "name", "applied"),
    [
        ("error_500", "500 INTERNAL_SERVER_ERROR", 0),
        ("error_500_after_apply", "500 INTERNAL_SERVER_ERROR", 1),
        ("unavailable_503", "503 SERVICE_UNAVAILABLE", 0),
        ("rate_limited_429", "429 RATE_LIMIT_REACHED", 0),
        ("conflict_409", "409 RESOURCE_CONFLICT", 0),
    ],
)
def test_paypals_failures_leave_the_request_id_usable(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, kind: str, name: str, applied: int
) -> None:
    assert paypal.token
    psp_sandbox.add_fault(kind)
    failed = exchange(
        psp_sandbox.url,
        "POST",
        PATH,
        json.dumps(order_request()),
        {"Authorization": f"Bearer {paypal.token}", "PayPal-Request-Id": "r-1"},
    )
    assert f"{failed.status} {failed.json['name']}" == name
    assert failed.headers["paypal-debug-id"] == failed.json["debug_id"]
    assert created(psp_sandbox) == applied
    assert paypal.call("POST", PATH, order_request(), request_id="r-1").status == (200 if applied else 201)
    assert created(psp_sandbox) == 1


def test_failed_capture_does_not_keep_its_order_busy(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    order_id = paypal.create()["id"]
    paypal.approve(order_id)
    psp_sandbox.add_fault("error_500", match={"operation": "POST v2/checkout/orders/{}/capture"})
    assert paypal.complete(order_id).status == 500
    assert paypal.complete(order_id).status == 201


def test_fault_is_known_by_the_merchants_own_ids(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    first, second = paypal.create(custom_id="ch_1")["id"], paypal.create(custom_id="ch_2")["id"]
    psp_sandbox.add_fault("unavailable_503", match={"metadata": {"custom_id": "ch_2"}})
    assert paypal.call("GET", f"{PATH}/{first}").status == 200
    assert paypal.call("GET", f"{PATH}/{second}").status == 503


@pytest.mark.parametrize("psp", ["paypal", "stripe"])
def test_fault_of_one_psp_leaves_the_other_alone(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, psp: str
) -> None:
    assert paypal.token
    psp_sandbox.add_fault("unavailable_503", count=2, match={"psp": psp})
    stripe = exchange(psp_sandbox.url, "GET", "/v1/charges", headers={"Authorization": "Bearer sk_test_a"})
    assert stripe.status == (503 if psp == "stripe" else 200)
    assert paypal.call("POST", PATH, order_request()).status == (503 if psp == "paypal" else 201)


def test_connections_are_refused_as_soon_as_it_is_answered() -> None:
    sandbox = SandboxProcess()
    try:
        paypal = PayPalClient(sandbox.url)
        order_id = paypal.create()["id"]
        assert sandbox.call("POST", "/sandbox/refuse_connections", {"seconds": 600}) == {"seconds": 600}
        with pytest.raises(ConnectionRefusedError):
            paypal.order(order_id)
    finally:
        sandbox.stop()


def test_fault_of_an_unknown_operation_is_refused(psp_sandbox: SandboxProcess) -> None:
    body = json.dumps({"kind": "slow", "match": {"operation": "POST v2/checkout/order"}})
    refused = exchange(psp_sandbox.url, "POST", "/sandbox/faults", body)
    assert refused.status == 400
    assert "POST v2/checkout/orders/{}/capture" in refused.json["error"]
