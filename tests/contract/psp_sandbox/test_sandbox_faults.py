"""Faults on demand: each breaks exactly what it says, and tells the truth about what was applied."""

import http.client
import json
import urllib.error
from typing import Any

import pytest
import stripe

from fixtures.http_exchange import Reply, exchange
from fixtures.sandbox import SandboxProcess

FORM = "amount=1099&currency=usd&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card"
PATH = "/v1/payment_intents"
HEADERS = {"Authorization": "Bearer sk_test_a", "Idempotency-Key": "k"}


def pay(sandbox: SandboxProcess, form: str = FORM, **headers: str) -> Reply:
    return exchange(sandbox.url, "POST", PATH, form, HEADERS | headers)


def paid(sandbox: SandboxProcess) -> int:
    return int(sandbox.state()["payment_intents"].get("succeeded", 0))


@pytest.mark.parametrize(
    ("kind", "applied"),
    [("timeout_before_apply", 0), ("timeout_after_apply", 1), ("connection_reset", 0)],
)
def test_a_broken_connection_gives_no_answer(psp_sandbox: SandboxProcess, kind: str, applied: int) -> None:
    psp_sandbox.add_fault(kind, seconds=0.05)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        pay(psp_sandbox)
    assert paid(psp_sandbox) == applied
    again = pay(psp_sandbox)
    assert again.status == 200
    assert paid(psp_sandbox) == 1
    assert again.headers.get("idempotent-replayed") == ("true" if applied else None)


@pytest.mark.parametrize(("kind", "applied"), [("timeout_before_apply", 0), ("timeout_after_apply", 1)])
def test_a_held_connection_is_held(psp_sandbox: SandboxProcess, kind: str, applied: int) -> None:
    psp_sandbox.add_fault(kind, seconds=600)
    with exchange.begun(psp_sandbox.url, "POST", PATH, FORM, HEADERS) as connection:
        exchange.until(lambda: psp_sandbox.call("GET", "/sandbox/faults")["faults"] == [])
        assert paid(psp_sandbox) == applied
        # The same key, while the first call still hangs: executed if it was not before, replayed if it was.
        assert pay(psp_sandbox).status == 200
        assert paid(psp_sandbox) == 1
        connection.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.getresponse()


@pytest.mark.parametrize(("kind", "applied"), [("error_500", 0), ("error_500_after_apply", 1)])
def test_a_500_is_kept_under_its_key(psp_sandbox: SandboxProcess, kind: str, applied: int) -> None:
    psp_sandbox.add_fault(kind)
    first, again = pay(psp_sandbox), pay(psp_sandbox)
    assert (first.status, first.json["error"]["type"]) == (500, "api_error")
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (500, first.body, "true")
    assert paid(psp_sandbox) == applied
    assert pay(psp_sandbox, **{"Idempotency-Key": "another"}).status == 200


def test_a_replay_does_not_use_up_a_500(psp_sandbox: SandboxProcess) -> None:
    assert pay(psp_sandbox).status == 200
    psp_sandbox.add_fault("error_500")
    assert pay(psp_sandbox).status == 200
    assert pay(psp_sandbox, **{"Idempotency-Key": "another"}).status == 500


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limited_429", 429, "rate_limit"),
        ("lock_timeout_429", 429, "lock_timeout"),
        ("conflict_409", 409, "idempotency_key_in_use"),
    ],
)
def test_rejected_call_is_not_stored_under_its_key(
    psp_sandbox: SandboxProcess, kind: str, status: int, code: str
) -> None:
    psp_sandbox.add_fault(kind, reason="global-concurrency")
    refused = pay(psp_sandbox)
    assert (refused.status, refused.json["error"]["code"]) == (status, code)
    limited = kind == "rate_limited_429"
    assert refused.headers.get("stripe-rate-limited-reason") == ("global-concurrency" if limited else None)
    assert refused.headers["request-id"].startswith("req_")
    assert paid(psp_sandbox) == 0
    assert pay(psp_sandbox).status == 200


def test_official_sdk_raises_on_injected_refusals(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    for kind, error in {
        "rate_limited_429": stripe.RateLimitError,
        "error_500": stripe.APIError,
        "connection_reset": stripe.APIConnectionError,
    }.items():
        psp_sandbox.add_fault(kind)
        with pytest.raises(error):
            client.v1.payment_intents.list()


def test_malformed_json_was_applied(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("malformed_json")
    broken = pay(psp_sandbox)
    assert broken.status == 200
    with pytest.raises(json.JSONDecodeError):
        _ = broken.json
    assert paid(psp_sandbox) == 1
    assert pay(psp_sandbox).json["status"] == "succeeded"


def test_a_slow_call_is_applied_only_after_its_wait(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("slow", seconds=600, match={"idempotency_key": "k"})
    with exchange.begun(psp_sandbox.url, "POST", PATH, FORM, HEADERS):
        exchange.until(lambda: psp_sandbox.state()["requests"].get("POST payment_intents") == 1)
        assert paid(psp_sandbox) == 0
    psp_sandbox.add_fault("slow", seconds=0.01)
    assert pay(psp_sandbox, **{"Idempotency-Key": "another"}).status == 200


MATCHES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"path": "/v1/payment_intents"}, True),
    ({"path": "/v1/charges"}, False),
    ({"method": "POST"}, True),
    ({"method": "GET"}, False),
    ({"metadata": {"order": "1"}}, True),
    ({"metadata": {"order": "2"}}, False),
    ({"metadata": {"order": "1", "more": "x"}}, False),
    ({"idempotency_key": "k"}, True),
    ({"idempotency_key": "j"}, False),
    ({"payment_method": "pm_card_visa"}, True),
    ({"payment_method": "pm_card_amex"}, False),
]


