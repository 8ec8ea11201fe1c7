"""The job queue: what every adapter of the port promises, on the real thing."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fincore.domain.job import Job, JobKind
from fincore.postgres.failures import is_outage
from fincore.postgres.pool import Pool, create_pool
from fincore.write.queue.port import (
    ClaimedJob,
    Done,
    Handler,
    HeldCount,
    HeldJob,
    HeldPlace,
    Hold,
    JobId,
    JobQueue,
    JobResult,
    RetryIn,
)
from fixtures.commits import put_jobs
from fixtures.job_queues import ADAPTERS, AWS_URL
from fixtures.sampling import first_of
from fixtures.waiting import PATIENCE_SECONDS, eventually, happens

HEARTBEAT_TIMEOUT_SECONDS = 3.0
NO_IDS = [JobId(text) for text in ("", "elsewhere", "-1", "1 or true", "9" * 30, "\u0661")]
MakeQueue = Callable[..., JobQueue]


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.long) if name == "sqs" else name for name in ADAPTERS]
)
def adapter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    if name == "sqs":
        monkeypatch.setenv(AWS_URL, request.getfixturevalue("aws_url"))
    return name


@pytest.fixture
async def queue_pool(dsn: str) -> AsyncIterator[Pool]:
    """The sessions of the queue alone, so that they can be ended without touching the test's own."""
    pool = await create_pool(dsn, application_name="queue-under-test", role="fincore_service")
    try:
        yield pool
    finally:
        pool.terminate()


@pytest.fixture
def make_queue(adapter: str, queue_pool: Pool) -> MakeQueue:
    def make(*, heartbeat_timeout_seconds: float = 3.0, drain_timeout_seconds: float = 30.0) -> JobQueue:
        return ADAPTERS[adapter](queue_pool, heartbeat_timeout_seconds, drain_timeout_seconds)

    return make


@pytest.fixture
def queue(make_queue: MakeQueue) -> JobQueue:
    return make_queue()


class Seen:
    """A handler that remembers its jobs and answers what it is told to."""

    def __init__(self, answer: Callable[[ClaimedJob], Awaitable[JobResult]] | None = None) -> None:
        self.jobs: list[ClaimedJob] = []
        self._answer = answer

    async def __call__(self, job: ClaimedJob) -> JobResult:
        self.jobs.append(job)
        return await self._answer(job) if self._answer else Done()

    @property
    def payloads(self) -> list[bytes]:
        return [job.payload for job in self.jobs]

    async def count(self, jobs: int) -> None:
        async def enough() -> bool:
            return len(self.jobs) >= jobs

        await eventually(enough)


@asynccontextmanager
async def working(
    queue: JobQueue, handler: Handler, *, concurrency: int = 8
) -> AsyncIterator[asyncio.Task[None]]:
    kinds: Mapping[JobKind, Handler] = {"charge.authorize": handler}
    task = asyncio.create_task(queue.work(kinds, concurrency=concurrency))
    try:
        yield task
    finally:
        queue.stop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await task


async def put(pool: Pool, queue: JobQueue, *payloads: bytes, delay_seconds: float = 0.0) -> None:
    jobs = [Job(kind="charge.authorize", payload=p, delay_seconds=delay_seconds) for p in payloads]
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, queue.insertion, jobs)


async def is_empty(queue: JobQueue) -> bool:
    try:
        return not any((await queue.depths()).values())
    except Exception as error:
        # The look itself met a session that was ended on purpose.
        if not is_outage(error):
            raise
        return False


async def dead_letters(queue: JobQueue, count: int) -> list[HeldJob]:
    async def enough() -> bool:
        return len(await queue.held(limit=100)) >= count

    await eventually(enough)
    return await queue.held(limit=100)


async def test_committed_job_is_done_and_removed(pool: Pool, queue: JobQueue) -> None:
    seen = Seen()
    async with working(queue, seen):
        await put(pool, queue, b"one", b"two")
        await seen.count(2)
        await eventually(partial(is_empty, queue))
    assert sorted(seen.payloads) == [b"one", b"two"]
    assert {(job.kind, job.attempt) for job in seen.jobs} == {("charge.authorize", 1)}


