"""The roles relay and worker, by their settings: jobs go from one to the other by SQS, and its dead letters become held jobs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from fincore.bootstrap import relay, worker
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.environment import read_settings
from fincore.domain.job import Job
from fincore.postgres.database_clock import running_clock
from fincore.postgres.pool import Pool
from fincore.write.queue import message_dead_letters, message_runner
from fincore.write.queue.job_claims import ABANDONED
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.queue.port import JobId
from fixtures.commits import put_jobs
from fixtures.event_sinks import REGION
from fixtures.job_messages import sqs_jobs
from fixtures.waiting import eventually

UNREADABLE_PAYLOAD = b"not JSON"
"""A job that carries it is held by each worker that takes it."""


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials as an operator has them, and no other configuration of AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    # The roles end after a call that waits for messages.
    monkeypatch.setattr(message_runner, "WAIT_SECONDS", 1)
    monkeypatch.setattr(message_dead_letters, "WAIT_SECONDS", 1)


@contextlib.asynccontextmanager
async def running(
    run: Callable[..., Coroutine[Any, Any, None]], pool: Pool, environment: dict[str, str]
) -> AsyncIterator[None]:
    """A role, as its process runs it."""
    stores = Stores(eventstore=pool, queue=pool, notify=pool, risk=pool, paymentdb=pool, ledgerdb=pool)
    stop = asyncio.Event()
    async with running_clock(pool) as clock:
        role = asyncio.create_task(run(read_settings(environment), stores, clock, stop))
        try:
            yield
        finally:
            stop.set()
            await role


async def put(pool: Pool) -> str:
    async with pool.acquire() as connection, connection.transaction():
        jobs = [Job(kind="charge.authorize", payload=UNREADABLE_PAYLOAD)]
        await put_jobs(connection, PgQueuerQueue(pool).insertion, jobs)
        return str(await connection.fetchval("select max(id) from queue.pgqueuer"))


async def put_abandoned(pool: Pool) -> str:
    """A job that a worker took and left; its message is hidden still."""
    async with pool.acquire() as connection, connection.transaction():
        job_id: int = await connection.fetchval(
            """insert into queue.pgqueuer (priority, entrypoint, payload, status, heartbeat)
            values (0, 'charge.authorize', $1, 'picked', now() - interval '1 hour') returning id""",
            UNREADABLE_PAYLOAD,
        )
        await connection.execute(
            "insert into queue.dispatched values ($1, now() + interval '1 hour', 1, true)", job_id
        )
        return str(job_id)


async def test_jobs_reach_workers_by_sqs_and_its_dead_letters_are_held(pool: Pool, aws_url: str) -> None:
    name = f"jobs-{uuid4().hex[:12]}"
    environment = {
        "FINCORE_JOB_QUEUE": name,
        "FINCORE_JOB_DEAD_LETTERS": f"{name}-dead",
        "FINCORE_JOB_QUEUE_REGION": REGION,
        "FINCORE_JOB_QUEUE_URL": aws_url,
    }
    queue = PgQueuerQueue(pool)
    async with (
        sqs_jobs(aws_url, name),
        sqs_jobs(aws_url, f"{name}-dead") as letters,
        running(worker.run, pool, environment),
    ):
        by_message = await put(pool)
        # PgQueuer would have taken it: it is told of each job.
        await asyncio.sleep(0.2)
        assert (await queue.depths())["queued"] == 1
        async with running(relay.run, pool, environment):

            async def is_held() -> bool:
                return await queue.find_held(JobId(by_message)) is not None

            await eventually(is_held)
            abandoned = await put_abandoned(pool)
            await letters.send([abandoned])

            async def is_given_up() -> bool:
                letter = await queue.find_held(JobId(abandoned))
                return letter is not None and letter.reason == ABANDONED

            await eventually(is_given_up)
            assert (
                REGISTRY.get_sample_value("fincore_relay_job_lag_seconds", {"sink": f"sqs:{name}"})
                is not None
            )
