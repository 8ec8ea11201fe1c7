"""When a call that did not happen is repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.outcome import Retryable
from fincore.write.worker.policies.retry_policy import Exhausted, RetryAfter, RetryPolicy, decide_retry

POLICY = RetryPolicy(attempts_max=4, base_seconds=1.0, pause_max_seconds=3.0, asked_pause_max_seconds=60.0)
BUSY = Retryable(reason="429")


@pytest.mark.parametrize(("attempt", "bound_seconds"), [(1, 1.0), (2, 2.0), (3, 3.0), (100_000, 3.0)])
def test_the_bound_of_a_pause_doubles_up_to_its_limit(attempt: int, bound_seconds: float) -> None:
    assert POLICY.pause_bound_seconds(attempt) == bound_seconds


@given(st.integers(1, 3), st.floats(0.0, 1.0, exclude_max=True))
def test_a_pause_is_drawn_between_zero_and_its_bound(attempt: int, fraction: float) -> None:
    retry = decide_retry(attempt, BUSY, POLICY, fraction=fraction)
    assert retry == RetryAfter(POLICY.pause_bound_seconds(attempt) * fraction)


def test_the_last_attempt_is_followed_by_no_other() -> None:
    assert isinstance(decide_retry(3, BUSY, POLICY, fraction=0.5), RetryAfter)
    assert decide_retry(4, BUSY, POLICY, fraction=0.5) == Exhausted()
    assert decide_retry(5, BUSY, POLICY, fraction=0.5) == Exhausted()


def test_a_pause_the_psp_asks_for_is_kept() -> None:
    assert decide_retry(
        1, Retryable(reason="429", retry_after_seconds=20), POLICY, fraction=0.9
    ) == RetryAfter(20)
    assert decide_retry(
        1, Retryable(reason="429", retry_after_seconds=0.1), POLICY, fraction=0.9
    ) == RetryAfter(0.9)


def test_a_psp_that_asks_for_too_long_a_pause_ends_the_attempts() -> None:
    longest = Retryable(reason="503", retry_after_seconds=60.0)
    too_long = Retryable(reason="503", retry_after_seconds=60.1)
    assert decide_retry(1, longest, POLICY, fraction=0.0) == RetryAfter(60.0)
    assert decide_retry(1, too_long, POLICY, fraction=0.0) == Exhausted()


def test_the_policy_can_be_read_as_text() -> None:
    assert POLICY.schedule() == (
        "attempt 1, then a pause of 0 to 1 s\n"
        "attempt 2, then a pause of 0 to 2 s\n"
        "attempt 3, then a pause of 0 to 3 s\n"
        "attempt 4, then the outcome counts as unknown"
    )
