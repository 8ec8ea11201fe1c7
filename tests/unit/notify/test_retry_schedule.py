"""When a webhook is sent again: the published schedule, what an endpoint may ask for, and how long it is left alone."""

from datetime import timedelta

import pytest

from fincore.notify.retry_schedule import (
    ATTEMPTS_MAX,
    DELAYS_SECONDS,
    AttemptResult,
    Delivered,
    Failed,
    Retry,
    next_step,
    pause_seconds,
    schedule,
)
from fixtures.commits import NOON

BROKEN = AttemptResult(status=500)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_means_that_it_arrived(status: int) -> None:
    assert next_step(AttemptResult(status=status), attempt=1, now=NOON, fraction=0.0) == Delivered()


@pytest.mark.parametrize("status", [199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 503])
def test_status_other_than_2xx_or_410_is_retried(status: int) -> None:
    step = next_step(AttemptResult(status=status), attempt=1, now=NOON, fraction=0.0)
    assert step == Retry(NOON + timedelta(seconds=5))


def test_endpoint_answering_gone_is_not_retried() -> None:
    assert next_step(AttemptResult(status=410), attempt=1, now=NOON, fraction=0.0) == Failed("gone")


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS_MAX))
def test_retry_pause_has_up_to_a_tenth_of_jitter(attempt: int) -> None:
    pause = DELAYS_SECONDS[attempt]
    for fraction in (0.0, 0.5, 0.999):
        expected = NOON + timedelta(seconds=pause * (1 + 0.1 * fraction))
        assert next_step(BROKEN, attempt=attempt, now=NOON, fraction=fraction) == Retry(expected)


@pytest.mark.parametrize("attempt", [ATTEMPTS_MAX, ATTEMPTS_MAX + 1])
def test_after_the_last_attempt_the_delivery_has_failed(attempt: int) -> None:
    assert next_step(BROKEN, attempt=attempt, now=NOON, fraction=0.0) == Failed("exhausted")
    assert next_step(AttemptResult(status=200), attempt=attempt, now=NOON, fraction=0.0) == Delivered()


@pytest.mark.parametrize(("asked", "given"), [(0, 5), (3, 5), (60, 60), (3_600, 3_600), (9_999_999, 3_600)])
def test_retry_after_of_endpoint_is_kept_up_to_an_hour(asked: float, given: float) -> None:
    result = AttemptResult(status=429, retry_after_seconds=asked)
    assert next_step(result, attempt=1, now=NOON, fraction=0.0) == Retry(NOON + timedelta(seconds=given))
    assert pause_seconds(result, failures=1) == given


def test_failing_endpoint_pauses_double_up_to_five_minutes() -> None:
    pauses = [pause_seconds(BROKEN, failures=failures) for failures in range(1, 10)]
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert pause_seconds(BROKEN, failures=10**6) == 300


def test_the_printed_schedule_has_a_line_for_each_attempt() -> None:
    assert schedule().splitlines() == [
        "attempt  1: at once",
        "attempt  2: 5 s later",
        "attempt  3: 5 min later",
        "attempt  4: 30 min later",
        "attempt  5: 2 h later",
        "attempt  6: 5 h later",
        "attempt  7: 10 h later",
        "attempt  8: 14 h later",
        "attempt  9: 20 h later",
        "attempt 10: 24 h later",
        "then the delivery has failed; each pause is up to 10% longer",
    ]
