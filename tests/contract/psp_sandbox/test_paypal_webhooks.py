"""PayPal's webhooks: what is sent, how it is signed, when it is sent again."""

import base64
import json
import urllib.request
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.verification import PolicyBuilder, Store

from fixtures.http_exchange import exchange
from fixtures.paypal_client import PayPalClient, amount, issue
from fixtures.paypal_spec import problems_of_object
from fixtures.sandbox import SandboxProcess
from fixtures.webhook_receiver import Received, WebhookReceiver

SIGNER = "messageverificationcerts.paypal.com"
WEBHOOK_ID = "8PT597110X687430LKGECATA"


def listened(paypal: PayPalClient, receiver: WebhookReceiver, *names: str) -> str:
    """A webhook for the named events, or for all; its id."""
    types = [{"name": name} for name in names or ("*",)]
    made = paypal.call("POST", "/v1/notifications/webhooks", {"url": receiver.url, "event_types": types})
    assert made.status == 201, made.body
    return str(made.json["id"])


def told(receiver: WebhookReceiver, count: int) -> list[Any]:
    """The next events, in any order of those that happened together."""
    events = [json.loads(one.body) for one in receiver.take(count)]
    assert [problem for event in events for problem in problems_of_object("event", event)] == []
    return sorted(events, key=lambda event: str(event["event_type"]))


def root(sandbox: SandboxProcess) -> x509.Certificate:
    pem = exchange(sandbox.url, "GET", "/sandbox/paypal/certificate_authority").body
    return x509.load_pem_x509_certificate(pem)


def check_signature(sandbox: SandboxProcess, webhook_id: str, one: Received) -> None:
    """As a merchant does it. Raises InvalidSignature."""
    headers = {name.upper(): value for name, value in one.headers.items()}
    assert headers["PAYPAL-CERT-URL"].startswith(f"{sandbox.url}/v1/notifications/certs/")
    assert headers["PAYPAL-AUTH-ALGO"] == "SHA256withRSA"
    with urllib.request.urlopen(headers["PAYPAL-CERT-URL"]) as reply:  # noqa: S310 - our own URL
        signer, *others = x509.load_pem_x509_certificates(reply.read())
    verifier = PolicyBuilder().store(Store([root(sandbox)])).build_server_verifier(x509.DNSName(SIGNER))
    verifier.verify(signer, others)
    parts = (headers["PAYPAL-TRANSMISSION-ID"], headers["PAYPAL-TRANSMISSION-TIME"], webhook_id)
    message = "|".join([*parts, str(zlib.crc32(one.body))])
    key = signer.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(headers["PAYPAL-TRANSMISSION-SIG"])
    key.verify(signature, message.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture
def slow_retries() -> Iterator[SandboxProcess]:
    """A sandbox that sends a webhook again after ten minutes."""
    process = SandboxProcess("--webhook-retry-base-seconds=600", "--webhook-retry-max-seconds=600")
    yield process
    process.stop()


def test_transmission_verifies_with_its_certificate_chain(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, receiver: WebhookReceiver
) -> None:
    webhook_id = listened(paypal, receiver)
    order_id = paypal.create(custom_id="ch_1")["id"]
    paypal.approve(order_id)
    (one,) = receiver.take(1)
    check_signature(psp_sandbox, webhook_id, one)
    with pytest.raises(InvalidSignature):
        check_signature(psp_sandbox, "ANOTHERWEBHOOK", one)
    with pytest.raises(InvalidSignature):
        check_signature(psp_sandbox, webhook_id, one._replace(body=one.body + b" "))
    event = json.loads(one.body)
    assert event["id"].startswith("WH-")
    assert (event["event_type"], event["resource_type"]) == ("CHECKOUT.ORDER.APPROVED", "checkout-order")
    assert event["resource"] == paypal.order(order_id)


def test_forged_transmission_is_sent_again_with_a_good_signature(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, receiver: WebhookReceiver
) -> None:
    webhook_id = listened(paypal, receiver, "CHECKOUT.ORDER.APPROVED")
    psp_sandbox.add_fault("webhook_bad_signature", match={"psp": "paypal"})
    receiver.statuses = [400]
    paypal.approve(paypal.create()["id"])
    forged, good = receiver.take(2)
    with pytest.raises(InvalidSignature):
        check_signature(psp_sandbox, webhook_id, forged)
    check_signature(psp_sandbox, webhook_id, good)
    assert forged.body == good.body
    transmissions = {one.headers["PAYPAL-TRANSMISSION-ID"] for one in (forged, good)}
    assert len(transmissions) == 2


def test_paypals_own_check_tells_true_signatures_from_false(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, receiver: WebhookReceiver
) -> None:
    webhook_id = listened(paypal, receiver)
    paypal.approve(paypal.create()["id"])
    (one,) = receiver.take(1)
    headers = {name.upper(): value for name, value in one.headers.items()}

    def status(event: str, asked_id: str = webhook_id) -> str:
        fields = {
            "auth_algo": headers["PAYPAL-AUTH-ALGO"],
            "cert_url": headers["PAYPAL-CERT-URL"],
            "transmission_id": headers["PAYPAL-TRANSMISSION-ID"],
            "transmission_sig": headers["PAYPAL-TRANSMISSION-SIG"],
            "transmission_time": headers["PAYPAL-TRANSMISSION-TIME"],
            "webhook_id": asked_id,
        }
        body = f'{json.dumps(fields)[:-1]}, "webhook_event": {event}}}'
        reply = paypal.call("POST", "/v1/notifications/verify-webhook-signature", body)
        return str(reply.json["verification_status"])

    assert status(one.body.decode()) == "SUCCESS"
    assert status(one.body.decode().replace("APPROVED", "COMPLETED")) == "FAILURE"
    assert status(one.body.decode(), "WEBHOOKID") == "FAILURE"


def test_each_step_of_a_payment_is_told(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, receiver: WebhookReceiver
) -> None:
    listened(paypal, receiver)
    order_id = paypal.create()["id"]
    paypal.approve(order_id)
    assert [event["event_type"] for event in told(receiver, 1)] == ["CHECKOUT.ORDER.APPROVED"]
    paypal.complete(order_id)
    completed, captured = told(receiver, 2)
    assert (completed["event_type"], captured["event_type"]) == (
        "CHECKOUT.ORDER.COMPLETED",
        "PAYMENT.CAPTURE.COMPLETED",
    )
    capture_id = captured["resource"]["id"]
    refund = paypal.refund(capture_id, amount("1.00")).json
    (refunded,) = told(receiver, 1)
    assert (refunded["event_type"], refunded["resource_type"]) == ("PAYMENT.CAPTURE.REFUNDED", "refund")
    assert refunded["resource"] == refund
    psp_sandbox.call("POST", f"/sandbox/paypal/refunds/{refund['id']}/fail")
    psp_sandbox.call("POST", f"/sandbox/paypal/captures/{capture_id}/reverse")
    assert [event["event_type"] for event in told(receiver, 2)] == [
        "PAYMENT.CAPTURE.REVERSED",
        "PAYMENT.REFUND.FAILED",
    ]


@pytest.mark.parametrize(
    ("funding", "event_types"),
    [
        ("declined", ["PAYMENT.CAPTURE.DECLINED"]),
        ("echeck", ["PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.PENDING"]),
        ("review_denied", ["PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.PENDING"]),
    ],
)
def test_what_becomes_of_a_capture_is_told(
    psp_sandbox: SandboxProcess,
    paypal: PayPalClient,
    receiver: WebhookReceiver,
    funding: str,
    event_types: list[str],
) -> None:
    listened(
        paypal,
        receiver,
        *(f"PAYMENT.CAPTURE.{one}" for one in ("COMPLETED", "DECLINED", "DENIED", "PENDING")),
    )
    paypal.captured(funding=funding)
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 4 * 86_400})
    assert [event["event_type"] for event in told(receiver, len(event_types))] == event_types


