"""What is to happen later: in order, once, by the sandbox's clock, and not if it was canceled."""

import asyncio

import pytest
from structlog.testing import capture_logs

from psp_sandbox.clock import Clock
from psp_sandbox.scheduler import COMPACT_ABOVE_ENTRIES, Due, Scheduler


def due(name: str) -> Due:
    return Due(account="acct_1", kind="ring", object_id=name)


class Bell:
    """An scheduler by a clock that stands still unless it is advanced, and what it performed."""

    def __init__(self) -> None:
        self.clock = Clock(source=lambda: 1_000.0)
        self.scheduler = Scheduler(self.clock)
        self.rung: list[str] = []

    def ring(self, one: Due) -> None:
        self.rung.append(one.object_id)

    def advance(self, seconds: float) -> int:
        self.clock.advance(seconds)
        return self.scheduler.run_due()


@pytest.fixture
async def bell() -> Bell:
    made = Bell()
    made.scheduler.start(made.ring)
    return made


async def test_due_effects_run_in_order_of_time(bell: Bell) -> None:
    for name, after in (("c", 30.0), ("a", 10.0), ("b", 10.0)):
        bell.scheduler.schedule(due(name), after_seconds=after)
    assert [(at, one.object_id) for at, one in bell.scheduler.waiting()] == [
        (1_010.0, "a"),
        (1_010.0, "b"),
        (1_030.0, "c"),
    ]
    assert bell.advance(9) == 0
    assert bell.advance(1) == 2
    assert bell.advance(3_600) == 1
    assert bell.rung == ["a", "b", "c"]
    assert bell.scheduler.waiting() == []


async def test_only_the_last_entry_of_an_object_counts(bell: Bell) -> None:
    bell.scheduler.schedule(due("a"), after_seconds=10)
    bell.scheduler.schedule(due("a"), after_seconds=20)
    assert bell.advance(10) == 0
    assert bell.advance(10) == 1


async def test_cancelled_effect_does_not_run(bell: Bell) -> None:
    bell.scheduler.schedule(due("a"), after_seconds=10)
    bell.scheduler.cancel("a")
    bell.scheduler.cancel("unknown")
    assert bell.scheduler.waiting() == []
    assert bell.advance(10) == 0


async def test_cancelled_effects_do_not_accumulate(bell: Bell) -> None:
    bell.scheduler.schedule(due("kept"), after_seconds=10)
    for n in range(3 * COMPACT_ABOVE_ENTRIES):
        bell.scheduler.schedule(due(str(n)), after_seconds=5)
        bell.scheduler.cancel(str(n))
    assert len(bell.scheduler._heap) <= COMPACT_ABOVE_ENTRIES + 4
    assert bell.advance(10) == 1
    assert bell.rung == ["kept"]


async def test_effect_may_schedule_another_due_at_once(bell: Bell) -> None:
    def ring_twice(one: Due) -> None:
        bell.ring(one)
        if one.object_id == "first":
            bell.scheduler.schedule(due("second"), after_seconds=0)

    bell.scheduler.start(ring_twice)
    bell.scheduler.schedule(due("first"), after_seconds=10)
    assert bell.advance(10) == 2
    assert bell.rung == ["first", "second"]


async def test_failing_effect_is_logged_and_the_next_one_runs(bell: Bell) -> None:
    def fail_once(one: Due) -> None:
        if one.object_id == "bad":
            raise ZeroDivisionError
        bell.ring(one)

    bell.scheduler.start(fail_once)
    for name in ("bad", "good"):
        bell.scheduler.schedule(due(name), after_seconds=1)
    with capture_logs() as logs:
        bell.advance(1)
    assert bell.rung == ["good"]
    assert [(entry["event"], entry["object_id"]) for entry in logs] == [("scheduler.failed", "bad")]


async def test_a_nearer_entry_is_not_kept_waiting_by_a_farther_one() -> None:
    rung = asyncio.Event()
    scheduler = Scheduler(Clock())
    scheduler.start(lambda _: rung.set())
    scheduler.schedule(due("far"), after_seconds=3_600)
    scheduler.schedule(due("near"), after_seconds=0.001)
    async with asyncio.timeout(20):
        await rung.wait()
    assert [one.object_id for _, one in scheduler.waiting()] == ["far"]
    scheduler.stop()


def test_an_advanced_clock_can_be_reset() -> None:
    clock = Clock(source=lambda: 5.0)
    clock.advance(10)
    clock.advance(2.5)
    assert clock.now() == 17.5
    clock.reset()
    assert clock.now() == 5.0
