"""Time comes in through the constructor, so that tests and simulations own it."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class AgeClock(Clock, Protocol):
    """A clock by which ages are judged, and which says when they must not be."""

    def distrust(self) -> str | None:
        """Why nothing may be purged, expired or given up by this clock now; None where its time is trusted."""
        ...


class SystemClock:
    """The machine's clock. It may be wrong, and cannot know."""

    def now(self) -> datetime:
        return datetime.now(UTC)
