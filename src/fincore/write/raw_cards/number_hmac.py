"""What a card number becomes in the fingerprint of a request: an HMAC under a key of the card edge's own. Pure."""

import hmac
from base64 import b64decode
from typing import Final

from fincore.domain.secret import Secret

_PURPOSE: Final = b"fincore request fingerprint, card number\n"
"""Keeps what is made here apart from anything else that may ever be made under the key."""


class NumberHmac:
    """Hashes numbers under a key of 32 bytes, given in base64, and under the key before it while there is one."""

    def __init__(self, key: Secret, key_before: Secret | None = None) -> None:
        self._key = b64decode(key.reveal())
        self._key_before = None if key_before is None else b64decode(key_before.reveal())

    def of(self, number: Secret) -> str:
        """The HMAC (SHA-256) of a number, in hexadecimal."""
        return _hmac(self._key, number)

    def before_of(self, number: Secret) -> str | None:
        """What it was under the key before; None where there is none."""
        return None if self._key_before is None else _hmac(self._key_before, number)


def _hmac(key: bytes, number: Secret) -> str:
    return hmac.digest(key, _PURPOSE + number.reveal().encode(), "sha256").hex()
