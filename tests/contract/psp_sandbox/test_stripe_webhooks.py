"""Webhooks as Stripe sends them: signed over the raw body, retried until taken, and wrong on demand."""

import json
from typing import Any

import pytest
import stripe

from fixtures.http_exchange import exchange
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import problems_of_objects
from fixtures.webhook_receiver import Received, WebhookReceiver

PAID: Any = {
    "amount": 1099,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
}
ONE_EVENT = ["payment_intent.succeeded"]


def listen(
    client: stripe.StripeClient, receiver: WebhookReceiver, events: list[Any]
) -> stripe.WebhookEndpoint:
    return client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": events, "api_version": "2026-10-28.endive"}
    )


def opened(received: Received, secret: str | None) -> stripe.Event:
    """The event, its signature verified by the official SDK."""
    assert secret is not None
    return stripe.Webhook.construct_event(received.body, received.headers["Stripe-Signature"], secret)  # type: ignore[no-any-return]


def test_payment_sends_signed_event_for_each_step(
    client: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    endpoint = listen(client, receiver, ["*"])
    intent = client.v1.payment_intents.create(PAID, {"idempotency_key": "k-1"})
    arrived = receiver.take(3)
    events = [opened(one, endpoint.secret) for one in arrived]
    assert {event.type for event in events} == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    }
    for event, one in zip(events, arrived, strict=True):
        assert problems_of_objects(json.loads(one.body)) == []
        assert one.headers["Content-Type"] == "application/json; charset=utf-8"
        assert event.api_version == "2026-10-28.endive"
        assert event.livemode is False
        assert event.request is not None
        assert event.request.idempotency_key == "k-1"
        assert event.request.id is not None
        assert event.request.id.startswith("req_")
    of_intent = [event for event in events if event.type.startswith("payment_intent.")]
    assert {event.data.object["id"] for event in of_intent} == {intent.id}
    created = next(event for event in events if event.type == "payment_intent.created")
    assert created.data.object["status"] == "requires_confirmation"