@pytest.mark.parametrize(("match", "fires"), MATCHES, ids=str)
def test_a_fault_meets_only_the_calls_it_is_for(
    psp_sandbox: SandboxProcess,
    match: dict[str, Any],
    fires: bool,  # noqa: FBT001 - an expectation
) -> None:
    psp_sandbox.add_fault("lock_timeout_429", match=match)
    answered = pay(psp_sandbox, FORM + "&metadata[order]=1")
    assert answered.status == (429 if fires else 200)
    assert len(psp_sandbox.call("GET", "/sandbox/faults")["faults"]) == (0 if fires else 1)


def test_fault_matches_call_by_metadata_of_its_payment(psp_sandbox: SandboxProcess) -> None:
    held = pay(psp_sandbox, FORM + "&metadata[order]=1&capture_method=manual").json["id"]
    psp_sandbox.add_fault("conflict_409", match={"metadata": {"order": "1"}, "path": f"{PATH}/"})
    for status in (409, 200):
        answered = exchange(psp_sandbox.url, "GET", f"{PATH}/{held}", "", HEADERS)
        assert answered.status == status


def test_fault_fires_count_times(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("lock_timeout_429", count=2)
    assert [pay(psp_sandbox).status for _ in range(3)] == [429, 429, 200]


def test_faults_fire_in_the_order_they_were_added(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("lock_timeout_429")
    psp_sandbox.add_fault("conflict_409")
    assert [pay(psp_sandbox).status for _ in range(3)] == [429, 409, 200]


def test_a_fault_by_chance_goes_on_and_off(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("lock_timeout_429", probability=0.5)
    statuses = [pay(psp_sandbox).status for _ in range(60)]
    assert set(statuses) == {200, 429}
    (rule,) = psp_sandbox.call("GET", "/sandbox/faults")["faults"]
    assert (rule["left"], rule["fired"]) == (None, statuses.count(429))
    psp_sandbox.clear_faults()
    assert {pay(psp_sandbox).status for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("fault", "trace"),
    [
        ({"kind": "earthquake"}, "earthquake"),
        ({"kind": "slow", "second": 3}, "second"),
        ({"kind": "slow", "count": 0}, "count"),
        ({"kind": "slow", "probability": 2}, "probability"),
        ({"kind": "slow", "seconds": -1}, "seconds"),
        ({"kind": "slow", "seconds": 1e9}, "seconds"),
        ({"kind": "slow", "match": {"pth": "/"}}, "pth"),
    ],
)
def test_an_impossible_fault_is_refused_with_a_sentence(
    psp_sandbox: SandboxProcess, fault: dict[str, Any], trace: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        psp_sandbox.call("POST", "/sandbox/faults", fault)
    with refused.value as answer:
        assert answer.code == 400
        assert trace in json.load(answer)["error"]


def test_the_state_sums_what_was_paid_for_each_value_of_a_key(psp_sandbox: SandboxProcess) -> None:
    for form in (
        FORM + "&metadata[order]=1",
        FORM + "&metadata[order]=1",
        FORM + "&metadata[order]=2&capture_method=manual",
        FORM.replace("usd", "eur") + "&metadata[order]=3",
        FORM.replace("pm_card_visa", "pm_card_visa_chargeDeclined") + "&metadata[order]=4",
    ):
        exchange(psp_sandbox.url, "POST", PATH, form, {"Authorization": "Bearer sk_test_a"})
    state = psp_sandbox.state("order")
    assert state["payment_intents"] == {"succeeded": 3, "requires_capture": 1, "requires_payment_method": 1}
    assert state["amount_received"] == {"usd": 2198, "eur": 1099}
    assert state["by_metadata"] == {
        "1": {"intents": 2, "authorized": 0, "succeeded": 2, "amount_received": 2198},
        "2": {"intents": 1, "authorized": 1, "succeeded": 0, "amount_received": 0},
        "3": {"intents": 1, "authorized": 0, "succeeded": 1, "amount_received": 1099},
        "4": {"intents": 1, "authorized": 0, "succeeded": 0, "amount_received": 0},
    }
    assert state["requests"] == {"POST payment_intents": 5}


def test_a_latency_is_set_and_refused_where_it_cannot_be(psp_sandbox: SandboxProcess) -> None:
    assert psp_sandbox.call("POST", "/sandbox/latency", {"p50_ms": 1, "p99_ms": 3}) == {
        "p50_ms": 1.0,
        "p99_ms": 3.0,
    }
    assert pay(psp_sandbox).status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        psp_sandbox.call("POST", "/sandbox/latency", {"p50_ms": 5, "p99_ms": 3})
    with refused.value as answer:
        assert "must not be below" in json.load(answer)["error"]
