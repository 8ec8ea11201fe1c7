"""When a notice is sent again, and when that ends. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

PAUSES_SECONDS: Final[Sequence[int]] = (0, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
"""The pause before each attempt, counted from the one before: 28 hours in all, so that a night is survived."""
ATTEMPTS_MAX: Final = len(PAUSES_SECONDS)
PAUSE_MAX: Final = timedelta(seconds=max(PAUSES_SECONDS))


def pause_after(attempt: int) -> timedelta | None:
    """How long to wait after the failed attempt with this number (from 1); None where it was the last one."""
    return None if attempt >= ATTEMPTS_MAX else timedelta(seconds=PAUSES_SECONDS[attempt])