def test_a_forged_or_altered_webhook_does_not_verify(
    client: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    endpoint = listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID)
    (received,) = receiver.take(1)
    with pytest.raises(stripe.SignatureVerificationError):
        opened(received, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        opened(received._replace(body=received.body.replace(b"1099", b"9099")), endpoint.secret)


def test_endpoint_receives_only_its_event_types(
    client: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    endpoint = listen(client, receiver, ["charge.failed"])
    client.v1.payment_intents.create(PAID)
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.create(PAID | {"payment_method": "pm_card_visa_chargeDeclined"})
    assert opened(receiver.take(1)[0], endpoint.secret).type == "charge.failed"
    assert receiver.waiting() == 0


def test_a_webhook_is_retried_until_it_is_taken(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    receiver.statuses = [500, 302, 404]
    endpoint = listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID)
    attempts = receiver.take(4)
    assert len({opened(one, endpoint.secret).id for one in attempts}) == 1
    exchange.until(lambda: psp_sandbox.state()["webhooks"]["pending"] == 0)
    counts = psp_sandbox.state()["webhooks"]
    assert (counts["sent"], counts["delivered"], counts["failed_attempts"]) == (4, 1, 3)


def test_a_webhook_is_given_up_after_its_last_attempt(receiver: WebhookReceiver) -> None:
    receiver.statuses = [500] * 3
    process = SandboxProcess(
        "--webhook-max-attempts=3",
        f"--webhook-url={receiver.url}",
        "--webhook-secret=whsec_a",
        "--log-level=error",
    )
    try:
        client = stripe.StripeClient("sk_test_a", base_addresses={"api": process.url})
        client.v1.payment_intents.create({"amount": 1099, "currency": "usd"})
        receiver.take(3)
        exchange.until(lambda: process.state()["webhooks"]["abandoned"] == 1)
        assert process.state()["webhooks"]["pending"] == 0
    finally:
        process.stop()


def test_event_shows_number_of_pending_webhooks(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_delay", seconds=600)
    listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID)
    event = client.v1.events.list({"type": "payment_intent.succeeded"}).data[0]
    assert client.v1.events.retrieve(event.id).pending_webhooks == 1
    receiver_free = client.v1.events.list({"types": ["charge.*"]}).data
    assert [(one.type, one.pending_webhooks) for one in receiver_free] == [("charge.succeeded", 0)]


def test_endpoint_of_command_line_receives_every_account(receiver: WebhookReceiver) -> None:
    process = SandboxProcess(
        f"--webhook-url={receiver.url}",
        "--webhook-secret=whsec_one",
        "--webhook-secret=whsec_two",
        "--webhook-events=charge.succeeded, charge.failed",
    )
    try:
        for key in ("sk_test_a", "sk_test_b"):
            stripe.StripeClient(key, base_addresses={"api": process.url}).v1.payment_intents.create(PAID)
        for received in receiver.take(2):
            assert opened(received, "whsec_one").type == "charge.succeeded"
            assert opened(received, "whsec_two").type == "charge.succeeded"
    finally:
        process.stop()


def test_old_and_rolled_secret_both_sign_until_expiry(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    endpoint = listen(client, receiver, ONE_EVENT)
    path = f"/sandbox/webhook_endpoints/{endpoint.id}/roll_secret"
    rolled = psp_sandbox.call("POST", path, {})["secret"]
    client.v1.payment_intents.create(PAID)
    (received,) = receiver.take(1)
    assert opened(received, endpoint.secret).id == opened(received, rolled).id
    last = psp_sandbox.call("POST", path, {"expire_previous_seconds": 0})["secret"]
    client.v1.payment_intents.create(PAID)
    (received,) = receiver.take(1)
    opened(received, last)
    for old in (endpoint.secret, rolled):
        with pytest.raises(stripe.SignatureVerificationError):
            opened(received, old)


def test_endpoints_are_created_listed_changed_and_deleted(
    client: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    made = listen(client, receiver, ["*"])
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    endpoints = client.v1.webhook_endpoints
    assert "secret" not in endpoints.retrieve(made.id).to_dict()
    assert [one.id for one in endpoints.list().data] == [made.id]
    changed = endpoints.update(made.id, {"enabled_events": ["charge.failed"], "disabled": True})
    assert (changed.enabled_events, changed.status) == (["charge.failed"], "disabled")
    client.v1.payment_intents.create(PAID)
    assert endpoints.delete(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        endpoints.retrieve(made.id)
    assert refused.value.code == "resource_missing"
    assert receiver.waiting() == 0


def test_an_account_has_at_most_sixteen_endpoints(
    client: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    for _ in range(16):
        listen(client, receiver, ["*"])
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        listen(client, receiver, ["*"])


def test_a_duplicated_webhook_comes_twice(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_duplicate", match={"event_type": "payment_intent.succeeded"})
    endpoint = listen(client, receiver, ["*"])
    client.v1.payment_intents.create(PAID)
    events = [opened(one, endpoint.secret) for one in receiver.take(4)]
    twice = [event.id for event in events if event.type == "payment_intent.succeeded"]
    assert len(twice) == 2
    assert len(set(twice)) == 1


def test_a_reordered_webhook_comes_after_the_next(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault(
        "webhook_reorder", seconds=600, match={"event_type": "payment_intent.amount_capturable_updated"}
    )
    endpoint = listen(client, receiver, ["payment_intent.amount_capturable_updated", *ONE_EVENT])
    intent = client.v1.payment_intents.create(PAID | {"capture_method": "manual"})
    client.v1.payment_intents.capture(intent.id)
    types = [opened(one, endpoint.secret).type for one in receiver.take(2)]
    assert types == ["payment_intent.succeeded", "payment_intent.amount_capturable_updated"]
    exchange.until(lambda: psp_sandbox.state()["webhooks"]["delivered"] == 2)
    assert psp_sandbox.state()["webhooks"]["pending"] == 0


def test_reordered_webhook_without_successor_is_sent(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_reorder", seconds=0.01)
    endpoint = listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID)
    assert opened(receiver.take(1)[0], endpoint.secret).type == "payment_intent.succeeded"


def test_a_dropped_webhook_never_comes(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_drop", match={"metadata": {"n": "1"}})
    endpoint = listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID | {"metadata": {"n": "1"}})
    client.v1.payment_intents.create(PAID | {"metadata": {"n": "2"}})
    assert opened(receiver.take(1)[0], endpoint.secret).data.object["metadata"]["n"] == "2"
    counts = psp_sandbox.state()["webhooks"]
    assert (counts["dropped"], counts["pending"]) == (1, 0)


def test_a_badly_signed_webhook_is_retried_with_a_good_signature(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_bad_signature")
    receiver.statuses = [400]
    endpoint = listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID)
    bad, good = receiver.take(2)
    with pytest.raises(stripe.SignatureVerificationError):
        opened(bad, endpoint.secret)
    assert opened(good, endpoint.secret).type == "payment_intent.succeeded"
    assert bad.body == good.body


def test_delayed_webhook_does_not_delay_others(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_delay", seconds=600, match={"metadata": {"n": "1"}})
    endpoint = listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID | {"metadata": {"n": "1"}})
    client.v1.payment_intents.create(PAID | {"metadata": {"n": "2"}})
    assert opened(receiver.take(1)[0], endpoint.secret).data.object["metadata"]["n"] == "2"
    exchange.until(lambda: psp_sandbox.state()["webhooks"]["delivered"] == 1)
    assert psp_sandbox.state()["webhooks"]["pending"] == 1


def test_a_delayed_webhook_comes_in_the_end(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_delay", seconds=0.01)
    endpoint = listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID)
    assert opened(receiver.take(1)[0], endpoint.secret).type == "payment_intent.succeeded"
    exchange.until(lambda: psp_sandbox.state()["webhooks"]["pending"] == 0)


def test_a_reset_forgets_the_webhooks_that_wait(
    client: stripe.StripeClient, receiver: WebhookReceiver, psp_sandbox: SandboxProcess
) -> None:
    psp_sandbox.add_fault("webhook_delay", seconds=600)
    listen(client, receiver, ONE_EVENT)
    client.v1.payment_intents.create(PAID)
    assert psp_sandbox.state()["webhooks"]["pending"] == 1
    psp_sandbox.reset()
    assert psp_sandbox.state()["webhooks"]["pending"] == 0
    assert client.v1.webhook_endpoints.list().data == []


def test_charge_event_carries_previous_attributes(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(PAID | {"capture_method": "manual"})
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000})
    event = client.v1.events.list({"type": "charge.captured"}).data[0]
    assert event.data.to_dict()["previous_attributes"] == {
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": False,
    }
