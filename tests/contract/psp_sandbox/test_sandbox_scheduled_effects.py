"""Faults of captures, cancellations, refunds and their webhooks, and the sandbox's own account of what came of payments."""

import http.client
import json
from typing import Any

import pytest
import stripe

from fixtures.http_exchange import Reply, exchange
from fixtures.sandbox import SandboxProcess
from fixtures.webhook_receiver import WebhookReceiver

PATH = "/v1/payment_intents"
KEY = {"Authorization": "Bearer sk_test_a"}
PAID = (
    "amount=1000&currency=usd&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card"
    "&metadata[order]=7"
)
HELD = f"{PAID}&capture_method=manual"

SEQUELS = {
    "POST payment_intents/{}/capture": "charge.captured",
    "POST payment_intents/{}/cancel": "payment_intent.canceled",
    "POST refunds": "charge.refunded",
}
"""Each call after a payment, and the event by which it is seen to have been carried out."""


def post(sandbox: SandboxProcess, path: str, form: str = "", key: str | None = None) -> Reply:
    return exchange(sandbox.url, "POST", path, form, KEY | ({"Idempotency-Key": key} if key else {}))


def begin(sandbox: SandboxProcess, operation: str) -> tuple[str, str]:
    """A payment the operation can be carried out on; the path and the form of that call."""
    intent = post(sandbox, PATH, PAID if operation == "POST refunds" else HELD).json["id"]
    if operation == "POST refunds":
        return "/v1/refunds", f"payment_intent={intent}&amount=400"
    return f"{PATH}/{intent}/{operation.rpartition('/')[2]}", ""


def carried_out(sandbox: SandboxProcess, operation: str) -> int:
    events = exchange(sandbox.url, "GET", f"/v1/events?type={SEQUELS[operation]}", "", KEY)
    return len(events.json["data"])


operations = pytest.mark.parametrize("operation", list(SEQUELS))


@operations
@pytest.mark.parametrize(
    ("kind", "applied"),
    [("timeout_before_apply", 0), ("timeout_after_apply", 1), ("connection_reset", 0)],
)
def test_an_answer_is_lost_and_the_same_key_gets_it_again(
    psp_sandbox: SandboxProcess, operation: str, kind: str, applied: int
) -> None:
    path, form = begin(psp_sandbox, operation)
    psp_sandbox.add_fault(kind, seconds=0.05, match={"operation": operation})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        post(psp_sandbox, path, form, "k")
    assert carried_out(psp_sandbox, operation) == applied
    again = post(psp_sandbox, path, form, "k")
    assert again.status == 200
    assert again.headers.get("idempotent-replayed") == ("true" if applied else None)
    assert carried_out(psp_sandbox, operation) == 1


@operations
@pytest.mark.parametrize(
    ("kind", "status", "applied"),
    [("error_500", 500, 0), ("error_500_after_apply", 500, 1), ("rate_limited_429", 429, 0)],
)
def test_injected_error_comes_before_or_after_applying(
    psp_sandbox: SandboxProcess, operation: str, kind: str, status: int, applied: int
) -> None:
    path, form = begin(psp_sandbox, operation)
    psp_sandbox.add_fault(kind, match={"operation": operation})
    assert post(psp_sandbox, path, form, "k").status == status
    assert carried_out(psp_sandbox, operation) == applied
    kept = status == 500
    assert post(psp_sandbox, path, form, "k").status == (500 if kept else 200)


