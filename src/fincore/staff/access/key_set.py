"""The public keys of an issuer, by id: fetched when they are needed, believed for a day while the issuer is away.

An unknown id makes one request for all callers at a time, and at most one a minute: a forged token cannot make many.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.staff.access.tokens import KEY_TYPES, IssuerUnavailable

REFRESH_SECONDS: Final = 3_600.0
"""Age of the keys from which they are fetched again, while those that are there are used."""
STALE_SECONDS_MAX: Final = 86_400.0
"""Age of the keys from which they are not believed any more."""
UNKNOWN_SECONDS: Final = 60.0
"""Pause after a fetch before an unknown id causes another one."""
FAILED_SECONDS: Final = 5.0
"""Pause after a fetch that failed."""
KEYS_MAX: Final = 50
RSA_BITS_MIN: Final = 2_048

_log = structlog.get_logger(__name__)


class _KeySet(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class IssuerKeys:
    """The keys of one issuer; `fetch` gets its key set as JSON, and raises `IssuerUnavailable`."""

    def __init__(
        self, fetch: Callable[[], Awaitable[bytes]], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: Mapping[str, RSAKey | ECKey] = {}
        self._fetched_at: float | None = None
        self._failed_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> RSAKey | ECKey | None:
        """The key with an id; None where the issuer publishes none. Raises `IssuerUnavailable`."""
        key = self._keys.get(key_id)
        if key is not None and self._age() < STALE_SECONDS_MAX:
            if self._age() >= REFRESH_SECONDS and self._may_fetch():
                self._start()
            return key
        if self._fetching is not None or self._may_fetch():
            await asyncio.shield(self._start())
        if self._age() >= STALE_SECONDS_MAX:
            raise IssuerUnavailable("no keys of the issuer are known")
        key = self._keys.get(key_id)
        if key is None and self._has_failed():
            raise IssuerUnavailable("the issuer does not say whether it has this key")
        return key

    def _age(self) -> float:
        """How old the keys are, in seconds; infinite where there are none."""
        return float("inf") if self._fetched_at is None else self._monotonic() - self._fetched_at

    def _has_failed(self) -> bool:
        return self._failed_at is not None

    def _may_fetch(self) -> bool:
        if self._failed_at is not None:
            return self._monotonic() - self._failed_at >= FAILED_SECONDS
        return self._age() >= UNKNOWN_SECONDS

    def _start(self) -> asyncio.Task[None]:
        """The fetch that is under way, or a new one."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._renew())
        return self._fetching

    async def _renew(self) -> None:
        try:
            keys = keys_in(await self._fetch())
        except IssuerUnavailable as error:
            self._failed_at = self._monotonic()
            _log.warning("staff.issuer_unavailable", reason=str(error))
        else:
            self._keys, self._fetched_at, self._failed_at = keys, self._monotonic(), None
        finally:
            self._fetching = None


def keys_in(document: bytes) -> dict[str, RSAKey | ECKey]:
    """The keys of a key set (RFC 7517) that verify tokens, by id. Raises `IssuerUnavailable` for what holds none."""
    try:
        entries = msgspec.json.decode(document, type=_KeySet).keys
    except UNREADABLE_JSON:
        raise IssuerUnavailable("the issuer answers what is no key set") from None
    found: dict[str, RSAKey | ECKey] = {}
    for entry in entries[:KEYS_MAX]:
        key = _key(entry)
        if key is not None:
            found[str(entry["kid"])] = key
    if not found:
        raise IssuerUnavailable("the issuer publishes no key that can be used")
    return found


def _key(entry: dict[str, Any]) -> RSAKey | ECKey | None:
    """A key for one of the accepted algorithms; None for any other."""
    if not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    if entry.get("alg", next(iter(KEY_TYPES))) not in KEY_TYPES:
        return None
    try:
        match entry.get("kty"):
            case "RSA" if len(str(entry.get("n", ""))) * 6 >= RSA_BITS_MIN:
                return RSAKey.import_key({name: entry[name] for name in ("kty", "n", "e", "kid")})
            case "EC" if entry.get("crv") == "P-256":
                return ECKey.import_key({name: entry[name] for name in ("kty", "crv", "x", "y", "kid")})
            case _:
                return None
    except (JoseError, KeyError, ValueError, TypeError):
        return None
