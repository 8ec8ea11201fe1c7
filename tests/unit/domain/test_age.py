"""How old something is, by a clock that may be wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from fincore.domain.age import CLOCK_ERROR_MAX, Age, age_against
from fixtures.scripted_psp import SteppedClock

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("age", "by_a_trusted_clock", "by_another"),
    [
        (timedelta(0), "within", "within"),
        (HOUR - timedelta(microseconds=1), "within", "within"),
        (HOUR, "past", "unclear"),
        (timedelta(days=3), "past", "unclear"),
        (-CLOCK_ERROR_MAX, "within", "within"),
        (-CLOCK_ERROR_MAX - timedelta(microseconds=1), "unclear", "unclear"),
    ],
)
def test_age_by_a_clock_not_trusted_is_never_past(
    age: timedelta, by_a_trusted_clock: Age, by_another: Age
) -> None:
    clock = SteppedClock(NOON)
    assert age_against(HOUR, NOON - age, clock) == by_a_trusted_clock
    clock.distrusted = "the clocks are apart"
    assert age_against(HOUR, NOON - age, clock) == by_another
