"""What a PSP remembers under an idempotency key: whether it is at work on it, or what came of it."""

import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

KEPT_SECONDS = 24 * 3_600


class Lookup(Enum):
    """What the memory says about a key it is shown."""

    NEW = "new"
    IN_FLIGHT = "in_flight"
    OTHER_PARAMETERS = "other_parameters"


class _Entry(msgspec.Struct, Generic[T], gc=False):
    fingerprint: bytes
    until: float
    result: T | None = None


class IdempotencyMemory(Generic[T]):
    """Keys of all accounts, each scoped to its account. Bounded: past `max_entries` the least recently used is forgotten.

    `T` is what is kept: the answer to give again, or the object to show again.
    """

    def __init__(self, *, max_entries: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: OrderedDict[tuple[str, str], _Entry[T]] = OrderedDict()
        self._max_entries = max_entries
        self._clock = clock

    def look_up(self, account: str, key: str, fingerprint: bytes) -> T | Lookup:
        """What is kept under the key, or why there is nothing."""
        entry = self._entries.get((account, key))
        if entry is None:
            return Lookup.NEW
        if self._clock() > entry.until:
            del self._entries[account, key]
            return Lookup.NEW
        if entry.fingerprint != fingerprint:
            return Lookup.OTHER_PARAMETERS
        self._entries.move_to_end((account, key))
        return Lookup.IN_FLIGHT if entry.result is None else entry.result

    def begin(
        self, account: str, key: str, fingerprint: bytes, *, kept_seconds: float = KEPT_SECONDS
    ) -> None:
        """From now on the key is in flight: the same key again gets a conflict until `finish` or `forget`."""
        while len(self._entries) >= self._max_entries:
            self._entries.popitem(last=False)
        self._entries[account, key] = _Entry(fingerprint=fingerprint, until=self._clock() + kept_seconds)

    def finish(self, account: str, key: str, result: T) -> None:
        """Keep what came of it. Does nothing if the key was forgotten meanwhile."""
        entry = self._entries.get((account, key))
        if entry is not None:
            entry.result = result

    def forget(self, account: str, key: str) -> None:
        """The endpoint never began executing: the key is free again."""
        self._entries.pop((account, key), None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def __len__(self) -> int:
        """Entries held."""
        return len(self._entries)
