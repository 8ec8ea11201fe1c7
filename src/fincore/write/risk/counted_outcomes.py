"""What a counter of outcomes holds, for a back-test that counts in memory: seconds since 1970 and amounts. Pure.

PostgreSQL counts by the same rules in functions of its own (`schema/0001.counters.sql`).
"""

from array import array
from typing import Final, TypeAlias

from fincore.write.risk.rings import BUCKETS_PER_WINDOW, WINDOW_SECONDS

NUMBERS_MAX: Final = 800
"""How many numbers a counter holds, two for each amount, until what is old is put together."""
COUNTED_SECONDS: Final = WINDOW_SECONDS["7d"] + WINDOW_SECONDS["7d"] // BUCKETS_PER_WINDOW
"""How long an amount may count: the longest window and a 60th of it."""

Outcomes: TypeAlias = "array[int]"
"""{second, amount, second, amount ...} as signed numbers of 64 bits, in no order."""


def no_outcomes() -> Outcomes:
    """A counter of nothing."""
    return array("q")


def outcomes_with(state: Outcomes, second: int, amount: int) -> Outcomes:
    """A counter once an amount is added at a second, which may be an earlier one; `state` itself may be changed.

    What is older than a window is put together by a 60th of the next, under the newest second of it, once there is too much of it.
    """
    state.append(second)
    state.append(amount)
    if len(state) <= NUMBERS_MAX:
        return state
    newest = max(state[::2])
    together: dict[tuple[int, int], tuple[int, int]] = {}
    for at, one in zip(state[::2], state[1::2], strict=True):
        if newest - at <= COUNTED_SECONDS:
            seconds = _bucket_seconds(newest - at)
            last, total = together.get((seconds, at // seconds), (at, 0))
            together[seconds, at // seconds] = max(last, at), total + one
    return array("q", [number for pair in sorted(together.values()) for number in pair])


def outcomes_since(state: Outcomes, since: int) -> int:
    """How much was added after a second."""
    return sum(amount for second, amount in zip(state[::2], state[1::2], strict=True) if second > since)


def _bucket_seconds(age_seconds: int) -> int:
    """How long the time is that what is so old is put together by: a 60th of the shortest window that it is still in."""
    for window_seconds in WINDOW_SECONDS.values():
        if age_seconds < window_seconds:
            return window_seconds // BUCKETS_PER_WINDOW
    return WINDOW_SECONDS["7d"] // BUCKETS_PER_WINDOW