async def test_a_job_of_a_transaction_that_rolls_back_never_existed(pool: Pool, queue: JobQueue) -> None:
    seen = Seen()
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await put_jobs(connection, queue.insertion, [Job(kind="charge.authorize", payload=b"never")])
        await transaction.rollback()
    assert await is_empty(queue)
    async with working(queue, seen):
        await put(pool, queue, b"after")
        await seen.count(1)
    assert seen.payloads == [b"after"]


async def test_a_job_cannot_be_seen_before_its_transaction_commits(pool: Pool, queue: JobQueue) -> None:
    seen = Seen()
    async with working(queue, seen), pool.acquire() as connection:
        async with connection.transaction():
            await put_jobs(connection, queue.insertion, [Job(kind="charge.authorize", payload=b"open")])
            await put(pool, queue, b"committed")
            await seen.count(1)
            assert seen.payloads == [b"committed"]
        await seen.count(2)


async def test_a_job_is_not_started_before_it_is_due(pool: Pool, queue: JobQueue) -> None:
    started: dict[bytes, float] = {}

    async def note(job: ClaimedJob) -> JobResult:
        started[job.payload] = time.monotonic()
        return Done()

    seen = Seen(note)
    async with working(queue, seen):
        asked = time.monotonic()
        await put(pool, queue, b"later", delay_seconds=0.7)
        await put(pool, queue, b"now")
        await seen.count(2)
    assert started[b"later"] - asked >= 0.7


async def test_each_try_of_a_job_knows_what_it_follows_in_a_trace(pool: Pool, queue: JobQueue) -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    async def again(job: ClaimedJob) -> JobResult:
        return Done() if job.attempt > 1 or not job.traceparent else RetryIn(0.0, "once more")

    seen = Seen(again)
    async with working(queue, seen):
        async with pool.acquire() as connection, connection.transaction():
            jobs = [
                Job(kind="charge.authorize", payload=b"traced", traceparent=traceparent),
                Job(kind="charge.authorize", payload=b"not"),
            ]
            await put_jobs(connection, queue.insertion, jobs)
        await seen.count(3)
    tries = sorted((job.payload, job.attempt, job.traceparent, job.may_have_run) for job in seen.jobs)
    assert tries == [
        (b"not", 1, None, False),
        (b"traced", 1, traceparent, False),
        (b"traced", 2, traceparent, True),
    ]


@pytest.mark.parametrize("concurrency", [1, 3, 40])
async def test_concurrency_bounds_running_jobs(pool: Pool, queue: JobQueue, concurrency: int) -> None:
    at_hand = 0
    most = 0
    full = asyncio.Event()
    go_on = asyncio.Event()

    async def hold(_job: ClaimedJob) -> JobResult:
        nonlocal at_hand, most
        at_hand += 1
        most = max(most, at_hand)
        if at_hand == concurrency:
            full.set()
        await go_on.wait()
        await asyncio.sleep(0.001)
        at_hand -= 1
        return Done()

    seen = Seen(hold)
    await put(pool, queue, *[b"job"] * 60)
    async with working(queue, seen, concurrency=concurrency):
        await happens(full)
        await asyncio.sleep(0.3)  # several polls, in which a queue without a bound would take more
        go_on.set()
        await seen.count(60)
        await eventually(partial(is_empty, queue))
    assert most == concurrency
    assert len(seen.jobs) == 60


async def test_a_retry_comes_back_with_the_next_attempt_number(pool: Pool, queue: JobQueue) -> None:
    async def third_time(job: ClaimedJob) -> JobResult:
        return Done() if job.attempt == 3 else RetryIn(0.0, "not yet")

    seen = Seen(third_time)
    async with working(queue, seen):
        await put(pool, queue, b"stubborn")
        await seen.count(3)
        await eventually(partial(is_empty, queue))
    assert [(job.payload, job.attempt) for job in seen.jobs] == [(b"stubborn", n) for n in (1, 2, 3)]
    assert len({job.job_id for job in seen.jobs}) == 1


