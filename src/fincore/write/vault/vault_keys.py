"""The keys that encrypt the data keys of cards: each with an id, the current one first, and which keys are too weak. Pure."""

import hmac
import itertools
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from fincore.domain.secret import MASK

KEY_BYTES: Final = 32
CHECK_BYTES: Final = 8
KEYS_MAX: Final = 8
"""The current key and older ones at a time: `fincore vault rotate` makes an older one needless."""
DIFFERENT_BYTES_MIN: Final = 16
"""Of 32 random bytes fewer are different once in 10^13 keys."""
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
_KMS_KEY: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}", re.ASCII)
_CHECK_PURPOSE: Final = b"fincore vault, check of a key\n"


class VaultKey(msgspec.Struct, frozen=True):
    """A key-encryption key of 32 bytes, and the id that tells in the database which key it is."""

    key_id: str
    key: bytes

    @property
    def check(self) -> bytes:
        """What tells the key itself in the database: another key of the same id has another one."""
        return check_of(self.key)

    def __repr__(self) -> str:
        """The key is not shown."""
        return f"VaultKey({self.key_id!r}, {MASK!r})"


class ServiceKey(msgspec.Struct, frozen=True):
    """A key-encryption key that never leaves a key service: its name there, an ARN of AWS KMS, and the id that tells in the database which key it is."""

    key_id: str
    name: str

    @property
    def check(self) -> bytes:
        """What tells the key itself in the database. An ARN is of one key for ever."""
        return check_of(self.name.encode())

    @property
    def region(self) -> str:
        """The region of the service."""
        return self.name.split(":")[3]


KeyEncryptionKey = VaultKey | ServiceKey


class VaultKeys:
    """The current key, which wraps the data keys of cards, and older ones, which still unwrap theirs."""

    def __init__(self, keys: Sequence[KeyEncryptionKey]) -> None:
        """Raises `ValueError`, with what is wrong in words, for keys that cannot be used together."""
        if not 1 <= len(keys) <= KEYS_MAX:
            raise ValueError(f"must hold 1 to {KEYS_MAX} keys")
        for key in keys:
            if not _ID.fullmatch(key.key_id):
                raise ValueError(
                    "holds a key id that is not 1 to 32 lower-case letters, digits, dots, dashes and underscores"
                )
            flaw = key_flaw(key.key) if isinstance(key, VaultKey) else None
            if flaw is not None:
                raise ValueError(f"holds a key {key.key_id} that {flaw}")
        if len({key.key_id for key in keys}) < len(keys):
            raise ValueError("holds two keys with one id")
        if len({key.check for key in keys}) < len(keys):
            raise ValueError("holds one key under two ids")
        self.current: Final = keys[0]
        self._by_id = {key.key_id: key for key in keys}

    def find(self, key_id: str) -> KeyEncryptionKey | None:
        """The key with an id."""
        return self._by_id.get(key_id)

    def __iter__(self) -> Iterator[KeyEncryptionKey]:
        return iter(self._by_id.values())

    def __repr__(self) -> str:
        return f"VaultKeys({', '.join(self._by_id)})"


def vault_keys_of(text: str) -> VaultKeys:
    """The keys in a text such as `2026-11:BASE64,2026-05:BASE64`, the current one first. The ARN of a key of AWS KMS may stand for a key.

    Raises `ValueError` with what is wrong in words; the text is not repeated.
    """
    keys: list[KeyEncryptionKey] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        key_id, colon, encoded = part.partition(":")
        if not colon:
            raise ValueError("must hold pairs of a key id and a key, such as 2026-11:BASE64")
        place = encoded.strip()
        if place.startswith("arn:"):
            if not _KMS_KEY.fullmatch(place):
                raise ValueError(
                    "holds an ARN that is none of a key of KMS, such as arn:aws:kms:eu-central-1:123456789012:key/...: an alias may become another key"
                )
            keys.append(ServiceKey(key_id.strip(), place))
        else:
            keys.append(VaultKey(key_id.strip(), decoded_key(place)))
    return VaultKeys(keys)


def decoded_key(encoded: str) -> bytes:
    """The key in a base64 text; an empty one, which is no key, for what is not base64."""
    try:
        return b64decode(encoded, validate=True)
    except ValueError:
        return b""


def check_of(key: bytes) -> bytes:
    """A check of a key: it says whether two keys are the same, and nothing else of them."""
    return hmac.digest(key, _CHECK_PURPOSE, "sha256")[:CHECK_BYTES]


def key_flaw(key: bytes) -> str | None:
    """Why a key cannot be used: no random source makes such a key in the lifetime of an installation."""
    if len(key) != KEY_BYTES:
        return f"is not {KEY_BYTES} bytes in base64, such as `openssl rand -base64 32` prints"
    steps = {(after - before) % 256 for before, after in itertools.pairwise(key)}
    if len(set(key)) < DIFFERENT_BYTES_MIN or len(steps) == 1:
        return "is not random: make it by `openssl rand -base64 32`"
    if all(0x20 <= byte < 0x7F for byte in key):  # noqa: PLR2004 -- the printable characters of ASCII
        return "is a text and not random bytes: make it by `openssl rand -base64 32`"
    return None
