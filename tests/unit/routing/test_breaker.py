"""The breaker of an account: when it opens, who may try again, and what closes it; without a database."""

import pytest

from fincore.domain.outcome import PspAccount, PspName
from fincore.write.routing.breaker import (
    BREAKER_TRANSITIONS,
    Allowed,
    BreakerPolicy,
    Condition,
    Counts,
    Open,
    RollingCounts,
    after,
    trips,
)
from fincore.write.routing.breakers import Breakers

PSP, ACCOUNT = PspName("stripe"), PspAccount("us")
POLICY = BreakerPolicy(calls_min=4, wait_seconds=10.0, wait_seconds_max=35.0)


class Alone:
    """The breakers of a process without a store, and its clock."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.breakers = Breakers(None, POLICY, monotonic=lambda: self.now)

    def may_call(self, account: PspAccount = ACCOUNT) -> Allowed | Open:
        return self.breakers.may_call(PSP, account)

    def unavailable(self, times: int) -> None:
        for _ in range(times):
            self.breakers.observe(PSP, ACCOUNT, "unavailable")

    def available(self, times: int) -> None:
        for _ in range(times):
            self.breakers.observe(PSP, ACCOUNT, "available")


@pytest.fixture
def alone() -> Alone:
    return Alone()


@pytest.mark.parametrize(
    ("available", "unavailable", "opens"),
    [(0, 3, False), (0, 4, True), (2, 2, True), (3, 2, False), (100, 99, False), (99, 99, True)],
)
def test_breaker_trips_by_share_once_enough_calls_are_made(
    *, available: int, unavailable: int, opens: bool
) -> None:
    assert trips(POLICY, Counts(available, unavailable)) == opens


def test_breaker_of_an_account_that_answers_stays_closed(alone: Alone) -> None:
    alone.available(50)
    assert alone.may_call() == Allowed()


def test_open_breaker_says_why_and_when_to_come_back(alone: Alone) -> None:
    alone.available(1)
    alone.unavailable(3)
    assert alone.may_call() == Open("3 of 4 calls within 60 s did not reach the account", 10.0)
    alone.now += 4.0
    refused = alone.may_call()
    assert isinstance(refused, Open)
    assert refused.retry_after_seconds == 6.0


def test_breaker_of_another_account_stays_closed(alone: Alone) -> None:
    alone.unavailable(9)
    assert alone.may_call(PspAccount("eu")) == Allowed()


def test_calls_before_the_window_do_not_count(alone: Alone) -> None:
    alone.unavailable(3)
    alone.now += POLICY.window_seconds
    alone.unavailable(1)
    assert alone.may_call() == Allowed()


async def opened_and_waited(alone: Alone) -> None:
    alone.unavailable(4)
    alone.now += 10.0
    assert isinstance(alone.may_call(), Open)
    await alone.breakers.sync()


async def test_one_caller_probes_after_the_wait(alone: Alone) -> None:
    await opened_and_waited(alone)
    assert alone.may_call() == Allowed()
    assert [isinstance(alone.may_call(), Open) for _ in range(3)] == [True] * 3


async def test_probe_that_reaches_the_account_closes_the_breaker(alone: Alone) -> None:
    await opened_and_waited(alone)
    alone.may_call()
    alone.available(1)
    assert [alone.may_call() for _ in range(3)] == [Allowed()] * 3
    alone.unavailable(3)
    assert alone.may_call() == Allowed()  # what was counted before is forgotten


async def test_each_failed_probe_doubles_the_wait(alone: Alone) -> None:
    await opened_and_waited(alone)
    for wait_seconds in (20.0, 35.0, 35.0):
        assert alone.may_call() == Allowed()
        alone.unavailable(1)
        refused = alone.may_call()
        assert refused == Open("the call that tried the account did not reach it", wait_seconds)
        alone.now += wait_seconds
        await alone.breakers.sync()


async def test_call_from_before_the_probe_decides_nothing(alone: Alone) -> None:
    """A call that began before the breaker opened may end while it is open."""
    await opened_and_waited(alone)
    alone.available(1)
    assert alone.may_call() == Allowed()
    assert isinstance(alone.may_call(), Open)


async def test_probe_that_never_reports_is_followed_by_another(alone: Alone) -> None:
    await opened_and_waited(alone)
    assert alone.may_call() == Allowed()
    alone.now += POLICY.probe_seconds
    assert isinstance(alone.may_call(), Open)
    await alone.breakers.sync()
    assert alone.may_call() == Allowed()


async def test_probe_not_made_in_time_is_claimed_anew(alone: Alone) -> None:
    """Another process may have claimed it meanwhile."""
    await opened_and_waited(alone)
    alone.now += POLICY.probe_seconds
    assert isinstance(alone.may_call(), Open)
    await alone.breakers.sync()
    assert alone.may_call() == Allowed()


async def test_account_that_is_not_asked_for_is_not_probed(alone: Alone) -> None:
    alone.unavailable(4)
    alone.now += 10.0
    await alone.breakers.sync()
    assert isinstance(alone.may_call(), Open)


def test_transition_that_the_table_lacks_is_refused() -> None:
    assert ("closed", "available") not in BREAKER_TRANSITIONS
    with pytest.raises(KeyError):
        after(Condition(), "available", POLICY, Counts(), 0.0)


def test_rolling_counts_drop_a_sixth_of_the_window_at_a_time() -> None:
    counts = RollingCounts(60.0)
    for second in range(0, 60, 10):
        counts.add(Counts(1, 2), float(second))
    assert counts.total(59.9) == Counts(6, 12)
    assert counts.total(60.0) == Counts(5, 10)
    assert counts.total(109.9) == Counts(1, 2)
    assert counts.total(110.0) == Counts()


def test_policy_with_contradicting_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot work"):
        BreakerPolicy(wait_seconds=10.0, wait_seconds_max=5.0)
