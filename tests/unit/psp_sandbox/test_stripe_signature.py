"""Webhook signatures against the official SDK's own verification."""

import time

import pytest
import stripe

from psp_sandbox.signature import stripe_signature

PAYLOAD = '{"id": "evt_1", "name": "Zoë"}'.encode()


def verifies(header: str, secret: str, payload: bytes = PAYLOAD) -> bool:
    try:
        stripe.WebhookSignature.verify_header(payload, header, secret, tolerance=300)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_the_header_is_what_the_sdk_generates() -> None:
    generated = stripe.WebhookSignature.generate_signature_header(PAYLOAD.decode(), "whsec_a", 1_700_000_000)
    assert stripe_signature(PAYLOAD, secrets=["whsec_a"], timestamp=1_700_000_000) == generated


def test_each_active_secret_verifies_and_no_other() -> None:
    header = stripe_signature(PAYLOAD, secrets=["whsec_a", "whsec_b"], timestamp=int(time.time()))
    assert [verifies(header, f"whsec_{name}") for name in "abc"] == [True, True, False]


@pytest.mark.parametrize("age_seconds", [0, 3_600])
def test_an_old_signature_is_too_old(age_seconds: int) -> None:
    header = stripe_signature(PAYLOAD, secrets=["whsec_a"], timestamp=int(time.time()) - age_seconds)
    assert verifies(header, "whsec_a") is (age_seconds == 0)


def test_a_changed_payload_does_not_verify() -> None:
    header = stripe_signature(PAYLOAD, secrets=["whsec_a"], timestamp=int(time.time()))
    assert not verifies(header, "whsec_a", PAYLOAD + b" ")
