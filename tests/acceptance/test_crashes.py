"""kill -9 of any process at any moment, under load and with a PSP that misbehaves: nothing is lost, nothing doubled."""

import asyncio
import os
import random
from collections.abc import Iterator
from typing import Final

import pytest

from fixtures.load import Load, add_faults, assert_nothing_lost_nothing_doubled
from fixtures.shop import Shop
from fixtures.system import System, running_system

KILLING_SECONDS_MAX: Final = 90.0
SETTLE_TIMEOUT_SECONDS: Final = 90.0
VICTIMS: Final = (*("api", "worker", "projectionist", "ledger") * 2, "postgresql")
PAUSE_BETWEEN_KILLS_SECONDS: Final = (0.3, 1.2)
DOWN_SECONDS_MAX: Final = 0.5


class Killer:
    """Kills each of `VICTIMS` in a random order at random moments, and starts what is down again a moment later.

    A role that is started while PostgreSQL is away ends by itself, and is started again like one that was killed.
    """

    def __init__(self, system: System, rng: random.Random) -> None:
        self.killed: list[str] = []
        self._system = system
        self._rng = rng

    async def run(self) -> None:
        """Kill and start, one after the other."""
        for victim in self._rng.sample(VICTIMS, k=len(VICTIMS)):
            await asyncio.sleep(self._rng.uniform(*PAUSE_BETWEEN_KILLS_SECONDS))
            if victim == "postgresql":
                self._system.kill_postgres()
            else:
                self._system.revive()
                self._system.kill(victim)
            self.killed.append(victim)
            await asyncio.sleep(self._rng.uniform(0, DOWN_SECONDS_MAX))
            if victim == "postgresql":
                await asyncio.to_thread(self._system.start_postgres)
            self._system.revive()


@pytest.fixture(scope="module")
def crashing_system() -> Iterator[System]:
    """A system for these tests alone, with a slow PSP."""
    with running_system(
        apis=2,
        settings={"FINCORE_PSP_TIMEOUT_SECONDS": "2"},
        sandbox_options=("--latency-p50-ms=60", "--latency-p99-ms=300"),
    ) as system:
        yield system


@pytest.fixture
def system(crashing_system: System) -> System:
    """The same, under the name that shows its logs when a test fails."""
    return crashing_system


@pytest.mark.timeout(600)
async def test_random_kills_lose_no_charge_and_charge_none_twice(
    system: System,
) -> None:
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
    print(f"to repeat this: CRASH_SEED={seed}")  # noqa: T201 -- shown when the test fails
    rng = random.Random(seed)
    merchant = await system.add_merchant()
    add_faults(system)

    async with Shop(system, merchant.api_key) as shop:
        load, killer, done = Load(shop, rng), Killer(system, rng), asyncio.Event()
        ordering = asyncio.create_task(load.run(done))
        try:
            async with asyncio.timeout(KILLING_SECONDS_MAX):
                await killer.run()
        finally:
            done.set()
        await ordering
        assert sorted(killer.killed) == sorted(VICTIMS)
        system.mend(timeout_seconds=SETTLE_TIMEOUT_SECONDS)
        await assert_nothing_lost_nothing_doubled(system, shop, load.accepted)
    print(f"{len(load.accepted)} charges; refused meanwhile: {dict(load.failures)}")  # noqa: T201 -- shown with -s