async def test_held_job_keeps_reason_until_requeued(pool: Pool, queue: JobQueue) -> None:
    async def refuse_twice(job: ClaimedJob) -> JobResult:
        if len(seen.jobs) >= 3:
            return Done()
        return RetryIn(0.0, "once more") if job.attempt == 1 else Hold("the PSP and the log disagree")

    seen = Seen(refuse_twice)
    async with working(queue, seen):
        await put(pool, queue, b"disputed")
        (letter,) = await dead_letters(queue, 1)
        assert (letter.kind, letter.payload, letter.attempts, letter.reason) == (
            "charge.authorize",
            b"disputed",
            2,
            "the PSP and the log disagree",
        )
        assert await queue.depths() == {"queued": 0, "scheduled": 0, "picked": 0, "held": 1}

        assert await queue.requeue([letter.job_id, JobId(str(10**9)), *NO_IDS]) == 1
        await seen.count(3)
        await eventually(partial(is_empty, queue))
        assert await queue.held(limit=10) == []
        assert await queue.requeue([letter.job_id]) == 0
    assert [(job.attempt, job.may_have_run) for job in seen.jobs] == [(1, False), (2, True), (1, True)]


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ([RetryIn(0.0, "refused", nothing_ran=True)] * 2, [False, False, False]),
        ([RetryIn(0.0, "no response"), RetryIn(0.0, "refused", nothing_ran=True)], [False, True, True]),
        ([RetryIn(0.0, "refused", nothing_ran=True), RetryIn(0.0, "no response")], [False, False, True]),
    ],
    ids=["nothing ran", "may have run", "may have run last"],
)
async def test_a_job_remembers_that_a_claim_may_have_run(
    pool: Pool, queue: JobQueue, ends: list[JobResult], told: list[bool]
) -> None:
    async def handle(job: ClaimedJob) -> JobResult:
        return ends[job.attempt - 1] if job.attempt <= len(ends) else Done()

    seen = Seen(handle)
    async with working(queue, seen):
        await put(pool, queue, b"stubborn")
        await seen.count(3)
        await eventually(partial(is_empty, queue))
    assert [job.may_have_run for job in seen.jobs] == told


async def test_a_job_that_raised_may_have_run_for_ever(pool: Pool, queue: JobQueue) -> None:
    async def stumble(_job: ClaimedJob) -> JobResult:
        match len(seen.jobs):
            case 1:
                raise ValueError("after the call")
            case 2:
                return RetryIn(0.0, "refused", nothing_ran=True)
        return Done()

    seen = Seen(stumble)
    async with working(queue, seen):
        await put(pool, queue, b"bad")
        (letter,) = await dead_letters(queue, 1)
        assert letter.reason == "ValueError: after the call"
        await queue.requeue([letter.job_id])
        await eventually(partial(is_empty, queue))
    assert [job.may_have_run for job in seen.jobs] == [False, True, True]


async def test_held_jobs_are_listed_newest_first_up_to_limit(pool: Pool, queue: JobQueue) -> None:
    async def refuse(job: ClaimedJob) -> JobResult:
        return Hold(job.payload.decode())

    async with working(queue, Seen(refuse), concurrency=1):
        for number in range(3):
            await put(pool, queue, str(number).encode())
            await dead_letters(queue, number + 1)
    assert [letter.reason for letter in await queue.held(limit=2)] == ["2", "1"]


async def held(pool: Pool, queue: JobQueue, *payloads: bytes) -> list[HeldJob]:
    """Dead letters, newest first, of jobs that were put in one after the other."""

    async def refuse(job: ClaimedJob) -> JobResult:
        return Hold(job.payload.decode())

    async with working(queue, Seen(refuse), concurrency=1):
        for number, payload in enumerate(payloads):
            await put(pool, queue, payload)
            await dead_letters(queue, number + 1)
    return await queue.held(limit=100)


async def test_held_jobs_go_on_after_a_place_that_is_gone(
    make_queue: MakeQueue, pool: Pool, queue: JobQueue
) -> None:
    newest, middle, oldest = await held(pool, queue, b"1", b"2", b"3")
    place = HeldPlace(middle.held_at, middle.job_id)
    assert await make_queue().requeue([middle.job_id]) == 1
    assert await queue.held(limit=100, after=place) == [oldest]
    assert await queue.held(limit=1, after=HeldPlace(newest.held_at, newest.job_id)) == [oldest]
    assert await queue.held(limit=100, after=HeldPlace(oldest.held_at, oldest.job_id)) == []
    assert await queue.held(limit=100, kind="charge.authorize") == [newest, oldest]
    assert await queue.held(limit=100, kind="refund.send") == []
    for nonsense in NO_IDS:
        assert await queue.held(limit=100, after=HeldPlace(newest.held_at, nonsense)) == []


