"""Look-ups that remember: an answer is believed for seconds, so that a frequent key costs no statement each time."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from fincore.postgres.shared_fetch import SharedFetch

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")

ENTRIES_MAX: Final = 10_000
"""Keys remembered, found and absent ones together; the oldest go first."""


class _Remembered(NamedTuple, Generic[Found]):
    found: Found | None
    expires_at: float


class RememberedFetch(Generic[Key, Found]):
    """A `SharedFetch` that remembers: what was found for `known_seconds`, that nothing was found for `unknown_seconds`."""

    def __init__(
        self,
        fetch: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]],
        *,
        known_seconds: float,
        unknown_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known_seconds = known_seconds
        self._unknown_seconds = unknown_seconds
        self._monotonic = monotonic
        self._remembered: OrderedDict[Key, _Remembered[Found]] = OrderedDict()
        self._found: SharedFetch[Key, Found] = SharedFetch(fetch)

    def __len__(self) -> int:
        return len(self._remembered)

    async def find(self, key: Key) -> Found | None:
        """What belongs to a key, or None. Raises what `fetch` raises."""
        remembered = self._remembered.get(key)
        if remembered is not None and self._monotonic() < remembered.expires_at:
            return remembered.found
        # Counted from the question, not the answer: what the database says may be as old as the question.
        asked_at = self._monotonic()
        found = await self._found.find(key)
        seconds = self._unknown_seconds if found is None else self._known_seconds
        self._remembered[key] = _Remembered(found, asked_at + seconds)
        self._remembered.move_to_end(key)
        if len(self._remembered) > ENTRIES_MAX:
            self._remembered.popitem(last=False)
        return found
