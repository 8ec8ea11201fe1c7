"""How old something is, against a bound, where the clock may be wrong."""

from datetime import datetime, timedelta
from typing import Final, Literal

from fincore.domain.clock import AgeClock

CLOCK_ERROR_MAX: Final = timedelta(seconds=5)
"""How far apart two clocks may be that count as the same time."""

Age = Literal["within", "past", "unclear"]
"""`within` and `past` a bound; `unclear`: it would be past by a clock that is not trusted, or it lies in the future."""


def age_against(bound: timedelta, since: datetime, clock: AgeClock) -> Age:
    """Whether what began at `since` is older than `bound`.

    Where the clock is not trusted, nothing is ever past its bound. What began in the future is `unclear` with any clock:
    the clock went back, so its true age cannot be known.
    """
    age = clock.now() - since
    if age < -CLOCK_ERROR_MAX:
        return "unclear"
    if age < bound:
        return "within"
    return "past" if clock.distrust() is None else "unclear"
