"""Responses as they lie in a cache that others can reach: readable and writable only with the installation's key."""

import hmac
import os
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse

_FORM: Final = b"\x01"
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 24
_NAME_BYTES: Final = 20
_NONCE: Final = bytes(12)
"""Always the same, because each value has a key of its own: random nonces of 96 bits repeat after some 2**32 values."""
_NAME_PREFIX: Final = b"fincore:response:"


class _Kept(NamedTuple):
    fingerprint: bytes
    status: int
    body: bytes
    location: str | None


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Kept)


class ResponseCipher:
    """Names and encrypts responses with keys that follow from one secret of the installation.

    A name tells nothing of the merchant and the key, and those of two installations never meet in one cache. A value opens
    only under its own name: one that was altered, or moved from another name, does not.
    """

    def __init__(self, secret: bytes) -> None:
        keys = HKDFExpand(SHA256(), 2 * _KEY_BYTES, b"fincore shared responses").derive(secret)
        self._naming, self._encrypting = keys[:_KEY_BYTES], keys[_KEY_BYTES:]

    def name_of(self, key: IdempotencyKey) -> bytes:
        """The name under which the response of a key lies."""
        # Neither a merchant's id nor a mode holds a zero byte, and the key comes last: no two keys are one text.
        scope = f"{key.merchant_id}\0{key.livemode:d}\0{key.key}".encode()
        return _NAME_PREFIX + hmac.digest(self._naming, scope, "sha256")[:_NAME_BYTES].hex().encode()

    def encrypt(self, name: bytes, stored: StoredResponse) -> bytes:
        """A final response as it is kept under a name."""
        response = stored.response
        kept = _Kept(stored.fingerprint, response.status, response.body, response.location)
        salt = os.urandom(_SALT_BYTES)
        return _FORM + salt + self._under(salt).encrypt(_NONCE, _ENCODER.encode(kept), name)

    def decrypt(self, name: bytes, value: bytes) -> StoredResponse | None:
        """The response that was encrypted for a name; None for any other bytes."""
        if value[:1] != _FORM:
            return None
        salt, encrypted = value[1 : 1 + _SALT_BYTES], value[1 + _SALT_BYTES :]
        try:
            kept = _DECODER.decode(self._under(salt).decrypt(_NONCE, encrypted, name))
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            return None
        return StoredResponse(
            fingerprint=kept.fingerprint, response=RenderedResponse(kept.status, kept.body, kept.location)
        )

    def _under(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._encrypting, salt, "sha256"))