async def test_held_jobs_are_found_by_id_and_counted_to_bound(pool: Pool, queue: JobQueue) -> None:
    assert await queue.count_held(counted_max=10) == HeldCount(0, None)
    newest, oldest = await held(pool, queue, b"1", b"2")
    assert await queue.count_held(counted_max=1) == HeldCount(1, oldest.held_at)
    assert await queue.count_held(counted_max=10) == HeldCount(2, oldest.held_at)
    assert await queue.find_held(newest.job_id) == newest
    for nonsense in (*NO_IDS, JobId(str(10**9))):
        assert await queue.find_held(nonsense) is None


async def test_replay_counts_if_its_transaction_commits(pool: Pool, queue: JobQueue) -> None:
    (letter,) = await held(pool, queue, b"1")
    place = HeldPlace(letter.held_at, letter.job_id)
    async with pool.acquire() as connection:
        rolled_back = connection.transaction()
        await rolled_back.start()
        assert await queue.replay(place, within=connection) == letter
        await rolled_back.rollback()
    assert await queue.find_held(letter.job_id) == letter
    async with pool.acquire() as connection, connection.transaction():
        assert await queue.replay(place, within=connection) == letter
        assert await queue.replay(place, within=connection) is None
    assert await queue.find_held(letter.job_id) is None


async def test_job_that_is_held_again_is_another_dead_letter(
    make_queue: MakeQueue, pool: Pool, queue: JobQueue
) -> None:
    """What one person saw, another may have done again meanwhile: the act of the first is then about nothing."""
    (seen,) = await held(pool, queue, b"1")
    await queue.requeue([seen.job_id])

    async def refuse(_job: ClaimedJob) -> JobResult:
        return Hold("again")

    later = make_queue()
    async with working(later, Seen(refuse)):
        (again,) = await dead_letters(later, 1)
    assert (again.job_id, again.reason) == (seen.job_id, "again")
    stale = HeldPlace(seen.held_at, seen.job_id)
    async with pool.acquire() as connection, connection.transaction():
        assert await queue.replay(stale, within=connection) is None
        assert await queue.discard(stale, within=connection) is None
        assert await queue.discard(HeldPlace(again.held_at, again.job_id), within=connection) == again


async def test_discarded_job_is_gone_and_only_held_ones_can_be(pool: Pool, queue: JobQueue) -> None:
    (letter,) = await held(pool, queue, b"1")
    await put(pool, queue, b"waits", delay_seconds=3_600)
    waiting = JobId(str(int(letter.job_id) + 1))
    async with pool.acquire() as connection, connection.transaction():
        assert await queue.discard(HeldPlace(letter.held_at, letter.job_id), within=connection) == letter
        for other in (letter.job_id, waiting, *NO_IDS):
            place = HeldPlace(letter.held_at, other)
            assert await queue.discard(place, within=connection) is None
            assert await queue.replay(place, within=connection) is None
    assert await queue.requeue([letter.job_id]) == 0
    assert await queue.depths() == {"queued": 0, "scheduled": 1, "picked": 0, "held": 0}


async def test_requeued_job_leaves_its_key_to_the_one_that_waits(
    make_queue: MakeQueue, pool: Pool, queue: JobQueue
) -> None:
    async def put_inquiry() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await put_jobs(
                connection,
                queue.insertion,
                [Job(kind="charge.authorize", payload=b"1", dedupe_key="charge.inquire:ch_1")],
            )

    async def refuse(_job: ClaimedJob) -> JobResult:
        return Hold("no")

    async with working(queue, Seen(refuse)):
        await put_inquiry()
        (letter,) = await dead_letters(queue, 1)
    await put_inquiry()
    assert await queue.requeue([letter.job_id]) == 1
    assert await queue.depths() == {"queued": 2, "scheduled": 0, "picked": 0, "held": 0}
    done = Seen()
    async with working(make_queue(), done):
        await done.count(2)


async def test_backlog_counts_due_jobs_of_each_kind_to_bound(pool: Pool, queue: JobQueue) -> None:
    assert await queue.backlog(counted_max=10) == []
    await put(pool, queue, b"1", b"2", b"3")
    await put(pool, queue, b"later", delay_seconds=3_600)
    (due,) = await queue.backlog(counted_max=10)
    assert (due.kind, due.jobs) == ("charge.authorize", 3)
    (counted,) = await queue.backlog(counted_max=2)
    assert (counted.jobs, counted.oldest_due_at) == (2, due.oldest_due_at)
    async with working(queue, Seen()):
        await eventually(partial(no_backlog, queue))


