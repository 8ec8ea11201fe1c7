"""What the worker forgets, how, and that only one process does it at a time."""

import asyncio
from datetime import datetime, timedelta

import pytest

from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.writer import Writer
from fincore.postgres.database_clock import DatabaseClock
from fincore.postgres.pool import Pool
from fincore.write.psp.inbox import InboxBodies
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.worker.plumbing.housekeeping import (
    ROWS_PER_STEP,
    STEPS_PER_ROUND_MAX,
    Housekeeping,
    PurgeTask,
)
from fincore.write.worker.worker import BodiesKept, purge_tasks
from fixtures.clocks import WrongClock
from fixtures.commits import MERCHANT, append, created, keyed, new_stream
from fixtures.scripted_psp import SteppedClock
from fixtures.waiting import PATIENCE_SECONDS, happens


class Rows:
    """Something to forget, and how it was asked to forget."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.calls: list[timedelta] = []

    async def purge(self, *, kept_for: timedelta, rows_max: int) -> int:
        self.calls.append(kept_for)
        step = min(self.rows, rows_max)
        self.rows -= step
        return step


def keeping(pool: Pool, rows: Rows, **options: float) -> Housekeeping:
    task = PurgeTask(name="rows", kept_for=timedelta(hours=72), purge=rows.purge)
    return Housekeeping(pool, [task], SteppedClock(), **options)


async def test_a_round_forgets_everything_old_step_by_step(pool: Pool) -> None:
    rows = Rows(ROWS_PER_STEP * 2 + 1)
    assert await keeping(pool, rows).round()
    assert rows.rows == 0
    assert rows.calls == [timedelta(hours=72)] * 3


async def test_a_round_is_bounded_and_the_next_one_goes_on(pool: Pool) -> None:
    rows = Rows(ROWS_PER_STEP * STEPS_PER_ROUND_MAX + 1)
    harness = keeping(pool, rows)
    await harness.round()
    assert rows.rows == 1
    await harness.round()
    assert rows.rows == 0


async def test_housekeeping_runs_in_one_process_at_a_time(pool: Pool) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Rows):
        async def purge(self, *, kept_for: timedelta, rows_max: int) -> int:
            begun.set()
            await go_on.wait()
            return await super().purge(kept_for=kept_for, rows_max=rows_max)

    first = asyncio.create_task(keeping(pool, Slow(1)).round())
    await happens(begun)
    idle = Rows(1)
    assert not await keeping(pool, idle).round()
    assert idle.calls == []
    go_on.set()
    assert await first
    assert await keeping(pool, idle).round()
    assert idle.rows == 0


async def test_failed_housekeeping_round_releases_lock_and_repeats(pool: Pool) -> None:
    again = asyncio.Event()

    class Shaky(Rows):
        async def purge(self, *, kept_for: timedelta, rows_max: int) -> int:
            if not self.calls:
                self.calls.append(kept_for)
                raise ConnectionError("away")
            again.set()
            return await super().purge(kept_for=kept_for, rows_max=rows_max)

    harness = keeping(pool, Shaky(1), interval_seconds=0.01)
    run = asyncio.create_task(harness.run())
    await happens(again)
    harness.stop()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await run


async def test_housekeeping_purges_idempotency_keys_after_three_days(pool: Pool, owner_pool: Pool) -> None:
    queue = PgQueuerQueue(pool)
    writer = Writer(pool, queue.insertion, CHARGE_EVENTS)
    run = asyncio.create_task(writer.run())
    for key in ("old", "young"):
        await writer.commit(keyed(append(new_stream(), created()), key))
    await owner_pool.execute(
        "update eventstore.idempotency_keys set created_at = created_at - interval '73 hours' where key = 'old'"
    )
    await Housekeeping(
        pool, purge_tasks(writer, queue, InboxBodies(pool), BodiesKept()), SteppedClock()
    ).round()
    assert await writer.find_response(IdempotencyKey(MERCHANT, livemode=False, key="old")) is None
    assert await writer.find_response(IdempotencyKey(MERCHANT, livemode=False, key="young")) is not None
    writer.close()
    await run


@pytest.mark.parametrize("ahead", [timedelta(hours=72), timedelta(hours=-72)])
async def test_worker_with_a_wrong_clock_keeps_every_key(pool: Pool, ahead: timedelta) -> None:
    """Neither the key just used goes, nor one that is old: two clocks are apart, and one of them is wrong."""

    async def read() -> datetime:
        told: datetime = await pool.fetchval("select clock_timestamp()")
        return told

    queue = PgQueuerQueue(pool)
    writer = Writer(pool, queue.insertion, CHARGE_EVENTS)
    run = asyncio.create_task(writer.run())
    await writer.commit(keyed(append(new_stream(), created()), "just used"))
    clock = DatabaseClock(read, machine=WrongClock(ahead))
    await clock.measure()
    assert not await Housekeeping(
        pool, purge_tasks(writer, queue, InboxBodies(pool), BodiesKept()), clock
    ).round()
    assert await writer.find_response(IdempotencyKey(MERCHANT, livemode=False, key="just used")) is not None
    # Even a worker that were to purge would ask the server how old a key is, not its own clock.
    for task in purge_tasks(writer, queue, InboxBodies(pool), BodiesKept()):
        assert await task.purge(kept_for=task.kept_for, rows_max=10) == 0
    writer.close()
    await run
