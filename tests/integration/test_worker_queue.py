"""PgQueuer as we install, prune and quieten it."""

import asyncio
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from fincore.domain.job import Job
from fincore.postgres.pool import Pool
from fincore.write.queue import pgqueuer_session
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.queue.pgqueuer_schema import SETTINGS, install_queue
from fincore.write.queue.pgqueuer_session import ListeningDriver, TamedQueries
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult
from fixtures.commits import put_jobs
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
    assert logged == 4

    hour = timedelta(hours=1)
    assert await queue.purge_log(kept_for=hour) == 0
    await owner_pool.execute("update queue.pgqueuer_log set created = created - interval '2 hours'")
    assert [await queue.purge_log(kept_for=hour, rows_max=3) for _ in range(3)] == [3, 1, 0]
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


async def test_claim_that_found_all_is_not_repeated_at_once(pool: Pool, owner_pool: Pool) -> None:
    """Jobs put in without an announcement show which claims ask the database; PgQueuer claims until a claim finds nothing."""
    claims, manager = Claims(pool), QueueManagerId(uuid4())
    async with claims.driver:
        await claims.listen()
        await claims.put(b"one", by=pool)
        assert await claims.claim(manager) == [b"one"]
        await claims.put(b"unannounced", by=owner_pool, is_announced=False)
        assert await claims.claim(manager) == []
        assert await claims.claim(manager) == [b"unannounced"]


async def test_claim_after_an_announcement_asks_again(pool: Pool) -> None:
    claims, manager = Claims(pool), QueueManagerId(uuid4())
    async with claims.driver:
        await claims.listen()
        await claims.put(b"one", by=pool)
        assert await claims.claim(manager) == [b"one"]
        await claims.put(b"two", by=pool)
        assert await claims.claim(manager) == [b"two"]


async def test_looks_for_due_jobs_keep_their_interval(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In between a yes lets the worker claim again soon."""
    claims = Claims(pool)
    monkeypatch.setattr(pgqueuer_session, "LOOK_INTERVAL_SECONDS", 0.0)
    assert [await claims.is_said_to_be_due() for _ in range(2)] == [False, False]
    monkeypatch.setattr(pgqueuer_session, "LOOK_INTERVAL_SECONDS", PATIENCE_SECONDS)
    assert [await claims.is_said_to_be_due() for _ in range(2)] == [False, True]


class Claims:
    """PgQueuer's access to the database as a worker has it."""

    def __init__(self, pool: Pool) -> None:
        self.driver = ListeningDriver(pool, lambda: None)
        self._queries = TamedQueries(self.driver)
        self._queue = PgQueuerQueue(pool)

    async def listen(self) -> None:
        await self.driver.add_listener(SETTINGS.channel, lambda _: None)

    async def put(self, payload: bytes, *, by: Pool, is_announced: bool = True) -> None:
        """Put a job in and wait until it was heard of; without an announcement only as the owner of the database."""
        heard = self.driver.announcements

        async def announced() -> bool:
            return self.driver.announcements > heard

        async with by.acquire() as connection, connection.transaction():
            if not is_announced:
                await connection.execute("set local session_replication_role = replica")
            await put_jobs(connection, self._queue.insertion, [Job(kind="charge.authorize", payload=payload)])
        if is_announced:
            await eventually(announced)

    async def is_said_to_be_due(self) -> bool:
        return await self._queries.eligible_queued_work([QueueEntrypoint("charge.authorize")]) > 0

    async def claim(self, manager: QueueManagerId) -> list[bytes | None]:
        kinds = {QueueEntrypoint("charge.authorize"): EntrypointExecutionParameter(concurrency_limit=0)}
        found = await self._queries.dequeue(10, kinds, manager, None, timedelta(seconds=15))
        return [job.payload for job in found]


async def _do(pool: Pool, queue: PgQueuerQueue, handler: object, *payloads: bytes) -> None:
    """Put jobs and let one run of the queue see to them."""
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(
            connection, queue.insertion, [Job(kind="charge.authorize", payload=p) for p in payloads]
        )

    async def settled() -> bool:
        depths = await queue.depths()
        return depths["queued"] == depths["picked"] == 0

    work = asyncio.create_task(queue.work({"charge.authorize": handler}, concurrency=4))  # type: ignore[dict-item]
    await eventually(settled)
    queue.stop()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await work
