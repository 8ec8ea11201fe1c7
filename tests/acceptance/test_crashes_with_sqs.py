"""kill -9 of roles while jobs travel by SQS, which loses and refuses messages: every charge ends as it does without SQS."""

import asyncio
import os
import random
from typing import Final

import pytest

from fixtures.event_sinks import REGION, aws_client
from fixtures.job_messages import refusing_messages
from fixtures.load import Load, add_faults, assert_nothing_lost_nothing_doubled
from fixtures.shop import Shop
from fixtures.system import System

QUEUE: Final = "crashing-jobs"
VICTIMS: Final = (*("worker", "relay") * 3, *("purge",) * 3, "api")
PAUSE_SECONDS: Final = (0.3, 1.2)
DOWN_SECONDS_MAX: Final = 0.5
REFUSED_SHARE: Final = 0.1
SETTLE_TIMEOUT_SECONDS: Final = 180.0


class SystemOnSqs(System):
    """A system of which the worker takes its jobs by messages; the relay calls SQS at `url`."""

    def __init__(self, url: str) -> None:
        super().__init__(
            apis=2,
            settings={
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "FINCORE_JOB_QUEUE": QUEUE,
                "FINCORE_JOB_QUEUE_REGION": REGION,
                "FINCORE_JOB_QUEUE_URL": url,
                "FINCORE_PSP_TIMEOUT_SECONDS": "2",
            },
            sandbox_options=("--latency-p50-ms=60", "--latency-p99-ms=300"),
        )
        self.programs = (*self.programs, "relay")


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_kills_and_purges_lose_no_job_and_do_none_twice(aws_url: str) -> None:
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
    print(f"to repeat this: CRASH_SEED={seed}")  # noqa: T201 -- shown when the test fails
    rng = random.Random(seed)
    async with (
        aws_client("sqs", aws_url) as sqs,
        refusing_messages(aws_url, random.Random(seed), share=REFUSED_SHARE) as url,
    ):
        queue_url = (await sqs.create_queue(QueueName=QUEUE))["QueueUrl"]
        system = SystemOnSqs(url)
        try:
            await asyncio.to_thread(system.start_stores)
            await asyncio.to_thread(system.start_roles)
            merchant = await system.add_merchant()
            add_faults(system)
            async with Shop(system, merchant.api_key) as shop:
                load, done = Load(shop, rng), asyncio.Event()
                ordering = asyncio.create_task(load.run(done))
                for victim in rng.sample(VICTIMS, k=len(VICTIMS)):
                    await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))
                    if victim == "purge":
                        await sqs.purge_queue(QueueUrl=queue_url)
                        continue
                    system.revive()
                    system.kill(victim)
                    await asyncio.sleep(rng.uniform(0, DOWN_SECONDS_MAX))
                    system.revive()
                done.set()
                await ordering
                await asyncio.to_thread(system.mend, timeout_seconds=SETTLE_TIMEOUT_SECONDS)
                await assert_nothing_lost_nothing_doubled(system, shop, load.accepted)
                picked_by_pgqueuer = system.rows(
                    "select count(*) from queue.pgqueuer_log where status = 'picked'"
                )
                assert picked_by_pgqueuer == [(0,)]
        finally:
            await asyncio.to_thread(system.stop)
