"""An API key as a text: `sk_test_...`, `sk_live_...`, `pk_test_...`, `pk_live_...`."""

import re
import secrets
import string
from hashlib import sha256
from typing import Final, Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ApiKeyId, MerchantId
from fincore.domain.secret import Secret

KeyKind = Literal["secret", "publishable"]

RANDOM_CHARACTERS: Final = 32
"""Of 62 each: 190 bits of randomness, where 160 are called for."""

_ALPHABET: Final = string.ascii_letters + string.digits
_MARKS: Final[dict[KeyKind, str]] = {"secret": "sk", "publishable": "pk"}
_SHAPE: Final = re.compile(rf"[sp]k_(?:test|live)_[A-Za-z0-9]{{{RANDOM_CHARACTERS}}}", re.ASCII)


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: the merchant, the key it showed, the mode that key is for, and what the platform charges it."""

    merchant_id: MerchantId
    key_id: ApiKeyId
    kind: KeyKind
    livemode: bool
    fee_plans: dict[Currency, FeePlan] = {}


def prefix_of(kind: KeyKind, *, livemode: bool) -> str:
    """The part of a key that says what it is: `sk_test_`."""
    return f"{_MARKS[kind]}_{'live' if livemode else 'test'}_"


def mint(kind: KeyKind, *, livemode: bool) -> Secret:
    """A new random key."""
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return Secret(prefix_of(kind, livemode=livemode) + characters)


def has_shape_of_key(text: str) -> bool:
    """Whether a text could be a key of ours, so that anything else costs no look-up."""
    return _SHAPE.fullmatch(text) is not None


def hash_of(key: str) -> bytes:
    """What is stored of a key, and by which it is found again.

    A plain, fast hash is right here. Slow, salted hashes protect passwords because people choose them: an attacker
    who steals the table tries likely ones. These keys are 190 random bits, so there is nothing likely to try, and
    2^190 hashes are out of reach however fast each is. Being unsalted, the hash can be looked up by index; and an
    attacker who times that look-up learns about bits of a SHA-256 he cannot steer, so it needs no constant time.
    """
    return sha256(key.encode()).digest()
