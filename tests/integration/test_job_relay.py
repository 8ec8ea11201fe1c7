"""The relay of jobs, on the real queue: due jobs only, each sent once while its message is under way, and again when it is lost."""

import asyncio
from collections.abc import Sequence

import pytest

from fincore.domain.job import Job
from fincore.postgres.pool import Pool
from fincore.relay.event_sink import SinkUnavailable
from fincore.relay.job_relay import JobRelay
from fincore.relay.job_sink import JobSink
from fincore.write.queue.dispatched_jobs import DOUBLINGS_MAX, DispatchedJobs
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fixtures.commits import put_jobs
from fixtures.job_messages import MemoryMessages
from fixtures.waiting import eventually


async def put(pool: Pool, count: int, *, delay_seconds: float = 0.0) -> None:
    jobs = [
        Job(kind="charge.authorize", payload=b"%d" % number, delay_seconds=delay_seconds)
        for number in range(count)
    ]
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, PgQueuerQueue(pool).insertion, jobs)


def relay_of(
    pool: Pool, sink: JobSink, *, lost_after_seconds: float = 30.0, under_way_max: int = 2_000
) -> JobRelay:
    due = DispatchedJobs(pool, heartbeat_timeout_seconds=15.0, lost_after_seconds=lost_after_seconds)
    return JobRelay(due, sink, under_way_max=under_way_max)


async def job_ids(pool: Pool) -> list[str]:
    return [str(row["id"]) for row in await pool.fetch("select id from queue.pgqueuer order by id")]


async def lose_messages(pool: Pool) -> None:
    """Let the time pass after which messages are taken to be lost."""
    await pool.execute("update queue.dispatched set until = now() - interval '1 ms'")


async def test_due_jobs_are_sent_once_and_later_ones_not(pool: Pool) -> None:
    await put(pool, 25)
    due = await job_ids(pool)
    await put(pool, 5, delay_seconds=3_600)
    sink = MemoryMessages()
    relay = relay_of(pool, sink)
    assert await relay.lag_seconds() > 0
    assert [await relay.advance(), await relay.advance()] == [25, 0]
    assert sorted(sink.sent, key=int) == due
    assert await relay.lag_seconds() == 0


async def test_no_transaction_is_open_while_jobs_are_sent(pool: Pool, owner_pool: Pool) -> None:
    await put(pool, 5)
    open_transactions: list[int] = []

    class Looking(MemoryMessages):
        async def send(self, job_ids: Sequence[str]) -> frozenset[int]:
            open_transactions.append(
                await owner_pool.fetchval(
                    """select count(*) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()
                      and (backend_xid is not null or backend_xmin is not null or state like 'idle in transaction%')"""
                )
            )
            return await super().send(job_ids)

    await relay_of(pool, Looking()).advance()
    assert open_transactions == [0]


async def test_jobs_that_did_not_get_in_are_sent_again_at_once(pool: Pool) -> None:
    await put(pool, 30)
    turn = 0

    def every_third() -> bool:
        nonlocal turn
        turn += 1
        return turn % 3 == 0

    sink = MemoryMessages(fails=every_third)
    relay = relay_of(pool, sink)
    with pytest.raises(SinkUnavailable, match="10 messages did not get in"):
        await relay.advance()
    sink.fails = lambda: False
    assert await relay.advance() == 10
    assert sorted(sink.sent, key=int) == await job_ids(pool)


async def test_jobs_of_a_call_that_failed_are_sent_again(pool: Pool) -> None:
    await put(pool, 15)
    sink = MemoryMessages()
    sink.is_away = True
    relay = relay_of(pool, sink)
    with pytest.raises(SinkUnavailable, match="away"):
        await relay.advance()
    sink.is_away = False
    assert await relay.advance() == 15


async def test_relay_goes_on_by_itself_after_an_outage(pool: Pool) -> None:
    await put(pool, 3)
    sink = MemoryMessages()
    sink.is_away = True
    relay = relay_of(pool, sink)
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(0)
    sink.is_away = False

    async def all_sent() -> bool:
        return len(sink.sent) == 3

    await eventually(all_sent)
    relay.stop()
    await running


async def test_two_relays_send_each_job_once(pool: Pool) -> None:
    await put(pool, 300)
    sink = MemoryMessages()
    one, other = (relay_of(pool, sink) for _ in range(2))

    async def all_of_it(relay: JobRelay) -> None:
        while await relay.advance():
            pass

    await asyncio.gather(all_of_it(one), all_of_it(other))
    assert sorted(sink.sent, key=int) == await job_ids(pool)


async def test_lost_message_is_sent_again_after_growing_pauses(pool: Pool) -> None:
    await put(pool, 1)
    sink = MemoryMessages()
    relay = relay_of(pool, sink, lost_after_seconds=30.0)
    pauses: list[float] = []
    for _ in range(DOUBLINGS_MAX + 3):
        assert await relay.advance() == 1
        assert await relay.advance() == 0
        pauses.append(
            await pool.fetchval("select extract(epoch from until - now())::float8 from queue.dispatched")
        )
        await lose_messages(pool)
    assert [round(pause / 30) for pause in pauses] == [1, 2, 4, 8, 16, 32, 32, 32]


async def test_messages_without_an_answer_are_bounded(pool: Pool) -> None:
    await put(pool, 30)
    sink = MemoryMessages()
    relay = relay_of(pool, sink, under_way_max=20)
    assert [await relay.advance(), await relay.advance()] == [20, 0]
    answered = [int(job_id) for job_id in sink.sent[:5]]
    await pool.execute("update queue.dispatched set is_claimed = true where job_id = any ($1)", answered)
    assert [await relay.advance(), await relay.advance()] == [5, 0]


async def test_job_of_a_silent_worker_is_sent_and_of_a_live_one_not(pool: Pool) -> None:
    await put(pool, 2)
    silent, alive = map(int, await job_ids(pool))
    await pool.execute(
        "update queue.pgqueuer set status = 'picked', queue_manager_id = gen_random_uuid(), heartbeat = now()"
    )
    sink = MemoryMessages()
    assert await relay_of(pool, sink).advance() == 0
    await pool.execute("update queue.pgqueuer set heartbeat = now() - interval '16 s' where id = $1", silent)
    assert await relay_of(pool, sink).advance() == 1
    assert sink.sent == [str(silent)]
    assert str(alive) not in sink.sent


async def test_messages_about_finished_jobs_are_forgotten(pool: Pool) -> None:
    await put(pool, 2)
    sink = MemoryMessages()
    await relay_of(pool, sink).advance()
    first, second = await job_ids(pool)
    await pool.execute("delete from queue.pgqueuer where id = $1", int(first))
    await relay_of(pool, sink).advance()
    assert await pool.fetchval("select count(*) from queue.dispatched") == 2
    await lose_messages(pool)
    await relay_of(pool, sink).advance()
    assert [str(row["job_id"]) for row in await pool.fetch("select job_id from queue.dispatched")] == [second]
