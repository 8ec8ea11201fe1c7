"""When a payout should have arrived by the clock, where no statement of a bank can tell. Pure."""

from datetime import datetime, timedelta
from typing import Final

from fincore.domain.payout import EXPECTED_AFTER_MAX, Payout

BANK_DAYS_AFTER_EXPECTED: Final = 3
"""How many bank days a payout may take beyond the day that the PSP named."""
BANK_DAYS_AFTER_MADE: Final = 5
"""How many it may take where the PSP named none."""
OVERDUE_AFTER_MIN: Final = timedelta(days=BANK_DAYS_AFTER_EXPECTED)
"""No payout is overdue sooner after it was made."""


_SATURDAY: Final = 5


def bank_days_after(moment: datetime, days: int) -> datetime:
    """The same time of day so many bank days later. Saturdays and Sundays (UTC) are none; holidays are not known here."""
    while days or moment.weekday() >= _SATURDAY:
        if moment.weekday() < _SATURDAY:
            days -= 1
        moment += timedelta(days=1)
    return moment


def is_overdue(payout: Payout, *, made_at: datetime, at: datetime) -> bool:
    """Whether a payout is in transit at a time at which it should have arrived.

    `made_at`: when it was made, or when it was booked, where the PSP says that it was made at a time that had not come.
    A day on which it is expected counts up to `EXPECTED_AFTER_MAX` after that.
    """
    if payout.status != "in_transit":
        return False
    if payout.expected_at is None:
        return bank_days_after(made_at, BANK_DAYS_AFTER_MADE) < at
    expected_at = min(payout.expected_at, made_at + EXPECTED_AFTER_MAX)
    return bank_days_after(expected_at, BANK_DAYS_AFTER_EXPECTED) < at
