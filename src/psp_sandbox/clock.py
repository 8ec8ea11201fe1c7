"""The sandbox's own time: the machine's, plus what tests have advanced it by."""

import time
from collections.abc import Callable


class Clock:
    """Unix time that can be advanced. What signs and what measures latency uses the machine's time, not this one."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead_seconds = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return self._source() + self._ahead_seconds

    def advance(self, seconds: float) -> None:
        """From now on it is `seconds` later."""
        self._ahead_seconds += seconds

    def reset(self) -> None:
        """The machine's time again."""
        self._ahead_seconds = 0.0
