"""How often each of many may cause something: a token bucket for each, in this process's memory."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

import msgspec

KEYS_REMEMBERED_MAX: Final = 10_000
"""Buckets kept; the one that was used longest ago is forgotten first, and is full again."""

Key = TypeVar("Key", bound=Hashable)


class _Bucket(msgspec.Struct):
    left: float
    filled_at: float


class Budget(Generic[Key]):
    """What each key may still cause: `at_once_max` at once, and `per_second` on average."""

    def __init__(
        self,
        *,
        per_second: float,
        at_once_max: int,
        keys_max: int = KEYS_REMEMBERED_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._at_once_max = at_once_max
        self._keys_max = keys_max
        self._monotonic = monotonic
        self._buckets: OrderedDict[Key, _Bucket] = OrderedDict()

    def take(self, key: Key) -> bool:
        """Whether the key may cause one more now; it counts if so."""
        now = self._monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(float(self._at_once_max), now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
        refilled = bucket.left + (now - bucket.filled_at) * self._per_second
        bucket.left, bucket.filled_at = min(refilled, float(self._at_once_max)), now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True
