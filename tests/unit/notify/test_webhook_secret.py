"""Signatures as Standard Webhooks' own library reads them, and secrets sealed for the database."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from fincore.domain.ids import WebhookDeliveryId, WebhookEndpointId
from fincore.domain.secret import Secret
from fincore.notify.secret_sealer import SecretSealer, SecretUnreadable
from fincore.notify.webhook_secret import mint_secret, signed_headers

DELIVERY = WebhookDeliveryId("msg_1")
ENDPOINT = WebhookEndpointId("we_1")
BODY = b'{"type":"charge.captured","data":{"note":"\xc3\xbc"}}'
KEY = bytes(range(32))
OTHER_KEY = bytes(32)


def verified(secret: Secret, body: bytes, headers: dict[str, str]) -> object:
    return Webhook(secret.reveal()).verify(body, headers)


def test_a_secret_is_32_random_bytes_behind_its_prefix() -> None:
    one, other = mint_secret(), mint_secret()
    assert one != other
    assert one.reveal().startswith("whsec_")
    assert len(b64decode(one.reveal().removeprefix("whsec_"), validate=True)) == 32


def test_signature_is_verified_by_standard_webhooks_library() -> None:
    secret = mint_secret()
    headers = signed_headers(DELIVERY, BODY, [secret], datetime.now(UTC))
    assert verified(secret, BODY, headers) == json.loads(BODY)
    assert headers["webhook-id"] == DELIVERY


def test_old_and_new_secret_verify_during_rotation() -> None:
    new, old, other = mint_secret(), mint_secret(), mint_secret()
    headers = signed_headers(DELIVERY, BODY, [new, old], datetime.now(UTC))
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        verified(secret, BODY, headers)
    with pytest.raises(WebhookVerificationError):
        verified(other, BODY, headers)


@pytest.mark.parametrize(
    ("part", "value"), [("webhook-id", "msg_2"), ("webhook-timestamp", "+1"), ("body", BODY + b" ")]
)
def test_id_time_and_body_are_all_signed(part: str, value: str | bytes) -> None:
    secret = mint_secret()
    headers = signed_headers(DELIVERY, BODY, [secret], datetime.now(UTC))
    body = value if isinstance(value, bytes) else BODY
    if value == "+1":
        headers[part] = str(int(headers[part]) + 1)
    elif isinstance(value, str):
        headers[part] = value
    with pytest.raises(WebhookVerificationError):
        verified(secret, body, headers)


def test_sealed_secret_opens_with_its_key_and_endpoint() -> None:
    sealer, secret = SecretSealer(KEY), mint_secret()
    sealed = sealer.seal(secret, ENDPOINT)
    assert sealer.open(sealed, ENDPOINT) == secret
    assert SecretSealer(KEY).open(sealed, ENDPOINT) == secret
    assert sealer.seal(secret, ENDPOINT) != sealed
    assert secret.reveal().encode() not in sealed
    assert b"whsec" not in sealed


def test_sealed_secret_rejects_other_key_endpoint_or_bytes() -> None:
    sealer, secret = SecretSealer(KEY), mint_secret()
    sealed = sealer.seal(secret, ENDPOINT)
    altered = [sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :] for place in (0, 1, 13, -1)]
    for wrong in (*altered, sealed[:-1], sealed[:5], b""):
        with pytest.raises(SecretUnreadable):
            sealer.open(wrong, ENDPOINT)
    with pytest.raises(SecretUnreadable):
        sealer.open(sealed, WebhookEndpointId("we_2"))
    with pytest.raises(SecretUnreadable) as error:
        SecretSealer(bytes(32)).open(sealed, ENDPOINT)
    assert "FINCORE_SECRETS_KEY" in str(error.value)


def test_previous_key_opens_old_secrets_and_seals_no_new() -> None:
    secret, before, changing, after = (
        mint_secret(),
        SecretSealer(KEY),
        SecretSealer(OTHER_KEY, KEY),
        SecretSealer(OTHER_KEY),
    )
    sealed = before.seal(secret, ENDPOINT)
    assert changing.open(sealed, ENDPOINT) == secret
    with pytest.raises(SecretUnreadable):
        after.open(sealed, ENDPOINT)
    assert after.open(changing.seal(secret, ENDPOINT), ENDPOINT) == secret
    with pytest.raises(SecretUnreadable):
        changing.open(sealed, WebhookEndpointId("we_2"))


def test_only_what_the_key_before_sealed_is_sealed_anew() -> None:
    secret, changing = mint_secret(), SecretSealer(OTHER_KEY, KEY)
    anew = changing.reseal(SecretSealer(KEY).seal(secret, ENDPOINT), ENDPOINT)
    assert SecretSealer(OTHER_KEY).open(anew, ENDPOINT) == secret
    assert changing.reseal(anew, ENDPOINT) == anew
    with pytest.raises(SecretUnreadable):
        SecretSealer(OTHER_KEY).reseal(SecretSealer(KEY).seal(secret, ENDPOINT), ENDPOINT)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SecretSealer(bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        SecretSealer(KEY, bytes(size))
