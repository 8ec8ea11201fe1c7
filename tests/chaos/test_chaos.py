"""Everything goes wrong under load, in a random order; then every charge is compared, everywhere it is told of.

`make chaos` runs it three times over; `make test-long` once. CHAOS_SEED repeats an order, CHAOS_ROUNDS (1 to 20) says how often
each disturbance comes. Everything listens on loopback only, and ends by itself.
"""

import asyncio
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chaos import clocks, postgresql, processes
from chaos.disturbance import Disturbance
from fixtures.agreement import assert_all_agree
from fixtures.load import CHARGES_MAX, Load, add_faults, assert_nothing_lost_nothing_doubled
from fixtures.shop import Shop
from fixtures.system import System, running_system

ROUNDS: Final = min(max(int(os.environ.get("CHAOS_ROUNDS") or 1), 1), 20)
PAUSE_SECONDS: Final = (0.5, 2.0)
SECONDS_OF_A_ROUND: Final = 90.0
"""Over which the orders are spread."""
ACCEPT_TIMEOUT_SECONDS: Final = 180.0
SETTLE_TIMEOUT_SECONDS: Final = 240.0
DISTURBANCES: Final = (*processes.DISTURBANCES, *postgresql.DISTURBANCES, *clocks.DISTURBANCES)


EVIDENCE: Final = {
    "events": "select tx, pos, recorded_at, stream_id, version, type, data from eventstore.events order by tx, pos",
    "charges": "select charge_id, stream_id, version, status, updated_at from paymentdb.charges order by charge_id",
    "jobs": "select id, entrypoint, status, attempts, created, execute_after, convert_from(payload, 'UTF8'), headers "
    "from queue.pgqueuer order by id",
    "checkpoints": "select 'paymentdb', consumer, tx, pos from paymentdb.checkpoints "
    "union all select 'ledgerdb', consumer, tx, pos from ledgerdb.checkpoints",
}


@pytest.fixture(scope="module")
def chaotic_system() -> Iterator[System]:
    """A system with two processes of the API and a slow PSP."""
    with running_system(
        apis=2,
        settings={"FINCORE_PSP_TIMEOUT_SECONDS": "2"},
        sandbox_options=("--latency-p50-ms=60", "--latency-p99-ms=300"),
    ) as system:
        yield system


@pytest.fixture
def system(chaotic_system: System) -> System:
    """The same, under the name that shows its logs when a test fails."""
    return chaotic_system


@pytest.mark.long
@pytest.mark.timeout(300 + 300 * ROUNDS)
async def test_chaos_under_load_loses_and_doubles_no_charge(system: System) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(1 << 32))
    say(f"to repeat this: CHAOS_SEED={seed} CHAOS_ROUNDS={ROUNDS}")
    rng = random.Random(seed)
    merchant = await system.add_merchant()
    add_faults(system)
    async with Shop(system, merchant.api_key) as shop:
        load = Load(
            shop,
            rng,
            per_second=CHARGES_MAX / (SECONDS_OF_A_ROUND * ROUNDS),
            accept_timeout_seconds=ACCEPT_TIMEOUT_SECONDS,
        )
        done = asyncio.Event()
        ordering = asyncio.create_task(load.run(done))
        try:
            await disturb(system, rng)
        finally:
            done.set()
        await ordering
        say("all of it is over: waiting until nothing is left to do")
        await asyncio.to_thread(system.mend, timeout_seconds=SETTLE_TIMEOUT_SECONDS)
        await load.repeat_all()
        say(f"comparing {len(load.accepted)} charges; refused meanwhile: {dict(load.failures)}")
        try:
            await assert_nothing_lost_nothing_doubled(system, shop, load.accepted)
            await assert_all_agree(system, shop, merchant)
        except AssertionError:
            say(
                f"something differs: the logs, and what the stores hold, are kept in {keep_evidence(system, seed)}"
            )
            raise
    say("client, PSP, log, view and ledger tell the same, and every invariant holds")


async def disturb(system: System, rng: random.Random) -> None:
    """Let everything go wrong that can on this machine, one after the other."""
    for unavailable in {one.unavailable for one in DISTURBANCES if one.unavailable}:
        say(f"skipped: {unavailable}")
    possible: list[Disturbance] = [one for one in DISTURBANCES if not one.unavailable]
    for _ in range(ROUNDS):
        for disturbance in rng.sample(possible, k=len(possible)):
            await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))
            say(disturbance.name)
            await disturbance.happen(system, rng)


def keep_evidence(system: System, seed: int) -> Path:
    """A folder with the logs of every process, and with what the stores tell of events, jobs and consumers."""
    folder = Path(tempfile.mkdtemp(prefix=f"fincore-chaos-{seed}-"))
    for name, text in system.logs().items():
        (folder / f"{name}.log").write_text(text, encoding="utf-8")
    for name, statement in EVIDENCE.items():
        lines = (" ".join(map(str, row)) for row in system.rows(statement))
        (folder / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def say(text: str) -> None:
    """Print progress, also for the reader of a failed test's output."""
    print(f"chaos: {text}", flush=True)  # noqa: T201 -- shown by `make chaos`
