"""One invocation of the function of reconciliation: each step within its share of the time, and what it leaves to the next one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from fincore.bootstrap.functions.reconciliation_tick import ReconciliationTick
from fincore.domain.errors import StoreUnavailable

Attempt = Callable[[], Awaitable[bool]]


class Steps:
    """What a tick does, in order. `runs`: what each next attempt does; without one it is good."""

    def __init__(self, *runs: Attempt, looks: int = 0) -> None:
        self.done: list[str] = []
        self.looks = looks
        self.given_seconds = 0.0
        self.runs = [*runs]
        self.tick = ReconciliationTick(
            fetcher=self, attempt=self._attempt, too_long=self._too_long, teller=self, evidence=self
        )

    async def work(self, seconds: float = 10.0) -> list[str]:
        """What one invocation does that has so many seconds."""
        self.done = []
        until = asyncio.get_running_loop().time() + seconds
        await self.tick.work(lambda: max(0.0, until - asyncio.get_running_loop().time()))
        return self.done

    async def look_once(self, seconds_max: float) -> int:
        self.done.append("look")
        self.given_seconds = seconds_max
        return self.looks

    async def tell_once(self) -> None:
        self.done.append("tell")

    async def read_once(self, *, may_go_on: Callable[[], bool]) -> None:
        assert may_go_on()
        self.done.append("read")

    async def _attempt(self) -> bool:
        self.done.append("run")
        return await self.runs.pop(0)() if self.runs else True

    async def _too_long(self, reason: str) -> None:
        assert "run the role `reconciliation` as a service" in reason
        self.done.append("too long")


async def is_not_ours() -> bool:
    return False


async def never_ends() -> bool:
    return await asyncio.Event().wait()


async def meets_an_outage() -> bool:
    raise StoreUnavailable("away")


async def test_first_invocation_runs_and_later_ones_after_looks() -> None:
    steps = Steps()
    assert await steps.work() == ["run", "look", "tell", "read"]
    assert await steps.work() == ["look", "tell", "read"]
    steps.looks = 1
    assert await steps.work() == ["look", "run", "tell", "read"]


async def test_looks_leave_half_of_the_time_to_the_run() -> None:
    steps = Steps()
    await steps.work(900.0)
    # A fifth, and two minutes at most, is kept for notices.
    assert steps.given_seconds == pytest.approx((900 - 120) / 2, abs=1)
    await steps.work(100.0)
    assert steps.given_seconds == pytest.approx((100 - 20) / 2, abs=1)


async def test_run_that_another_process_has_is_asked_for_again() -> None:
    steps = Steps(is_not_ours, is_not_ours)
    assert await steps.work() == ["run", "look", "tell", "read"]
    assert await steps.work() == ["run", "look", "tell", "read"]
    assert await steps.work() == ["run", "look", "tell", "read"]
    assert await steps.work() == ["look", "tell", "read"]


async def test_run_cut_after_looks_is_owed_and_not_told() -> None:
    steps = Steps(looks=1)
    await steps.work()
    steps.runs = [never_ends]
    assert await steps.work(0.2) == ["look", "run", "tell", "read"]
    steps.looks = 0
    assert await steps.work() == ["run", "look", "tell", "read"]


async def test_run_longer_than_an_invocation_is_told() -> None:
    steps = Steps(never_ends, never_ends)
    assert await steps.work(0.2) == ["run", "too long", "tell", "read"]
    assert await steps.work(0.2) == ["run", "too long", "tell", "read"]
    assert await steps.work() == ["run", "look", "tell", "read"]


async def test_outage_is_raised_after_notices_were_sent() -> None:
    steps = Steps(meets_an_outage)
    with pytest.raises(StoreUnavailable):
        await steps.work()
    assert steps.done == ["run", "tell"]
    assert await steps.work() == ["run", "look", "tell", "read"]
