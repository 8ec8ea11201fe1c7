"""What a PSP remembers under an idempotency key: whether it is at work on it, or the answer it gave."""

import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

import msgspec

from psp_sandbox.messages import Response

KEPT_SECONDS = 24 * 3_600


class Lookup(Enum):
    """What the memory says about a key it is shown."""

    NEW = "new"
    IN_FLIGHT = "in_flight"
    OTHER_PARAMETERS = "other_parameters"


class _Entry(msgspec.Struct, gc=False):
    fingerprint: bytes
    began_at: float
    response: Response | None = None


class IdempotencyMemory:
    """Keys of all accounts, each scoped to its account. Bounded: past `max_entries` the least recently used is forgotten."""

    def __init__(self, *, max_entries: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._max_entries = max_entries
        self._clock = clock

    def look_up(self, account: str, key: str, fingerprint: bytes) -> Response | Lookup:
        """The stored answer, or why there is none."""
        entry = self._entries.get((account, key))
        if entry is None:
            return Lookup.NEW
        if self._clock() - entry.began_at > KEPT_SECONDS:
            del self._entries[account, key]
            return Lookup.NEW
        if entry.fingerprint != fingerprint:
            return Lookup.OTHER_PARAMETERS
        self._entries.move_to_end((account, key))
        return entry.response or Lookup.IN_FLIGHT

    def begin(self, account: str, key: str, fingerprint: bytes) -> None:
        """From now on the key is in flight: the same key again gets a conflict until `finish` or `forget`."""
        while len(self._entries) >= self._max_entries:
            self._entries.popitem(last=False)
        self._entries[account, key] = _Entry(fingerprint=fingerprint, began_at=self._clock())

    def finish(self, account: str, key: str, response: Response) -> None:
        """Keep the answer for replays. Does nothing if the key was forgotten meanwhile."""
        entry = self._entries.get((account, key))
        if entry is not None:
            entry.response = response

    def forget(self, account: str, key: str) -> None:
        """The endpoint never began executing: the key is free again."""
        self._entries.pop((account, key), None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def __len__(self) -> int:
        """Entries held."""
        return len(self._entries)
