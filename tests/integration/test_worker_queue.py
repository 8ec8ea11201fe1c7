"""PgQueuer as we install, prune and quieten it."""

import asyncio
import logging
from datetime import timedelta

import pytest

from fincore.domain.job import Job
from fincore.postgres.pool import Pool
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.queue.pgqueuer_schema import install_queue
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult
from fixtures.waiting import PATIENCE_SECONDS, eventually

_OBJECTS = """
    select c.relname, c.relkind::text, c.reloptions::text, pg_get_userbyid(c.relowner), c.relacl::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'queue' order by 1
"""


async def test_queue_installed_again_by_several_processes_is_unchanged(dsn: str, owner_pool: Pool) -> None:
    before = await owner_pool.fetch(_OBJECTS)
    assert await asyncio.gather(*[install_queue(dsn) for _ in range(4)]) == [[]] * 4
    assert await owner_pool.fetch(_OBJECTS) == before


async def test_queue_installed_by_several_processes_is_installed_once(dsn: str, owner_pool: Pool) -> None:
    await owner_pool.execute("drop schema queue cascade")
    done = await asyncio.gather(*[install_queue(dsn) for _ in range(4)])
    assert sorted(done) == [[], [], [], ["queue installed"]]


async def test_queue_with_missing_index_is_upgraded(dsn: str, owner_pool: Pool) -> None:
    await owner_pool.execute("drop index queue.pgqueuer_ep_prio_id_idx")
    assert await install_queue(dsn) == ["queue upgraded"]
    assert await install_queue(dsn) == []


async def test_the_service_may_use_tables_that_an_upgrade_adds(
    dsn: str, owner_pool: Pool, pool: Pool
) -> None:
    await owner_pool.execute("create table queue.later (id bigserial)")
    await pool.execute("insert into queue.later default values")
    await install_queue(dsn)


async def test_log_pruning_works_in_steps_and_keeps_held_reasons(pool: Pool, owner_pool: Pool) -> None:
    async def refuse_one(job: ClaimedJob) -> JobResult:
        return Hold("the reason") if job.payload == b"bad" else Done()

    queue = PgQueuerQueue(pool, poll_interval_seconds=0.05)
    await _do(pool, queue, refuse_one, b"bad", b"good")
    logged = await pool.fetchval("select count(*) from queue.pgqueuer_log")
    assert logged == 6

    hour = timedelta(hours=1)
    assert await queue.purge_log(kept_for=hour) == 0
    await owner_pool.execute("update queue.pgqueuer_log set created = created - interval '2 hours'")
    assert [await queue.purge_log(kept_for=hour, rows_max=4) for _ in range(3)] == [4, 2, 0]
    (letter,) = await queue.held(limit=10)
    assert letter.reason == "the reason"


async def test_job_exception_does_not_reach_pgqueuer_log(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    async def leak(_job: ClaimedJob) -> JobResult:
        raise ValueError("4242424242424242")

    with caplog.at_level(logging.DEBUG):
        queue = PgQueuerQueue(pool, poll_interval_seconds=0.05)
        await _do(pool, queue, leak, b"job")
    assert [record for record in caplog.records if record.name.startswith("pgqueuer")] == []


async def _do(pool: Pool, queue: PgQueuerQueue, handler: object, *payloads: bytes) -> None:
    """Put jobs and let one run of the queue see to them."""
    async with pool.acquire() as connection, connection.transaction():
        await queue.enqueue(connection, [Job(kind="charge.authorize", payload=p) for p in payloads])

    async def settled() -> bool:
        depths = await queue.depths()
        return depths["queued"] == depths["picked"] == 0

    work = asyncio.create_task(queue.work({"charge.authorize": handler}, concurrency=4))  # type: ignore[dict-item]
    await eventually(settled)
    queue.stop()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await work
