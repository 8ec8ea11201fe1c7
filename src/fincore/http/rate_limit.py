"""How fast each API key may ask: a token bucket per key, in this process's memory.

The headers are those of the IETF draft draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` and `RateLimit`.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from fincore.domain.ids import ApiKeyId
from fincore.write.merchants.api_key import Principal

BURST_SECONDS: Final = 5
"""A key that was silent so long may ask at once for all that it did not use meanwhile."""
KEYS_MAX: Final = 10_000
"""Buckets kept. Beyond that the key that asked least recently starts afresh, with a full one."""


class Limit(NamedTuple):
    """A policy: requests a second, and how many at once; `policy` is its header."""

    name: str
    per_second: float
    burst: int
    policy: str


class Allowance(NamedTuple):
    """What a key may still do. `retry_after_seconds` is 0 where its request is allowed."""

    headers: tuple[tuple[str, str], ...]
    retry_after_seconds: int


class _Bucket:
    __slots__ = ("filled_at", "tokens")

    def __init__(self, tokens: float, filled_at: float) -> None:
        self.tokens = tokens
        self.filled_at = filled_at


class RateLimiter:
    """The buckets of all keys: one look-up and a few sums for each request."""

    def __init__(
        self,
        *,
        live_per_second: float,
        test_per_second: float,
        keys_max: int = KEYS_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = {True: _limit("live", live_per_second), False: _limit("test", test_per_second)}
        self._keys_max = keys_max
        self._monotonic = monotonic
        self._buckets: OrderedDict[ApiKeyId, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, principal: Principal) -> Allowance:
        """Count one request of a key."""
        limit = self._limits[principal.livemode]
        now = self._monotonic()
        bucket = self._buckets.get(principal.key_id)
        if bucket is None:
            bucket = self._buckets[principal.key_id] = _Bucket(limit.burst, now)
            if len(self._buckets) > self._keys_max:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(principal.key_id)
            bucket.tokens = min(
                limit.burst, bucket.tokens + max(0.0, now - bucket.filled_at) * limit.per_second
            )
            bucket.filled_at = now
        is_allowed = bucket.tokens >= 1
        bucket.tokens -= is_allowed
        left = int(bucket.tokens)
        full_in_seconds = math.ceil((limit.burst - bucket.tokens) / limit.per_second)
        return Allowance(
            (
                ("ratelimit-policy", limit.policy),
                ("ratelimit", f'"{limit.name}";r={left};t={full_in_seconds}'),
            ),
            0 if is_allowed else max(1, math.ceil((1 - bucket.tokens) / limit.per_second)),
        )


def _limit(name: str, per_second: float) -> Limit:
    burst = max(1, math.ceil(per_second * BURST_SECONDS))
    return Limit(name, per_second, burst, f'"{name}";q={burst};w={BURST_SECONDS}')
