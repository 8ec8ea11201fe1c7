"""What a card number becomes in the fingerprint of a request, and in the counters of risk: an HMAC under a key of the card edge's own. Pure."""

import hmac
from base64 import b64decode
from typing import Final

from fincore.domain.secret import Secret

_PURPOSE: Final = b"fincore request fingerprint, card number\n"
_COUNTED: Final = b"fincore risk counters, card number\n"
"""Each keeps what is made for one purpose apart from anything else that may ever be made under the key."""


class NumberHmac:
    """Hashes numbers under a key of 32 bytes, given in base64, and under the key before it while there is one."""

    def __init__(self, key: Secret, key_before: Secret | None = None) -> None:
        self._key = b64decode(key.reveal())
        self._key_before = None if key_before is None else b64decode(key_before.reveal())

    def of(self, number: Secret) -> str:
        """The HMAC (SHA-256) of a number, in hexadecimal."""
        return _hmac(self._key, _PURPOSE, number)

    def counted_of(self, number: Secret) -> str:
        """What the counters of risk tell a number apart by; it is another one under another key."""
        return _hmac(self._key, _COUNTED, number)

    def before_of(self, number: Secret) -> str | None:
        """What it was under the key before; None where there is none."""
        return None if self._key_before is None else _hmac(self._key_before, _PURPOSE, number)


def _hmac(key: bytes, purpose: bytes, number: Secret) -> str:
    return hmac.digest(key, purpose + number.reveal().encode(), "sha256").hex()
