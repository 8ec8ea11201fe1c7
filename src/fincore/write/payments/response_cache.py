"""The latest responses of idempotency keys, in front of their rows."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from fincore.eventstore.commit import IdempotencyKey, StoredResponse

CACHE_ENTRIES_MAX: Final = 10_000
CACHE_BYTES_MAX: Final = 32 * 1024 * 1024
"""Of the bodies of the responses."""
CACHE_SECONDS: Final = 600.0
"""How long a response is cached: far less than its row is kept, so the cache never knows more than the database."""


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
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= len(oldest.stored.response.body)

    def _forget(self, key: IdempotencyKey) -> None:
        self._bytes -= len(self._entries.pop(key).stored.response.body)