async def no_backlog(queue: JobQueue) -> bool:
    return await queue.backlog(counted_max=1) == []


async def test_an_exception_holds_the_job_and_harms_no_other(pool: Pool, queue: JobQueue) -> None:
    async def stumble(job: ClaimedJob) -> JobResult:
        if job.payload == b"bad":
            raise ValueError("cannot read this")
        return Done()

    seen = Seen(stumble)
    async with working(queue, seen):
        await put(pool, queue, b"bad", b"good")
        (letter,) = await dead_letters(queue, 1)
        await seen.count(2)
    assert letter.reason == "ValueError: cannot read this"
    assert letter.payload == b"bad"
    assert await queue.depths() == {"queued": 0, "scheduled": 0, "picked": 0, "held": 1}


async def test_two_workers_share_the_jobs_and_do_each_once(pool: Pool, make_queue: MakeQueue) -> None:
    one, other = Seen(_briefly), Seen(_briefly)
    payloads = [str(number).encode() for number in range(300)]
    first = make_queue()
    async with working(first, one, concurrency=20), working(make_queue(), other, concurrency=20):
        await put(pool, first, *payloads)
        await eventually(partial(is_empty, first))
    assert Counter(one.payloads + other.payloads) == Counter(payloads)


async def test_job_outlasting_heartbeat_timeout_stays_with_worker(pool: Pool, make_queue: MakeQueue) -> None:
    async def long(_job: ClaimedJob) -> JobResult:
        await asyncio.sleep(HEARTBEAT_TIMEOUT_SECONDS * 1.5)
        return Done()

    one, other = Seen(long), Seen(long)
    first = make_queue(heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT_SECONDS)
    second = make_queue(heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT_SECONDS)
    async with working(first, one), working(second, other):
        await put(pool, first, b"long")
        await eventually(partial(is_empty, first))
    assert len(one.jobs) + len(other.jobs) == 1


async def test_job_of_killed_worker_is_taken_over_with_its_attempt(
    pool: Pool, adapter: str, make_queue: MakeQueue, dsn: str
) -> None:
    queue = make_queue(heartbeat_timeout_seconds=1.0)
    await put(pool, queue, b"orphan")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"from fixtures.job_queues import hang; hang({adapter!r}, {dsn!r})",
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        claimed = await child.stdout.readline()
    child.kill()
    await child.wait()
    assert claimed.startswith(b"claimed")
    assert (await queue.depths())["picked"] == 1

    seen = Seen()
    async with working(queue, seen):
        await seen.count(1)
        await eventually(partial(is_empty, queue))
    assert [(job.payload, job.attempt, job.may_have_run) for job in seen.jobs] == [(b"orphan", 1, True)]


async def test_stop_finishes_running_jobs_and_leaves_others(pool: Pool, queue: JobQueue) -> None:
    go_on = asyncio.Event()

    async def wait(_job: ClaimedJob) -> JobResult:
        await go_on.wait()
        return Done()

    seen = Seen(wait)
    async with working(queue, seen, concurrency=2) as work:
        await put(pool, queue, *[b"job"] * 5)
        await seen.count(2)
        queue.stop()
        await put(pool, queue, b"too late")
        go_on.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work
    done = len(seen.jobs)
    assert await queue.depths() == {"queued": 6 - done, "scheduled": 0, "picked": 0, "held": 0}
    assert b"too late" not in seen.payloads


async def test_job_outlasting_drain_timeout_is_taken_over(pool: Pool, make_queue: MakeQueue) -> None:
    async def never(_job: ClaimedJob) -> JobResult:
        return await asyncio.Future()

    stuck = Seen(never)
    queue = make_queue(heartbeat_timeout_seconds=1.0, drain_timeout_seconds=0.1)
    async with working(queue, stuck):
        await put(pool, queue, b"endless")
        await stuck.count(1)
    assert await queue.depths() == {"queued": 0, "scheduled": 0, "picked": 1, "held": 0}

    seen = Seen()
    async with working(make_queue(heartbeat_timeout_seconds=1.0), seen):
        await seen.count(1)
    assert [(job.payload, job.attempt) for job in seen.jobs] == [(b"endless", 1)]


