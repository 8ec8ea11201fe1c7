"""kill -9 of roles and functions of the installation on AWS, with a queue that is purged, a stream that is split, and services that refuse and repeat."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from demo.aws.emulator import ACCOUNT
from demo.aws.resources import JOBS, STREAM

from fixtures.aws_system import SystemOnAws
from fixtures.event_sinks import aws_client, failing_in_part
from fixtures.functions_at_work import FUNCTIONS
from fixtures.job_messages import refusing_messages
from fixtures.load import Load, add_faults, assert_nothing_lost_nothing_doubled
from fixtures.redis_server import redis_server
from fixtures.shop import Shop

VICTIMS: Final = (
    *("worker", "worker-function", "relay", "projectionist", "fan-out", "ledger") * 2,
    *("purge", "split", "purge", "split"),
    *("projectionist-doorbell", "api", "notify"),
)
PAUSE_SECONDS: Final = (0.2, 0.8)
DOWN_SECONDS_MAX: Final = 0.5
AT_WORK_SECONDS_MAX: Final = 5.0
REFUSED_SHARE: Final = 0.1
REPEATED_SHARE: Final = 0.3
SETTLE_TIMEOUT_SECONDS: Final = 400.0
"""A job of a function that was killed, and of which the message was purged, is sent again after 210 s."""


class Disturbance:
    """What happens to the installation at random: each of `VICTIMS` once, in a random order."""

    def __init__(self, system: SystemOnAws, rng: random.Random, kinesis: Any, sqs: Any) -> None:
        self.done: list[str] = []
        self._system = system
        self._rng = rng
        self._kinesis = kinesis
        self._sqs = sqs

    async def run(self) -> None:
        """One after the other; roles are started again a moment later."""
        queue_url = (await self._sqs.get_queue_url(QueueName=JOBS))["QueueUrl"]
        for victim in self._rng.sample(VICTIMS, k=len(VICTIMS)):
            await asyncio.sleep(self._rng.uniform(*PAUSE_SECONDS))
            if victim == "purge":
                await self._sqs.purge_queue(QueueUrl=queue_url)
            elif victim == "split":
                await self._split()
            elif victim in FUNCTIONS:
                await self._kill_at_work(victim)
            else:
                self._system.revive()
                self._system.kill(victim)
                await asyncio.sleep(self._rng.uniform(0, DOWN_SECONDS_MAX))
                self._system.revive()
            self.done.append(victim)

    async def _kill_at_work(self, function: str) -> None:
        """In the middle of an invocation: what waits for one has nothing to lose."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AT_WORK_SECONDS_MAX):
                while not self._system.functions.is_at_work(function):
                    await asyncio.sleep(0.005)
        await asyncio.to_thread(self._system.kill, function)

    async def _split(self) -> None:
        """Split a shard in two. The emulator forgets what was not read from it."""
        shards = (await self._kinesis.list_shards(StreamName=STREAM))["Shards"]
        shard = self._rng.choice(shards)
        start, end = (int(shard["HashKeyRange"][f"{one}HashKey"]) for one in ("Starting", "Ending"))
        await self._kinesis.split_shard(
            StreamName=STREAM,
            ShardToSplit=shard["ShardId"],
            NewStartingHashKey=str(start + (end - start + 1) // 2),
        )


@contextlib.asynccontextmanager
async def crashing_system(folder: Path, seed: int) -> AsyncIterator[SystemOnAws]:
    """The installation with a slow PSP, behind a stream and a queue that refuse a share of each call."""
    async with contextlib.AsyncExitStack() as stack:
        cache = stack.enter_context(redis_server(folder))
        system = SystemOnAws(
            apis=2,
            settings={"FINCORE_PSP_TIMEOUT_SECONDS": "2", "FINCORE_SHARED_RESPONSES_URL": cache.url},
            sandbox_options=("--latency-p50-ms=60", "--latency-p99-ms=300"),
            repeated_share=REPEATED_SHARE,
        )
        stack.push_async_callback(asyncio.to_thread, system.stop)
        await asyncio.to_thread(system.start_stores)
        url = system.emulator.url
        system.settings["FINCORE_EVENT_STREAM_URL"] = await stack.enter_async_context(
            failing_in_part(url, random.Random(seed), share=REFUSED_SHARE)
        )
        system.settings["FINCORE_JOB_QUEUE_URL"] = await stack.enter_async_context(
            refusing_messages(url, random.Random(seed), share=REFUSED_SHARE)
        )
        await asyncio.to_thread(system.start_roles)
        system.functions.does_jobs = True
        yield system


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_kills_purges_and_splits_on_aws_lose_and_double_nothing(tmp_path: Path) -> None:
    """Worker and function take jobs from one queue, functions follow the stream, and the roles that stay read the log."""
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
    print(f"to repeat this: CRASH_SEED={seed}")  # noqa: T201 -- shown when the test fails
    rng = random.Random(seed)
    async with (
        crashing_system(tmp_path, seed) as system,
        aws_client("kinesis", system.emulator.url, account=ACCOUNT) as kinesis,
        aws_client("sqs", system.emulator.url, account=ACCOUNT) as sqs,
    ):
        merchant = await system.add_merchant()
        add_faults(system)
        async with Shop(system, merchant.api_key) as shop:
            load, disturbance, done = Load(shop, rng), Disturbance(system, rng, kinesis, sqs), asyncio.Event()
            ordering = asyncio.create_task(load.run(done))
            try:
                await disturbance.run()
            finally:
                done.set()
            await ordering
            assert sorted(disturbance.done) == sorted(VICTIMS)
            await asyncio.to_thread(system.mend, timeout_seconds=SETTLE_TIMEOUT_SECONDS)
            await assert_nothing_lost_nothing_doubled(system, shop, load.accepted)
            picked_by_pgqueuer = system.rows(
                "select count(*) from queue.pgqueuer_log where status = 'picked'"
            )
            assert picked_by_pgqueuer == [(0,)]
    seen = (
        f"{len(load.accepted)} charges; refused meanwhile: {dict(load.failures)}; "
        f"deaths of functions at work: {dict(system.functions.deaths)}"
    )
    print(seen)  # noqa: T201 -- shown with -s
