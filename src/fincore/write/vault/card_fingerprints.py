"""The fingerprint of a card number: equal for the same number of one merchant and mode, and for nothing else. Pure.

It is an HMAC under a key of its own, since the digits in clear beside it leave few numbers to guess. The merchant and the mode are
part of it: what one merchant keeps says nothing of the cards of another.
"""

import hmac
from typing import Final, NamedTuple

import msgspec

from fincore.domain.ids import MerchantId
from fincore.domain.secret import Secret
from fincore.write.vault.vault_keys import check_of, decoded_key

_PURPOSE: Final = "fincore vault, fingerprint of a card number"


class CardFingerprint(NamedTuple):
    """The fingerprint, and the check of the key that it was made under."""

    value: bytes
    key_check: bytes


class CardFingerprints:
    """Makes fingerprints under a key of 32 bytes, given in base64, and checks those of the key before it while there is one."""

    def __init__(self, key: Secret, key_before: Secret | None = None) -> None:
        keys = [decoded_key(one.reveal()) for one in (key, key_before) if one is not None]
        self._keys = {check_of(one): one for one in keys}
        self.current_check: Final = check_of(keys[0])

    def of(self, number: Secret, merchant_id: MerchantId, *, livemode: bool) -> CardFingerprint:
        """The fingerprint of a number that a merchant keeps in a mode."""
        made = _hmac(self._keys[self.current_check], number, merchant_id, livemode=livemode)
        return CardFingerprint(made, self.current_check)

    def under(
        self, key_check: bytes, number: Secret, merchant_id: MerchantId, *, livemode: bool
    ) -> bytes | None:
        """The same under the key that a check tells; None where that key is not at hand."""
        key = self._keys.get(key_check)
        return None if key is None else _hmac(key, number, merchant_id, livemode=livemode)


def _hmac(key: bytes, number: Secret, merchant_id: MerchantId, *, livemode: bool) -> bytes:
    facts = msgspec.json.encode([_PURPOSE, merchant_id, livemode, number.reveal()])
    return hmac.digest(key, facts, "sha256")