async def test_jobs_survive_lost_database_sessions(
    pool: Pool, make_queue: MakeQueue, owner_pool: Pool
) -> None:
    seen = Seen(_briefly)
    queue = make_queue(heartbeat_timeout_seconds=1.0)
    async with working(queue, seen):
        for round_ in range(3):
            await put(pool, queue, *[f"{round_}-{n}".encode() for n in range(20)])
            await owner_pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'queue-under-test'"
            )
            await put(pool, queue, f"{round_}-after".encode())
        await eventually(partial(is_empty, queue))
    expected = {f"{r}-{n}".encode() for r in range(3) for n in [*range(20), "after"]}
    assert set(seen.payloads) == expected


@pytest.mark.parametrize(
    "result", first_of([Done(), RetryIn(0.0, "again"), Hold("no")]), ids=lambda r: type(r).__name__
)
async def test_job_result_survives_database_outage(
    pool: Pool, make_queue: MakeQueue, dsn: str, postgres_dsn: str, result: JobResult
) -> None:
    away = asyncio.Event()

    async def into_the_void(_job: ClaimedJob) -> JobResult:
        if isinstance(result, RetryIn) and len(seen.jobs) > 1:
            return Done()
        await away.wait()
        return result

    seen = Seen(into_the_void)
    queue = make_queue(heartbeat_timeout_seconds=1.0)
    maintenance = await asyncpg.connect(postgres_dsn)
    try:
        async with working(queue, seen):
            await put(pool, queue, b"job")
            await seen.count(1)
            await _switch(maintenance, dsn, on=False)
            away.set()
            await asyncio.sleep(1.0)  # the result cannot be written meanwhile
            await _switch(maintenance, dsn, on=True)
            if isinstance(result, RetryIn):
                await seen.count(2)
            held = int(isinstance(result, Hold))

            async def settled() -> bool:
                return await queue.depths() == {"queued": 0, "scheduled": 0, "picked": 0, "held": held}

            await eventually(settled)
    finally:
        await maintenance.close()
    assert set(seen.payloads) == {b"job"}


async def _switch(maintenance: "asyncpg.Connection[Any]", dsn: str, *, on: bool) -> None:
    """Let the test's database vanish for every session, or come back."""
    name = dsn.partition("?")[0].rpartition("/")[2]
    await maintenance.execute(f"alter database {name} with allow_connections {'true' if on else 'false'}")
    if not on:
        await maintenance.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name
        )


async def _briefly(_job: ClaimedJob) -> JobResult:
    await asyncio.sleep(0.005)
    return Done()


async def put_deduped(pool: Pool, queue: JobQueue, *keys: str, kind: JobKind = "charge.authorize") -> None:
    jobs = [Job(kind=kind, payload=key.encode(), dedupe_key=key) for key in keys]
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, queue.insertion, jobs)


async def test_job_with_the_key_of_a_queued_one_is_left_out(pool: Pool, queue: JobQueue) -> None:
    await put_deduped(pool, queue, "one", "two", "one")
    await put_deduped(pool, queue, "one", "three")
    seen = Seen()
    async with working(queue, seen):
        await eventually(partial(is_empty, queue))
        await put_deduped(pool, queue, "one")
        await seen.count(4)
    assert sorted(seen.payloads) == [b"one", b"one", b"three", b"two"]


async def test_job_put_back_for_later_keeps_its_key(pool: Pool, queue: JobQueue) -> None:
    """While it is being done, and until it is due again, no other job with its key exists."""
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def later(_: ClaimedJob) -> JobResult:
        at_work.set()
        await go_on.wait()
        return RetryIn(3600.0, "later")

    seen = Seen(later)
    async with working(queue, seen):
        await put_deduped(pool, queue, "one")
        await at_work.wait()
        await put_deduped(pool, queue, "one")
        go_on.set()

        async def is_put_back() -> bool:
            return (await queue.depths()).get("scheduled") == 1

        await eventually(is_put_back)
        await put_deduped(pool, queue, "one", "two")
        await seen.count(2)
    assert seen.payloads == [b"one", b"two"]


async def test_jobs_with_the_same_keys_never_deadlock(pool: Pool, queue: JobQueue) -> None:
    """Two processes put the same jobs into the queue at once, in different orders."""
    keys = [f"{number:03}" for number in range(200)]
    await asyncio.gather(
        *(put_deduped(pool, queue, *(keys if turn % 2 else reversed(keys))) for turn in range(8))
    )
    assert (await queue.depths())["queued"] == len(keys)
