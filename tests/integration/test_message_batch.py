"""A batch of messages done within a time: what is to be delivered again is named, and what takes too long is left to another worker."""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
import pytest

from fincore.domain.job import Job, JobKind
from fincore.postgres.pool import Pool
from fincore.write.queue.job_claims import JobClaims
from fincore.write.queue.job_messages import JobMessage
from fincore.write.queue.message_batch import LEFT_SECONDS, MessageBatch
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.queue.port import ClaimedJob, Done, Handler, Hold, JobId, JobResult, RetryIn
from fixtures.commits import put_jobs
from fixtures.waiting import eventually

AMPLE_SECONDS = 30.0


async def put(pool: Pool, *payloads: bytes) -> list[JobMessage]:
    """Jobs, and a message about each; its receipt is the payload."""
    jobs = [Job(kind="charge.authorize", payload=payload) for payload in payloads]
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, PgQueuerQueue(pool).insertion, jobs)
    rows = await pool.fetch("select id, payload from queue.pgqueuer order by id")
    return [JobMessage(str(row["id"]), row["payload"].decode()) for row in rows]


def claims_of(pool: Pool, *, heartbeat_timeout_seconds: float = 15.0) -> JobClaims:
    return JobClaims(pool, heartbeat_timeout_seconds=heartbeat_timeout_seconds, delivered_again_seconds=60.0)


def batch_of(claims: JobClaims, handler: Handler, *, beat_seconds: float = 5.0) -> MessageBatch:
    handlers: Mapping[JobKind, Handler] = {"charge.authorize": handler}
    return MessageBatch(claims, handlers, beat_seconds=beat_seconds)


async def states(pool: Pool) -> dict[str, str]:
    rows = await pool.fetch("select payload, status::text as status from queue.pgqueuer")
    return {row["payload"].decode(): row["status"] for row in rows}


async def test_jobs_of_a_batch_are_done_at_once(pool: Pool) -> None:
    messages = await put(pool, b"1", b"2", b"3")
    together = asyncio.Barrier(3)

    async def meet(_job: ClaimedJob) -> JobResult:
        await together.wait()
        return Done()

    assert await batch_of(claims_of(pool), meet).do(messages, seconds=AMPLE_SECONDS) == []
    assert await states(pool) == {}


async def test_every_result_ends_its_message(pool: Pool) -> None:
    results: Mapping[bytes, JobResult] = {b"1": Done(), b"2": RetryIn(60.0, "later"), b"3": Hold("no")}
    messages = await put(pool, *results, b"4")

    async def answer(job: ClaimedJob) -> JobResult:
        return results[job.payload]

    assert await batch_of(claims_of(pool), answer).do(messages, seconds=AMPLE_SECONDS) == []
    assert await states(pool) == {"2": "queued", "3": "failed", "4": "failed"}


async def test_job_that_takes_too_long_is_left_to_another_worker(pool: Pool) -> None:
    messages = await put(pool, b"slow", b"quick")
    ends: list[str] = []

    async def work(job: ClaimedJob) -> JobResult:
        if job.payload == b"slow":
            try:
                await asyncio.Event().wait()
            finally:
                ends.append("broken off")
        return Done()

    batch = batch_of(claims_of(pool), work)
    assert await batch.do(messages, seconds=LEFT_SECONDS + 0.2) == ["slow"]
    assert (ends, await states(pool)) == (["broken off"], {"slow": "picked"})
    await pool.execute("update queue.pgqueuer set heartbeat = now() - interval '1 minute'")

    async def note(job: ClaimedJob) -> JobResult:
        ends.append(f"may have run: {job.may_have_run}")
        return Done()

    assert await batch_of(claims_of(pool), note).do(messages, seconds=AMPLE_SECONDS) == []
    assert ends == ["broken off", "may have run: True"]


async def test_message_of_a_result_that_was_not_written_comes_again(pool: Pool) -> None:
    class Failing(JobClaims):
        async def finish(self, job_ids: Sequence[JobId]) -> None:
            raise asyncpg.PostgresConnectionError(str(job_ids))

    async def done(_job: ClaimedJob) -> JobResult:
        return Done()

    messages = await put(pool, b"1")
    claims = Failing(pool, heartbeat_timeout_seconds=15.0, delivered_again_seconds=60.0)
    assert await batch_of(claims, done).do(messages, seconds=AMPLE_SECONDS) == ["1"]


async def test_job_of_a_batch_stays_claimed_while_it_takes_long(pool: Pool) -> None:
    messages = await put(pool, b"long")
    go_on = asyncio.Event()

    async def slowly(_job: ClaimedJob) -> JobResult:
        await go_on.wait()
        return Done()

    claims = claims_of(pool, heartbeat_timeout_seconds=1.0)
    doing = asyncio.create_task(
        batch_of(claims, slowly, beat_seconds=0.1).do(messages, seconds=AMPLE_SECONDS)
    )

    async def is_older_than_the_timeout() -> bool:
        return bool(
            await pool.fetchval(
                "select updated < now() - interval '1.2 s' from queue.pgqueuer where status = 'picked'"
            )
        )

    await eventually(is_older_than_the_timeout)
    assert (await claims.claim([messages[0].job_id or ""], {"charge.authorize": slowly})).jobs == []
    go_on.set()
    assert await doing == []


@pytest.mark.parametrize("second_message", ["of the batch", "of another"])
async def test_job_with_two_messages_is_done_once(pool: Pool, second_message: str) -> None:
    (message,) = await put(pool, b"1")
    seen: list[ClaimedJob] = []

    async def note(job: ClaimedJob) -> JobResult:
        seen.append(job)
        return Done()

    batch = batch_of(claims_of(pool), note)
    again = JobMessage(message.job_id, "again")
    if second_message == "of the batch":
        assert await batch.do([message, again], seconds=AMPLE_SECONDS) == []
    else:
        assert await batch.do([message], seconds=AMPLE_SECONDS) == []
        assert await batch.do([again], seconds=AMPLE_SECONDS) == []
    assert len(seen) == 1
