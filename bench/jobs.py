"""What it costs to do jobs by messages: jobs a second and CPU time a job, beside workers that take them from PostgreSQL."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from bench.cpu import CpuMeter
from bench.emulator import client_of, emulator
from bench.figures import Figure, show
from bench.store import Store
from fincore.aws.sqs_jobs import ENTRIES_MAX, SqsJobs
from fincore.domain.job import Job
from fincore.postgres.pool import Pool, create_pool
from fincore.relay.job_relay import JobRelay
from fincore.write.queue.dispatched_jobs import DispatchedJobs
from fincore.write.queue.job_claims import JobClaims
from fincore.write.queue.job_messages import JobMessage
from fincore.write.queue.message_runner import MessageRunner
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.queue.port import ClaimedJob, Done, JobResult, JobRunner
from fincore.write.worker.worker import CONCURRENCY

JOBS: Final = 5_000
QUEUE: Final = "jobs"
HEARTBEAT_TIMEOUT_SECONDS: Final = 15.0


class _Did(NamedTuple):
    """What it took to do all jobs: CPU seconds of the process with worker and relay, of PostgreSQL and of the emulator."""

    seconds: float
    own: float
    postgresql: float
    emulator: float

    @property
    def rate(self) -> float:
        return JOBS / self.seconds

    @property
    def microseconds(self) -> float:
        """CPU time of a job in FinCore and PostgreSQL."""
        return (self.own + self.postgresql) / JOBS * 1e6


class _AtOnce:
    """Messages that arrive as they are sent: what is left is relay and worker themselves."""

    jobs_per_call = ENTRIES_MAX
    messages_per_call = ENTRIES_MAX

    def __init__(self) -> None:
        self._sent: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, job_ids: Sequence[str]) -> frozenset[int]:
        """Take all messages."""
        for job_id in job_ids:
            self._sent.put_nowait(job_id)
        return frozenset()

    async def receive(
        self,
        *,
        messages_max: int,
        wait_seconds: int,  # noqa: ARG002 -- the port names it
        hidden_seconds: int,  # noqa: ARG002 -- the port names it
    ) -> list[JobMessage]:
        """The next messages, as soon as there is one."""
        messages = [JobMessage(await self._sent.get(), "")]
        while len(messages) < messages_max and not self._sent.empty():
            messages.append(JobMessage(self._sent.get_nowait(), ""))
        return messages

    async def extend(self, receipts: Sequence[str], *, hidden_seconds: int) -> None:
        """Hide nothing: no message comes twice."""

    async def delete(self, receipts: Sequence[str]) -> None:
        """Delete nothing: no message comes twice."""


class JobCosts(NamedTuple):
    """CPU time of a job in FinCore and PostgreSQL, in microseconds."""

    from_postgresql: float
    by_sqs: float


def measure_jobs(store: Store) -> JobCosts:
    """Do jobs from PostgreSQL, by messages at once, and by the emulator of SQS; return what the first and the last cost."""
    from_rows = asyncio.run(_from_rows(store))
    at_once = asyncio.run(_by_messages(store, _AtOnce()))
    with emulator() as (url, pid):
        by_sqs = asyncio.run(_by_sqs(store, url, pid))
    show(
        "Jobs by messages",
        f"{JOBS:,} jobs that do nothing, with a concurrency of {CONCURRENCY}: taken from PostgreSQL by one worker, and by messages that a relay in the same process sends, at once and "
        "through the emulator of SQS on the same machine, so that its rate says little of AWS. The CPU time is that of the process and of PostgreSQL.",
        [
            Figure(
                name=f"jobs {how}",
                value=did.rate,
                unit="/s",
                reference="from PostgreSQL",
                reference_value=from_rows.rate,
            )
            for how, did in (("by messages at once", at_once), ("by the emulator of SQS", by_sqs))
        ]
        + [
            Figure(
                name=f"CPU of a job {how}",
                value=did.microseconds,
                unit="us",
                reference="from PostgreSQL",
                reference_value=from_rows.microseconds,
                lower_is_better=True,
            )
            for how, did in (("by messages at once", at_once), ("by the emulator of SQS", by_sqs))
        ],
        [
            f"of that in PostgreSQL: {from_rows.postgresql / JOBS * 1e6:.0f} us from PostgreSQL, {by_sqs.postgresql / JOBS * 1e6:.0f} us by SQS",
            f"CPU of the emulator for a job: {by_sqs.emulator / JOBS * 1e6:.0f} us",
        ],
    )
    return JobCosts(from_rows.microseconds, by_sqs.microseconds)


async def _from_rows(store: Store) -> _Did:
    async with _jobs_put_in(store) as pool:
        return await _done(store, pool, PgQueuerQueue(pool))


async def _by_sqs(store: Store, url: str, pid: int) -> _Did:
    async with client_of("sqs", url) as client:
        await client.create_queue(QueueName=QUEUE)
        return await _by_messages(store, SqsJobs(client, QUEUE), emulator_pid=pid)


async def _by_messages(
    store: Store, messages: "_AtOnce | SqsJobs", *, emulator_pid: int | None = None
) -> _Did:
    async with _jobs_put_in(store) as pool:
        relay = JobRelay(DispatchedJobs(pool, heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT_SECONDS), messages)
        runner = MessageRunner(
            JobClaims(
                pool,
                heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT_SECONDS,
                delivered_again_seconds=3 * HEARTBEAT_TIMEOUT_SECONDS,
            ),
            messages,
            PgQueuerQueue(pool),
            hidden_seconds=30,
            beat_seconds=HEARTBEAT_TIMEOUT_SECONDS / 4,
            stop_grace_seconds=0.1,
        )
        relaying = asyncio.create_task(relay.run())
        try:
            return await _done(store, pool, runner, emulator_pid=emulator_pid)
        finally:
            relay.stop()
            await relaying


async def _done(store: Store, pool: Pool, runner: JobRunner, *, emulator_pid: int | None = None) -> _Did:
    """Do all jobs. Raises `AssertionError` where one is done twice."""
    done = 0
    all_done = asyncio.Event()

    async def count(_: ClaimedJob) -> JobResult:
        nonlocal done
        done += 1
        if done == JOBS:
            all_done.set()
        return Done()

    processes = {"postgresql": [store.pid], "emulator": [] if emulator_pid is None else [emulator_pid]}
    meter, began, own = CpuMeter(processes), time.monotonic(), time.process_time()
    working = asyncio.create_task(runner.work({"charge.authorize": count}, concurrency=CONCURRENCY))
    await all_done.wait()
    while await pool.fetchval("select count(*) from queue.pgqueuer"):  # noqa: ASYNC110 -- PostgreSQL tells of no empty table
        await asyncio.sleep(0.01)
    seconds, own_seconds = time.monotonic() - began, time.process_time() - own
    use = meter.use()
    runner.stop()
    await working
    if done != JOBS:
        raise AssertionError(f"{done} jobs were done instead of {JOBS}")
    return _Did(seconds, own_seconds, use.seconds["postgresql"], use.seconds["emulator"])


@contextlib.asynccontextmanager
async def _jobs_put_in(store: Store) -> AsyncIterator[Pool]:
    """A pool on a database with jobs that are due."""
    pool = await create_pool(
        await asyncio.to_thread(store.fresh_database),
        application_name="bench-jobs",
        role="fincore_service",
        extra_settings={"synchronous_commit": "off"},
    )
    try:
        insertion = PgQueuerQueue(pool).insertion
        jobs = [Job(kind="charge.authorize", payload=b'{"charge_id":"ch_bench"}') for _ in range(JOBS)]
        await pool.execute(f"with {insertion.expressions} select", *insertion.columns_of(jobs))
        yield pool
    finally:
        pool.terminate()
