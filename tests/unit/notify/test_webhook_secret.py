"""Signatures as Standard Webhooks' own library reads them, and secrets encrypted for the database."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from fincore.domain.ids import WebhookDeliveryId, WebhookEndpointId
from fincore.domain.secret import Secret
from fincore.notify.secret_cipher import SecretCipher, SecretUnreadable
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
    cipher, secret = SecretCipher(KEY), mint_secret()
    encrypted = cipher.encrypt(secret, ENDPOINT)
    assert cipher.decrypt(encrypted, ENDPOINT) == secret
    assert SecretCipher(KEY).decrypt(encrypted, ENDPOINT) == secret
    assert cipher.encrypt(secret, ENDPOINT) != encrypted
    assert secret.reveal().encode() not in encrypted
    assert b"whsec" not in encrypted


def test_sealed_secret_rejects_other_key_endpoint_or_bytes() -> None:
    cipher, secret = SecretCipher(KEY), mint_secret()
    encrypted = cipher.encrypt(secret, ENDPOINT)
    altered = [
        encrypted[:place] + bytes([encrypted[place] ^ 1]) + encrypted[place + 1 :] for place in (0, 1, 13, -1)
    ]
    for wrong in (*altered, encrypted[:-1], encrypted[:5], b""):
        with pytest.raises(SecretUnreadable):
            cipher.decrypt(wrong, ENDPOINT)
    with pytest.raises(SecretUnreadable):
        cipher.decrypt(encrypted, WebhookEndpointId("we_2"))
    with pytest.raises(SecretUnreadable) as error:
        SecretCipher(bytes(32)).decrypt(encrypted, ENDPOINT)
    assert "FINCORE_SECRETS_KEY" in str(error.value)


def test_previous_key_opens_old_secrets_and_seals_no_new() -> None:
    secret, before, changing, after = (
        mint_secret(),
        SecretCipher(KEY),
        SecretCipher(OTHER_KEY, KEY),
        SecretCipher(OTHER_KEY),
    )
    encrypted = before.encrypt(secret, ENDPOINT)
    assert changing.decrypt(encrypted, ENDPOINT) == secret
    with pytest.raises(SecretUnreadable):
        after.decrypt(encrypted, ENDPOINT)
    assert after.decrypt(changing.encrypt(secret, ENDPOINT), ENDPOINT) == secret
    with pytest.raises(SecretUnreadable):
        changing.decrypt(encrypted, WebhookEndpointId("we_2"))


def test_reencryption_changes_only_secrets_of_previous_key() -> None:
    secret, changing = mint_secret(), SecretCipher(OTHER_KEY, KEY)
    anew = changing.reencrypt(SecretCipher(KEY).encrypt(secret, ENDPOINT), ENDPOINT)
    assert SecretCipher(OTHER_KEY).decrypt(anew, ENDPOINT) == secret
    assert changing.reencrypt(anew, ENDPOINT) == anew
    with pytest.raises(SecretUnreadable):
        SecretCipher(OTHER_KEY).reencrypt(SecretCipher(KEY).encrypt(secret, ENDPOINT), ENDPOINT)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SecretCipher(bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        SecretCipher(KEY, bytes(size))
