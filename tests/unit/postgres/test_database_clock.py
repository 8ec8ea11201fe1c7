"""The time of the database's server, as a process knows it without asking."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from fincore.domain.errors import StoreUnavailable
from fincore.postgres.database_clock import (
    ROUND_TRIP_SECONDS_MAX,
    STALE_AFTER_SECONDS,
    STEP_DISTRUST_SECONDS_MIN,
    DatabaseClock,
)
from fixtures.waiting import happens

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


class World:
    """A server's clock, a machine's clock and the true time that passes; both clocks begin right."""

    def __init__(self) -> None:
        self.elapsed_seconds = 1_000.0
        self.server_ahead = timedelta()
        self.machine_ahead = timedelta()
        self.way_there_seconds = 0.0
        self.way_back_seconds = 0.0
        self.clock = DatabaseClock(self.read, machine=self, elapsed=lambda: self.elapsed_seconds)

    def true_time(self) -> datetime:
        return NOON + timedelta(seconds=self.elapsed_seconds)

    def now(self) -> datetime:
        """The machine's clock."""
        return self.true_time() + self.machine_ahead

    async def read(self) -> datetime:
        """The server's clock, over a network."""
        self.elapsed_seconds += self.way_there_seconds
        told = self.true_time() + self.server_ahead
        self.elapsed_seconds += self.way_back_seconds
        return told


async def test_database_clock_before_first_reading_is_unavailable() -> None:
    world = World()
    with pytest.raises(StoreUnavailable):
        world.clock.now()
    assert world.clock.distrust() is not None


@pytest.mark.parametrize("ahead", [timedelta(hours=72), timedelta(hours=-72), timedelta(seconds=6)])
async def test_machine_with_a_wrong_clock_dates_by_the_server(ahead: timedelta) -> None:
    world = World()
    world.machine_ahead = ahead
    await world.clock.measure()
    world.elapsed_seconds += 7
    assert world.clock.now() == world.true_time()
    direction = "ahead of" if ahead > timedelta() else "behind"
    assert direction in (world.clock.distrust() or "")


async def test_machine_set_right_is_trusted_again() -> None:
    world = World()
    world.machine_ahead = timedelta(hours=1)
    await world.clock.measure()
    assert world.clock.distrust() is not None
    world.machine_ahead = timedelta(seconds=3)
    await world.clock.measure()
    assert world.clock.distrust() is None


async def test_machine_set_wrong_between_readings_moves_no_time() -> None:
    world = World()
    await world.clock.measure()
    world.machine_ahead = timedelta(days=400)
    assert world.clock.now() == world.true_time()


async def test_reading_is_dated_by_the_middle_of_its_way() -> None:
    world = World()
    world.way_there_seconds = world.way_back_seconds = 0.4
    await world.clock.measure()
    assert world.clock.now() == world.true_time()
    world.way_there_seconds, world.way_back_seconds = 0.0, 0.8
    await world.clock.measure()
    assert abs(world.clock.now() - world.true_time()) == timedelta(seconds=0.4)


async def test_database_clock_ignores_slow_reading() -> None:
    world = World()
    await world.clock.measure()
    world.way_back_seconds = ROUND_TRIP_SECONDS_MAX + 8
    await world.clock.measure()
    assert world.clock.now() == world.true_time()
    assert world.clock.distrust() is None


async def test_first_reading_that_took_too_long_is_not_trusted() -> None:
    world = World()
    world.way_back_seconds = ROUND_TRIP_SECONDS_MAX + 8
    await world.clock.measure()
    assert "took" in (world.clock.distrust() or "")
    world.way_back_seconds = 0.0
    await world.clock.measure()
    assert world.clock.distrust() is None


async def test_server_not_read_for_long_is_not_trusted() -> None:
    world = World()
    await world.clock.measure()
    world.elapsed_seconds += STALE_AFTER_SECONDS
    assert world.clock.distrust() is None
    world.elapsed_seconds += 1
    assert world.clock.distrust() is not None
    # It still tells the time: what is accepted meanwhile has to be dated.
    assert world.clock.now() == world.true_time()
    await world.clock.measure()
    assert world.clock.distrust() is None


@pytest.mark.parametrize("step", [timedelta(hours=72), timedelta(hours=-30)])
async def test_server_set_to_another_time_is_not_trusted(step: timedelta) -> None:
    """Machine and server on one host go wrong together; only the time that passed tells."""
    world = World()
    await world.clock.measure()
    world.server_ahead = world.machine_ahead = step
    world.elapsed_seconds += 15
    await world.clock.measure()
    assert world.clock.distrust() is not None
    world.elapsed_seconds += abs(step.total_seconds()) - 1
    await world.clock.measure()
    assert world.clock.distrust() is not None
    world.elapsed_seconds += 1
    assert world.clock.distrust() is None


async def test_server_set_by_seconds_is_trusted_after_a_minute() -> None:
    world = World()
    await world.clock.measure()
    world.server_ahead = world.machine_ahead = timedelta(seconds=6)
    await world.clock.measure()
    assert world.clock.distrust() is not None
    world.elapsed_seconds += STEP_DISTRUST_SECONDS_MIN
    assert world.clock.distrust() is None


async def test_server_away_for_a_day_may_have_drifted() -> None:
    world = World()
    await world.clock.measure()
    world.elapsed_seconds += 86_400
    world.server_ahead = world.machine_ahead = timedelta(seconds=8)
    await world.clock.measure()
    assert world.clock.distrust() is None


async def test_clock_of_a_server_that_was_away_is_read_again() -> None:
    answers = iter([ConnectionError("away"), RuntimeError("a statement was canceled")])
    read_again = asyncio.Event()

    async def read() -> datetime:
        if (error := next(answers, None)) is not None:
            raise error
        read_again.set()
        return NOON

    clock = DatabaseClock(read, machine=World())
    measuring = asyncio.create_task(clock.keep_measuring(interval_seconds=0.0))
    await happens(read_again)
    measuring.cancel()


async def test_pause_in_which_the_monotonic_clock_stood_is_no_step() -> None:
    """A function of Lambda is frozen between invocations; the server went on for an hour."""
    world = World()
    await world.clock.measure()
    world.server_ahead = world.machine_ahead = timedelta(hours=1)
    await world.clock.measure_anew()
    assert world.clock.distrust() is None
    assert world.clock.now() == world.true_time() + timedelta(hours=1)
    world.server_ahead += timedelta(hours=1)
    await world.clock.measure()
    assert world.clock.distrust() is not None
