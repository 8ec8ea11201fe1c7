"""kill -9 of processes while jobs travel by SQS, which loses, refuses and repeats messages: every charge ends as it does without SQS."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from harness.lambda_runtime import LambdaFunction, lambda_function

from fixtures.event_sinks import REGION, aws_client
from fixtures.job_messages import refusing_messages
from fixtures.load import Load, add_faults, assert_nothing_lost_nothing_doubled
from fixtures.shop import Shop
from fixtures.sqs_mapping import SqsMapping
from fixtures.system import System

VICTIMS: Final = (*("worker", "relay") * 3, *("purge",) * 3, "api")
PAUSE_SECONDS: Final = (0.3, 1.2)
DOWN_SECONDS_MAX: Final = 0.5
REFUSED_SHARE: Final = 0.1
REPEATED_SHARE: Final = 0.3
SETTLE_TIMEOUT_SECONDS: Final = {"role": 180.0, "functions": 400.0}
"""A job of a function that was killed, and of which the message was purged, is sent again after 210 s."""
FUNCTIONS: Final = 2
HIDDEN_SECONDS: Final = 8
FUNCTION_TIMEOUT_SECONDS: Final = 8.0

Kill = Callable[[], Awaitable[None]]


class SystemOnSqs(System):
    """A system of which jobs are done by messages; FinCore calls SQS at `url`. Without the role, functions have to do them."""

    def __init__(self, url: str, queue: str, *, has_worker: bool) -> None:
        super().__init__(
            apis=2,
            settings={
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "FINCORE_JOB_QUEUE": queue,
                "FINCORE_JOB_QUEUE_REGION": REGION,
                "FINCORE_JOB_QUEUE_URL": url,
                "FINCORE_PSP_TIMEOUT_SECONDS": "2",
            },
            sandbox_options=("--latency-p50-ms=60", "--latency-p99-ms=300"),
        )
        self.programs = (*(one for one in self.programs if has_worker or one != "worker"), "relay")


@contextlib.asynccontextmanager
async def functions_at_work(
    system: SystemOnSqs, sqs: Any, queue_url: str, rng: random.Random
) -> AsyncIterator[Kill]:
    """Functions that do the jobs; a part of the batches goes to both at once. Gives what kills one of them."""
    async with contextlib.AsyncExitStack() as stack:
        functions = [
            await stack.enter_async_context(
                lambda_function(
                    "fincore.bootstrap.functions.worker.by_message",
                    system.environment(),
                    log=Path(system.folder) / f"function-{number}.log",
                    timeout_seconds=FUNCTION_TIMEOUT_SECONDS,
                )
            )
            for number in range(FUNCTIONS)
        ]
        mapping = SqsMapping(
            sqs,
            queue_url,
            [function.invoke for function in functions],
            hidden_seconds=HIDDEN_SECONDS,
            repeats=lambda: rng.random() < REPEATED_SHARE,
        )

        killed: list[None] = []

        async def kill() -> None:
            # What waits for messages has nothing to lose.
            at_work: list[LambdaFunction] = []
            while not at_work:
                await asyncio.sleep(0.005)
                at_work = [function for function in functions if function.is_at_work]
            await rng.choice(at_work).kill()
            killed.append(None)

        async with mapping.running():
            yield kill
        assert len(killed) == VICTIMS.count("worker")
        assert any(answer.error_type is None for answer in mapping.answers)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("workers", ["role", "functions"])
async def test_kills_and_purges_lose_no_job_and_do_none_twice(aws_url: str, workers: str) -> None:
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
    print(f"to repeat this: CRASH_SEED={seed}")  # noqa: T201 -- shown when the test fails
    rng = random.Random(seed)
    async with (
        aws_client("sqs", aws_url) as sqs,
        refusing_messages(aws_url, random.Random(seed), share=REFUSED_SHARE) as url,
        contextlib.AsyncExitStack() as stack,
    ):
        queue_url = (await sqs.create_queue(QueueName=f"crashing-{workers}"))["QueueUrl"]
        system = SystemOnSqs(url, f"crashing-{workers}", has_worker=workers == "role")
        stack.push_async_callback(asyncio.to_thread, system.stop)
        await asyncio.to_thread(system.start_stores)
        await asyncio.to_thread(system.start_roles)
        kill_function: Kill | None = None
        if workers == "functions":
            kill_function = await stack.enter_async_context(functions_at_work(system, sqs, queue_url, rng))
        merchant = await system.add_merchant()
        add_faults(system)
        async with Shop(system, merchant.api_key) as shop:
            load, done = Load(shop, rng), asyncio.Event()
            ordering = asyncio.create_task(load.run(done))
            for victim in rng.sample(VICTIMS, k=len(VICTIMS)):
                await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))
                if victim == "purge":
                    await sqs.purge_queue(QueueUrl=queue_url)
                elif victim == "worker" and kill_function is not None:
                    await kill_function()
                else:
                    system.revive()
                    system.kill(victim)
                    await asyncio.sleep(rng.uniform(0, DOWN_SECONDS_MAX))
                    system.revive()
            done.set()
            await ordering
            await asyncio.to_thread(system.mend, timeout_seconds=SETTLE_TIMEOUT_SECONDS[workers])
            await assert_nothing_lost_nothing_doubled(system, shop, load.accepted)
            picked_by_pgqueuer = system.rows(
                "select count(*) from queue.pgqueuer_log where status = 'picked'"
            )
            assert picked_by_pgqueuer == [(0,)]
