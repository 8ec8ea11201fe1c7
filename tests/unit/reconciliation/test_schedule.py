"""When a source is looked at."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.reconciliation.fetching.schedule import (
    RETRY_SECONDS_MAX,
    RETRY_SECONDS_MIN,
    is_cron,
    is_due,
    next_time,
    overdue_since,
)

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DAILY = "0 12 * * *"


@pytest.mark.parametrize("cron", ["0 12 * * *", "*/15 8-18 * * mon-fri", "5,35 * 1-7 * 1", "0 0 29 2 *"])
def test_cron_expression_of_five_fields_is_taken(cron: str) -> None:
    assert is_cron(cron)


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@daily",
        "61 * * * *",
        "0 0 30 2 *",
        "h h * * *",
        "0  12 * * *",
        "0 0 32 * *",
    ],
)
def test_other_schedules_are_refused(cron: str) -> None:
    assert not is_cron(cron)


def test_source_never_looked_at_is_due() -> None:
    assert is_due(DAILY, now=NOON, looked_at=None, failures=0)


@pytest.mark.parametrize(
    ("looked_at", "now", "due"),
    [
        (NOON, NOON + timedelta(hours=23, minutes=59), False),
        (NOON, NOON + timedelta(hours=24), True),
        (NOON - timedelta(seconds=1), NOON, True),
        (NOON - timedelta(days=30), NOON - timedelta(hours=1), True),
    ],
)
def test_source_is_due_at_its_times(looked_at: datetime, now: datetime, *, due: bool) -> None:
    assert is_due(DAILY, now=now, looked_at=looked_at, failures=0) is due


def test_look_recorded_by_a_wrong_clock_says_nothing() -> None:
    assert is_due(DAILY, now=NOON, looked_at=NOON + timedelta(days=400), failures=0)


@pytest.mark.parametrize(
    ("failures", "pause_seconds"),
    [(1, RETRY_SECONDS_MIN), (2, 120), (3, 240), (7, RETRY_SECONDS_MAX), (10_000, 3_600)],
)
def test_failed_look_is_repeated_after_a_growing_pause(failures: int, pause_seconds: float) -> None:
    after = NOON + timedelta(seconds=pause_seconds)
    assert is_due(DAILY, now=after, looked_at=NOON, failures=failures)
    assert not is_due(DAILY, now=after - timedelta(seconds=1), looked_at=NOON, failures=failures)


def test_good_look_is_overdue_from_its_time_on() -> None:
    good_at = NOON - timedelta(hours=1)
    assert overdue_since(DAILY, now=NOON - timedelta(minutes=1), good_at=good_at) is None
    assert overdue_since(DAILY, now=NOON + timedelta(hours=30), good_at=good_at) == NOON


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2030, 1, 1)), st.integers(0, 200_000))  # noqa: DTZ001 -- made aware below
def test_each_time_of_a_schedule_makes_the_source_due_once(start: datetime, seconds: int) -> None:
    looked_at = start.replace(tzinfo=UTC)
    now = looked_at + timedelta(seconds=seconds)
    due_at = next_time(DAILY, looked_at)
    assert is_due(DAILY, now=now, looked_at=looked_at, failures=0) is (now >= due_at)
    assert not is_due(DAILY, now=due_at, looked_at=due_at, failures=0)
