"""Idempotency keys: how one is read, what a request's fingerprint is, and the cache in front of the rows.

The header is the IETF draft draft-ietf-httpapi-idempotency-key-header: a structured-field String (RFC 8941), quoted.
A bare token is taken too, as most payment APIs do, unless it holds a space, a comma or a double quote: those would make it a
list, or be lost on the way.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from fincore.domain.card_number import holds_card_number
from fincore.eventstore.commit import IdempotencyKey, StoredResponse

KEY_CHARACTERS_MAX: Final = 255
_BARE: Final = rf"[!#-+\--~]{{1,{KEY_CHARACTERS_MAX}}}"  # printable, without space, quote and comma
_QUOTED: Final = rf'"(?:[ !#-\[\]-~]|\\["\\]){{1,{KEY_CHARACTERS_MAX}}}"'
KEY_HEADER_PATTERN: Final = f"^(?:{_BARE}|{_QUOTED})$"
"""What the header may look like, as a JSON schema says it."""
CLOCK_SKEW_SECONDS_MAX: Final = 5.0
"""How far the clocks of two processes, and of the database, may be apart."""
CACHE_ENTRIES_MAX: Final = 10_000
CACHE_BYTES_MAX: Final = 32 * 1024 * 1024
"""Of the bodies of the responses."""
CACHE_SECONDS: Final = 600.0
"""How long a response is cached: far less than its row is kept, so the cache never knows more than the database."""

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_HEADER: Final = re.compile(f"{_BARE}|{_QUOTED}", re.ASCII)
_ESCAPED: Final = re.compile(r'\\(["\\])')


def read_key(header: str) -> str | None:
    """The key a header holds; None unless it is 1 to 255 printable ASCII characters and no card number."""
    if not _HEADER.fullmatch(header):
        return None
    key = _ESCAPED.sub(r"\1", header[1:-1]) if header.startswith('"') else header
    return None if holds_card_number(key) else key


def fingerprint_of(method: str, path: str, request: msgspec.Struct) -> bytes:
    """What two requests with one key must have in common. Spacing, order and letter case of the currency may differ."""
    return sha256(b"%s %s\n%s" % (method.encode(), path.encode(), _ENCODER.encode(request))).digest()


def is_in_flight(response: StoredResponse, now: datetime) -> bool:
    """Whether the request that wrote this response may still replace it."""
    if response.in_flight_until is None:
        return False
    return now < response.in_flight_until + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX)


class _Cached(NamedTuple):
    stored: StoredResponse
    expires_at: float


class ResponseCache:
    """The latest final responses, in front of the rows. Losing any of it costs a statement and changes no response."""

    def __init__(
        self,
        *,
        entries_max: int = CACHE_ENTRIES_MAX,
        bytes_max: int = CACHE_BYTES_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._monotonic = monotonic
        self._entries: OrderedDict[IdempotencyKey, _Cached] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: IdempotencyKey) -> StoredResponse | None:
        """The response of a key, if it is cached."""
        cached = self._entries.get(key)
        if cached is None:
            return None
        if self._monotonic() >= cached.expires_at:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return cached.stored

    def put(self, key: IdempotencyKey, stored: StoredResponse) -> None:
        """Keep a response that is final, forgetting the least recently used if the cache is full."""
        if key in self._entries:
            self._forget(key)
        self._entries[key] = _Cached(stored, self._monotonic() + CACHE_SECONDS)
        self._bytes += len(stored.response.body)
        while len(self._entries) > self._entries_max or self._bytes > self._bytes_max:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: IdempotencyKey) -> None:
        self._bytes -= len(self._entries.pop(key).stored.response.body)
