"""Passwords of the built-in issuer: scrypt (RFC 7914), at most a few at a time, one-time passwords, and which passwords may be chosen."""

import asyncio
import hashlib
import hmac
import os
import secrets
import unicodedata
from typing import Final, Literal, NamedTuple

from fincore.domain.errors import Overloaded
from fincore.domain.secret import Secret

N: Final = 2**15
R: Final = 8
P: Final = 3
"""The parameters of scrypt: 32 MiB each time. OWASP's password storage cheat sheet takes them for equal to 2**17, 8, 1."""
N_MIN: Final = 2**14
"""What the database takes at least; a test need not take longer."""
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
AT_ONCE_MAX: Final = 2
"""Hashes that are computed at a time, in threads: each takes a processor for a moment."""
WAITING_MAX: Final = 50
CHARACTERS_MIN: Final = 12
CHARACTERS_MAX: Final = 128
CHARACTERS_DIFFERENT_MIN: Final = 5
ONE_TIME_HOURS: Final = 72

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is taken for another: i, l, o, 0, 1."""
_GROUPS, _GROUP_CHARACTERS = 4, 5


PasswordFlaw = Literal["length", "guessable", "different"]
"""Why a password may not be chosen: too short or too long; easy to guess; not typed twice alike."""


class PasswordHash(NamedTuple):
    """What is kept of a password, with the parameters that made it."""

    hash: bytes
    salt: bytes
    n: int = N
    r: int = R
    p: int = P


def one_time_password() -> Secret:
    """A new password of 99 random bits, to be typed once: `xxxxx-xxxxx-xxxxx-xxxxx`."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARACTERS)) for _ in range(_GROUPS))
    return Secret("-".join(groups))


def no_password() -> PasswordHash:
    """What is kept of a person who has no password yet: random bytes, which no known password hashes to."""
    return PasswordHash(os.urandom(HASH_BYTES), os.urandom(SALT_BYTES))


def normalized(password: str) -> str:
    """A password as it is hashed: the same whichever keyboard composed its characters (RFC 8265, 4.2: NFC)."""
    return unicodedata.normalize("NFC", password)


def flaw_of(password: str, repeated: str, *, username: str) -> PasswordFlaw | None:
    """Why a password may not be chosen; None where it may: long, of several characters, and not the name itself.

    No kinds of characters are asked for (NIST SP 800-63B, 5.1.1.2).
    """
    text = normalized(password)
    if password != repeated:
        return "different"
    if not CHARACTERS_MIN <= len(text) <= CHARACTERS_MAX:
        return "length"
    folded = text.casefold()
    names = (username.casefold(), username.casefold().partition("@")[0])
    if len(set(folded)) < CHARACTERS_DIFFERENT_MIN or folded in names or "password" in folded:
        return "guessable"
    return None


class Passwords:
    """Hashes and compares passwords, at most `AT_ONCE_MAX` at a time."""

    def __init__(
        self, *, n: int = N, p: int = P, at_once_max: int = AT_ONCE_MAX, waiting_max: int = WAITING_MAX
    ) -> None:
        self._n = n
        self._p = p
        self._turns = asyncio.Semaphore(at_once_max)
        self._waiting = 0
        self._waiting_max = waiting_max
        self._nothing = PasswordHash(bytes(HASH_BYTES), os.urandom(SALT_BYTES), n=n, p=p)

    async def hash(self, password: str) -> PasswordHash:
        """What to keep of a password. Raises `Overloaded`."""
        kept = PasswordHash(b"", os.urandom(SALT_BYTES), n=self._n, p=self._p)
        return kept._replace(hash=await self._computed(password, kept))

    async def is_right(self, password: str, kept: PasswordHash | None) -> bool:
        """Whether a password is the one that is kept. It takes as long where none is kept. Raises `Overloaded`."""
        against = self._nothing if kept is None else kept
        is_equal = hmac.compare_digest(await self._computed(password, against), against.hash)
        return is_equal and kept is not None

    async def _computed(self, password: str, kept: PasswordHash) -> bytes:
        if self._waiting >= self._waiting_max:
            raise Overloaded("the number of passwords to compare")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(
                    _scrypt, normalized(password)[: CHARACTERS_MAX * 2].encode(), kept
                )
        finally:
            self._waiting -= 1


def _scrypt(password: bytes, kept: PasswordHash) -> bytes:
    return hashlib.scrypt(
        password,
        salt=kept.salt,
        n=kept.n,
        r=kept.r,
        p=kept.p,
        maxmem=2 * 128 * kept.n * kept.r,
        dklen=HASH_BYTES,
    )
