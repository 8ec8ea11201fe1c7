"""Which period a statement of a bank may state: what is before it is not looked for, and what is within it is missing there. Pure."""

from datetime import datetime, timedelta
from typing import Final

from fincore.domain.told_times import BEHIND_MAX

AHEAD_MAX: Final = timedelta(days=2)
"""How far ahead of now it may end: a statement of today ends with the day, in the bank's time zone."""
PERIOD_MAX: Final = timedelta(days=366)
"""How long it may be."""


def unlikely_period(start: datetime, end: datetime, now: datetime) -> str | None:
    """Why a statement is refused that states this period; None where it may be."""
    if end < start:
        return f"states a period that ends on {end:%Y-%m-%d}, before it begins on {start:%Y-%m-%d}"
    if start >= now - BEHIND_MAX and end <= now + AHEAD_MAX and end - start <= PERIOD_MAX:
        return None
    return (
        f"states a period from {start:%Y-%m-%d} to {end:%Y-%m-%d}: it may begin {BEHIND_MAX.days} days ago at the earliest, end "
        f"{AHEAD_MAX.days} days ahead at the latest, and be of {PERIOD_MAX.days} days at most"
    )
