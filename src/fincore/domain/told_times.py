"""Which times of a PSP may be, and which are held: no clock is trusted, and a far time would put off what is due. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from fincore.domain.counting import counted

AHEAD_MAX: Final[Mapping[bool, timedelta]] = MappingProxyType(
    {True: timedelta(days=1), False: timedelta(days=366)}
)
"""Mode (live is True) -> how far ahead of our clock a time that a PSP tells may be: clocks differ, and those of sandboxes and of tests at
PSPs are set ahead."""
BEHIND_MAX: Final = timedelta(days=3_660)
"""How long ago it may be. The first files of an account may be of years ago."""


def unlikely_time(
    told: datetime, now: datetime, *, livemode: bool, due_within: timedelta = timedelta()
) -> str | None:
    """Why a time that a PSP tells is not believed at `now`; None where it is. What is due later may be `due_within` further ahead."""
    ahead_max = AHEAD_MAX[livemode] + due_within
    if told - now > ahead_max:
        return f"is more than {counted(ahead_max.days, 'day')} ahead of {_text(now)}"
    if now - told > BEHIND_MAX:
        return f"is more than {counted(BEHIND_MAX.days, 'day')} before {_text(now)}"
    return None


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %z}"
