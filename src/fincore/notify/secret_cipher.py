"""Encrypts endpoints' secrets for the database: they must be read again to sign, so they cannot be hashed."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import WebhookEndpointId
from fincore.domain.secret import Secret

KEY_BYTES: Final = 32
_FORMAT: Final = b"\x01"
_NONCE_BYTES: Final = 12


class SecretUnreadable(FinCoreError):
    """A secret was encrypted under another key, for another endpoint, or altered since."""

    def __init__(self, endpoint_id: WebhookEndpointId) -> None:
        super().__init__(
            f"the secret of {endpoint_id} cannot be read: set FINCORE_SECRETS_KEY or FINCORE_SECRETS_KEY_BEFORE to the "
            "key that encrypted it, or rotate the secret"
        )


class SecretCipher:
    """AES-256-GCM under one key. What is encrypted for one endpoint cannot be decrypted as another's.

    While a key is being changed, what the key before it encrypted can be decrypted, too. Which of the two encrypted a secret is
    not written on it: the tag of the one that did not does not fit.
    """

    def __init__(self, key: bytes, key_before: bytes | None = None) -> None:
        keys = (key,) if key_before is None else (key, key_before)
        if any(len(each) != KEY_BYTES for each in keys):
            raise ValueError(f"the key must have {KEY_BYTES} bytes")
        self._ciphers = tuple(map(AESGCM, keys))

    def encrypt(self, secret: Secret, endpoint_id: WebhookEndpointId) -> bytes:
        """A secret as it may be stored: a byte for the format, the nonce, the ciphertext with its tag."""
        nonce = os.urandom(_NONCE_BYTES)
        encrypted = self._ciphers[0].encrypt(nonce, secret.reveal().encode(), _bound_to(endpoint_id))
        return _FORMAT + nonce + encrypted

    def decrypt(self, encrypted: bytes, endpoint_id: WebhookEndpointId) -> Secret:
        """The secret that was encrypted for an endpoint; raise `SecretUnreadable` where it was not, or not by our keys."""
        return self._decrypted(encrypted, endpoint_id)[0]

    def reencrypt(self, encrypted: bytes, endpoint_id: WebhookEndpointId) -> bytes:
        """The same secret under the present key; the very same bytes where they are. Raises `SecretUnreadable`."""
        secret, is_present = self._decrypted(encrypted, endpoint_id)
        return encrypted if is_present else self.encrypt(secret, endpoint_id)

    def _decrypted(self, encrypted: bytes, endpoint_id: WebhookEndpointId) -> tuple[Secret, bool]:
        """The secret, and whether it is the present key that opens it."""
        form, nonce, content = encrypted[:1], encrypted[1 : 1 + _NONCE_BYTES], encrypted[1 + _NONCE_BYTES :]
        if form != _FORMAT or len(nonce) != _NONCE_BYTES:
            raise SecretUnreadable(endpoint_id)
        for cipher in self._ciphers:
            try:
                text = cipher.decrypt(nonce, content, _bound_to(endpoint_id)).decode()
            except InvalidTag:
                continue
            return Secret(text), cipher is self._ciphers[0]
        raise SecretUnreadable(endpoint_id)


def _bound_to(endpoint_id: WebhookEndpointId) -> bytes:
    return b"webhook-endpoint-secret:" + endpoint_id.encode()
