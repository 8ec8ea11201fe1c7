"""How many exports a process makes at a time: each takes a place before anything of it is read, and gives it back at its end."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, TypeVar

EXPORTS_MAX: Final = 4
"""Exports that one process makes at a time."""
BEGIN_SECONDS_MAX: Final = 60.0
"""A place of which no row was asked for in so long is free again: its reader has gone before the first one."""

T = TypeVar("T")


class Place:
    """The place of one export."""

    def __init__(self, places: "Places", taken_at: float) -> None:
        self._places = places
        self._taken_at = taken_at
        self._has_begun = False

    def is_held(self, now: float) -> bool:
        """Whether it counts: the export has begun, or may begin still."""
        return self._has_begun or now - self._taken_at < BEGIN_SECONDS_MAX

    def give_back(self) -> None:
        """Nothing is exported: at once, or any number of times."""
        self._places.forget(self)

    async def held_by(self, rows: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """The rows; the place is given back after the last one, and where their reader goes before."""
        self._has_begun = True
        try:
            async with aclosing(rows):
                async for row in rows:
                    yield row
        finally:
            self.give_back()


class Places:
    """The places of a process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._taken: set[Place] = set()

    def take(self) -> Place | None:
        """A place; None where all are taken."""
        now = self._monotonic()
        self._taken = {place for place in self._taken if place.is_held(now)}
        if len(self._taken) >= EXPORTS_MAX:
            return None
        place = Place(self, now)
        self._taken.add(place)
        return place

    def forget(self, place: Place) -> None:
        """A place is free again."""
        self._taken.discard(place)
