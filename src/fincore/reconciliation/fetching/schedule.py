"""When to look at a source: at the times of its cron expression, in UTC, and sooner again where a look failed. Pure."""

import re
from datetime import datetime, timedelta
from typing import Final

from croniter import croniter
from croniter.croniter import CroniterError

RETRY_SECONDS_MIN: Final = 60.0
RETRY_SECONDS_MAX: Final = 3_600.0
"""The pause after a failed look begins with the first and doubles up to the second."""

_FIVE_FIELDS: Final = re.compile(r"[0-9A-Za-z*,/-]+( [0-9A-Za-z*,/-]+){4}")
_SOME_DAY: Final = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def is_cron(text: str) -> bool:
    """Whether a text is a cron expression of five fields with times to come."""
    if not _FIVE_FIELDS.fullmatch(text) or not croniter.is_valid(text):
        return False
    try:
        next_time(text, _SOME_DAY)
    except CroniterError:  # such as the thirtieth of February
        return False
    return True


def next_time(cron: str, after: datetime) -> datetime:
    """The first time of the expression that is later."""
    found: datetime = croniter(cron, after).get_next(datetime)
    return found


def is_due(cron: str, *, now: datetime, looked_at: datetime | None, failures: int) -> bool:
    """Whether to look now. `looked_at`: when the last look began, by the same clock; `failures`: how many have failed since a good one."""
    if looked_at is None or looked_at > now:
        # A look of the future was recorded by a clock that was wrong: it says nothing.
        return True
    if failures and now >= looked_at + _pause(failures):
        return True
    return next_time(cron, looked_at) <= now


def overdue_since(cron: str, *, now: datetime, good_at: datetime) -> datetime | None:
    """Since when a good look is missing: the first time of the expression after the last good one; None where none is."""
    due_at = next_time(cron, good_at)
    return due_at if due_at < now else None


def _pause(failures: int) -> timedelta:
    doublings = min(failures - 1, 10)
    return timedelta(seconds=min(RETRY_SECONDS_MIN * 2**doublings, RETRY_SECONDS_MAX))
