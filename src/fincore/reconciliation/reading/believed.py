"""Why a file that is whole is not believed: it tells of a time that has not come. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from fincore.domain.counting import counted

AHEAD_MAX: Final[Mapping[bool, timedelta]] = MappingProxyType(
    {True: timedelta(days=1), False: timedelta(days=366)}
)
"""Mode (live is True) -> how long after a file was fetched its period and its lines may be: clocks differ, and those of sandboxes and
of tests at PSPs are set ahead."""


def ahead_of_time(*, told_until: datetime, fetched_at: datetime, livemode: bool) -> str | None:
    """Why a file is refused that tells of times up to `told_until`; None where these may have passed when it was fetched."""
    if told_until <= fetched_at + AHEAD_MAX[livemode]:
        return None
    return (
        f"tells of a time up to {told_until:%Y-%m-%d %H:%M:%S %z}, and was fetched at {fetched_at:%Y-%m-%d %H:%M:%S %z}: it may be at most "
        f"{counted(AHEAD_MAX[livemode].days, 'day')} ahead"
    )