def test_authorizations_and_pending_refunds_are_told(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, receiver: WebhookReceiver
) -> None:
    hold = paypal.authorized()
    capture = paypal.captured(funding="refund_fails")
    listened(paypal, receiver)
    paypal.call("POST", f"/v2/payments/authorizations/{hold['id']}/void")
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 0})
    paypal.refund(capture["id"])
    assert [event["event_type"] for event in told(receiver, 3)] == [
        "PAYMENT.AUTHORIZATION.VOIDED",
        "PAYMENT.REFUND.FAILED",
        "PAYMENT.REFUND.PENDING",
    ]


def test_webhook_hears_its_account_and_its_events(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, receiver: WebhookReceiver
) -> None:
    listened(paypal, receiver, "PAYMENT.AUTHORIZATION.CREATED")
    PayPalClient(psp_sandbox.url, "client-b").authorized()
    hold = paypal.authorized()
    (event,) = told(receiver, 1)
    assert event["resource"]["id"] == hold["id"]
    exchange.until(lambda: psp_sandbox.state()["webhooks"]["pending"] == 0)
    assert receiver.waiting() == 0


def test_webhooks_are_listed_shown_and_deleted(paypal: PayPalClient, receiver: WebhookReceiver) -> None:
    webhook_id = listened(paypal, receiver)
    path = f"/v1/notifications/webhooks/{webhook_id}"
    listed = paypal.get("/v1/notifications/webhooks")["webhooks"]
    assert listed == [paypal.get(path)]
    again = {"url": receiver.url, "event_types": [{"name": "*"}]}
    refused = paypal.call("POST", "/v1/notifications/webhooks", again)
    assert issue(refused) == (400, "WEBHOOK_URL_ALREADY_EXISTS")
    assert paypal.call("DELETE", path).status == 204
    assert paypal.call("GET", path).status == 404


def test_waits_of_webhooks_pass_by_the_sandboxs_clock(
    slow_retries: SandboxProcess, receiver: WebhookReceiver
) -> None:
    paypal = PayPalClient(slow_retries.url)
    listened(paypal, receiver, "CHECKOUT.ORDER.APPROVED")
    receiver.statuses = [503, 503]
    paypal.approve(paypal.create()["id"])
    receiver.take(1)
    for failed in (1, 2):
        exchange.until(lambda: slow_retries.state()["webhooks"]["failed_attempts"] == failed)  # noqa: B023
        slow_retries.call("POST", "/sandbox/clock", {"advance_seconds": 600})
        receiver.take(1)
    exchange.until(lambda: slow_retries.state()["webhooks"]["delivered"] == 1)


def test_webhook_of_the_command_line_hears_every_account(receiver: WebhookReceiver, tmp_path: Any) -> None:
    file = tmp_path / "paypal-root.pem"
    sandbox = SandboxProcess(
        f"--paypal-webhook-url={receiver.url}",
        f"--paypal-webhook-id={WEBHOOK_ID}",
        f"--paypal-ca-file={file}",
    )
    try:
        for client_id in ("client-a", "client-b"):
            paypal = PayPalClient(sandbox.url, client_id)
            paypal.approve(paypal.create()["id"])
        for one in receiver.take(2):
            check_signature(sandbox, WEBHOOK_ID, one)
        assert x509.load_pem_x509_certificate(file.read_bytes()) == root(sandbox)
    finally:
        sandbox.stop()
