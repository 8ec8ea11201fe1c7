"""Which periods of statements of banks are believed."""

from datetime import UTC, datetime, timedelta

import pytest

from fincore.reconciliation.bank.stated_period import unlikely_period

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("start", "end", "is_likely"),
    [
        (NOW - DAY, NOW, True),
        (NOW, NOW + 2 * DAY, True),
        (NOW, NOW + 2 * DAY + SECOND, False),
        (NOW - 366 * DAY, NOW, True),
        (NOW - 366 * DAY - SECOND, NOW, False),
        (NOW - 3_660 * DAY, NOW - 3_650 * DAY, True),
        (NOW - 3_660 * DAY - SECOND, NOW - 3_650 * DAY, False),
        (NOW, NOW, True),
        (NOW, NOW - SECOND, False),
        (NOW, datetime.max.replace(tzinfo=UTC), False),
    ],
)
def test_stated_period_is_believed_within_its_bounds(
    start: datetime, end: datetime, *, is_likely: bool
) -> None:
    assert (unlikely_period(start, end, NOW) is None) == is_likely