def test_a_fault_of_one_operation_leaves_the_others_alone(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("error_500", match={"operation": "POST payment_intents/{}/capture"})
    canceled, form = begin(psp_sandbox, "POST payment_intents/{}/cancel")
    assert post(psp_sandbox, canceled, form).status == 200
    captured, form = begin(psp_sandbox, "POST payment_intents/{}/capture")
    assert exchange(psp_sandbox.url, "GET", captured.removesuffix("/capture"), "", KEY).status == 200
    assert post(psp_sandbox, captured, form).status == 500


def test_a_fault_of_an_operation_meets_its_replay_too(psp_sandbox: SandboxProcess) -> None:
    path, form = begin(psp_sandbox, "POST refunds")
    assert post(psp_sandbox, path, form, "k").status == 200
    psp_sandbox.add_fault("rate_limited_429", match={"operation": "POST refunds"})
    assert [post(psp_sandbox, path, form, "k").status for _ in range(2)] == [429, 200]


def test_fault_on_unknown_operation_is_refused_by_name(psp_sandbox: SandboxProcess) -> None:
    order = json.dumps({"kind": "error_500", "match": {"operation": "POST shoes"}})
    refused = exchange(psp_sandbox.url, "POST", "/sandbox/faults", order)
    assert refused.status == 400
    assert "POST shoes" in refused.json["error"]
    assert "POST refunds/{}/cancel" in refused.json["error"]


@pytest.mark.parametrize("by", ["payment_intent", "charge"])
def test_a_refund_meets_the_faults_of_its_payments_metadata(psp_sandbox: SandboxProcess, by: str) -> None:
    paid = post(psp_sandbox, PATH, PAID).json
    name = paid["id"] if by == "payment_intent" else paid["latest_charge"]
    psp_sandbox.add_fault("lock_timeout_429", match={"metadata": {"order": "7"}, "operation": "POST refunds"})
    assert post(psp_sandbox, "/v1/refunds", f"{by}={name}").status == 429
    refund = post(psp_sandbox, "/v1/refunds", f"{by}={name}").json["id"]
    psp_sandbox.add_fault("lock_timeout_429", match={"metadata": {"order": "7"}})
    assert exchange(psp_sandbox.url, "GET", f"/v1/refunds/{refund}", "", KEY).status == 429


def listen(client: stripe.StripeClient, receiver: WebhookReceiver, *types: Any) -> None:
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": list(types)})


def pay(client: stripe.StripeClient, **params: Any) -> stripe.PaymentIntent:
    given: Any = {
        "amount": 1000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
        "confirm": True,
    }
    return client.v1.payment_intents.create(given | params)


def test_webhooks_of_refunds_are_sent_twice_on_demand(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    listen(client, receiver, "refund.created")
    psp_sandbox.add_fault("webhook_duplicate", match={"event_type": "refund.created"})
    client.v1.refunds.create({"payment_intent": pay(client).id})
    one, two = receiver.take(2)
    assert json.loads(one.body)["id"] == json.loads(two.body)["id"]


def test_webhook_reorder_swaps_dispute_webhooks(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    listen(client, receiver, "charge.dispute.created", "charge.dispute.funds_withdrawn")
    psp_sandbox.add_fault("webhook_reorder", seconds=600, match={"event_type": "charge.dispute.created"})
    psp_sandbox.call("POST", f"/sandbox/payment_intents/{pay(client).id}/dispute")
    arrived = [json.loads(received.body)["type"] for received in receiver.take(2)]
    assert arrived == ["charge.dispute.funds_withdrawn", "charge.dispute.created"]


@pytest.mark.parametrize("event_type", ["refund.created", "charge.dispute.created"])
def test_webhook_faults_match_metadata_of_the_payment(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess, event_type: str
) -> None:
    listen(client, receiver, event_type)
    psp_sandbox.add_fault("webhook_drop", match={"metadata": {"order": "1"}, "event_type": event_type})
    made = []
    for order in ("1", "2"):
        intent = pay(client, metadata={"order": order})
        if event_type == "refund.created":
            made.append(client.v1.refunds.create({"payment_intent": intent.id}).id)
        else:
            made.append(psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/dispute")["id"])
    (received,) = receiver.take(1)
    assert json.loads(received.body)["data"]["object"]["id"] == made[1]
    assert psp_sandbox.state()["webhooks"]["dropped"] == 1


def test_the_sandbox_accounts_for_what_came_of_every_payment(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 3600})
    refunded = pay(client, metadata={"order": "1"})
    failing = pay(client, metadata={"order": "2"})
    disputed = pay(client, metadata={"order": "3"})
    reinstated = pay(client, metadata={"order": "4"})
    held = pay(client, capture_method="manual")
    kept = client.v1.refunds.create(
        {"payment_intent": refunded.id, "amount": 300, "metadata": {"refund": "r"}}
    )
    undone = client.v1.refunds.create({"payment_intent": failing.id})
    psp_sandbox.call("POST", f"/sandbox/refunds/{undone.id}/fail")
    lost, won = (
        psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/dispute", {"amount": 600})["id"]
        for intent in (disputed, reinstated)
    )
    psp_sandbox.call("POST", f"/sandbox/disputes/{won}/win")

    state = psp_sandbox.state()
    assert state["payment_intents"] == {"succeeded": 4, "requires_capture": 1}
    assert state["refunds"] == {"succeeded": 1, "failed": 1}
    assert state["disputes"] == {"needs_response": 1, "won": 1}
    assert state["amount_received"] == {"usd": 4000}
    assert state["amount_refunded"] == {"usd": 300}
    assert state["amount_disputed"] == {"usd": 600}
    assert state["fees"] == {"usd": 4 * 59 + 2 * 1500}

    refunds = psp_sandbox.call("GET", "/sandbox/refunds")
    assert refunds["complete"] is True
    assert refunds["data"] == [
        {
            "id": kept.id,
            "amount": 300,
            "currency": "usd",
            "metadata": {"order": "1", "refund": "r"},
            "payment_intent": refunded.id,
            "reason": None,
            "status": "succeeded",
        },
        {
            "id": undone.id,
            "amount": 1000,
            "currency": "usd",
            "metadata": {"order": "2"},
            "payment_intent": failing.id,
            "reason": None,
            "status": "failed",
        },
    ]
    disputes = psp_sandbox.call("GET", "/sandbox/disputes")["data"]
    assert [(one["id"], one["status"], one["metadata"]) for one in disputes] == [
        (lost, "needs_response", {"order": "3"}),
        (won, "won", {"order": "4"}),
    ]
    intents = psp_sandbox.call("GET", "/sandbox/payment_intents")["data"]
    assert [(one["id"], one["amount_received"], one["amount_refunded"]) for one in intents] == [
        (refunded.id, 1000, 300),
        (failing.id, 1000, 0),
        (disputed.id, 1000, 0),
        (reinstated.id, 1000, 0),
        (held.id, 0, 0),
    ]
    assert intents[-1]["amount_capturable"] == 1000
