"""Workers that messages wake, on the real queue: each job is done by one at a time, however its messages come."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.domain.job import Job, JobKind
from fincore.postgres.pool import Pool
from fincore.write.queue.job_claims import ABANDONED, JobClaims
from fincore.write.queue.job_messages import JobMessage
from fincore.write.queue.message_dead_letters import MessageDeadLetters
from fincore.write.queue.message_runner import MessageRunner
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.queue.port import ClaimedJob, Done, Handler, Hold, JobResult, RetryIn
from fixtures.commits import put_jobs
from fixtures.job_messages import MemoryMessages, message_runner, relaying
from fixtures.waiting import PATIENCE_SECONDS, eventually, happens


async def put(
    pool: Pool, *payloads: bytes, kind: JobKind = "charge.authorize", delay_seconds: float = 0.0
) -> None:
    jobs = [Job(kind=kind, payload=payload, delay_seconds=delay_seconds) for payload in payloads]
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, PgQueuerQueue(pool).insertion, jobs)


async def only_job(pool: Pool) -> str:
    return str(await pool.fetchval("select id from queue.pgqueuer"))


@asynccontextmanager
async def working(
    runner: MessageRunner | PgQueuerQueue,
    handler: Handler,
    *,
    kind: JobKind = "charge.authorize",
    concurrency: int = 8,
) -> AsyncIterator[None]:
    kinds: Mapping[JobKind, Handler] = {kind: handler}
    task = asyncio.create_task(runner.work(kinds, concurrency=concurrency))
    try:
        yield
    finally:
        runner.stop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await task


async def nothing_is_left(pool: Pool, messages: MemoryMessages) -> None:
    """Wait until all jobs are done and all messages answered."""

    async def is_empty() -> bool:
        return messages.count == 0 and not await pool.fetchval("select count(*) from queue.pgqueuer")

    await eventually(is_empty)


def claims_of(pool: Pool, *, heartbeat_timeout_seconds: float = 15.0) -> JobClaims:
    return JobClaims(pool, heartbeat_timeout_seconds=heartbeat_timeout_seconds, delivered_again_seconds=60.0)


async def done(_job: ClaimedJob) -> JobResult:
    return Done()


HANDLED: Mapping[JobKind, Handler] = {"charge.authorize": done}


async def test_second_delivery_during_a_job_does_not_begin_it(pool: Pool) -> None:
    """A queue may deliver a message twice: a PSP must not be called twice at once for it."""
    await put(pool, b"slow")
    job_id = await only_job(pool)
    messages = MemoryMessages()
    at_work, go_on = asyncio.Event(), asyncio.Event()
    begun: list[ClaimedJob] = []

    async def slowly(job: ClaimedJob) -> JobResult:
        begun.append(job)
        at_work.set()
        await go_on.wait()
        return Done()

    async with (
        working(message_runner(pool, messages), slowly),
        working(message_runner(pool, messages), slowly),
    ):
        await messages.send([job_id])
        await happens(at_work)
        await messages.send([job_id, job_id])

        async def answered() -> bool:
            return messages.count == 1

        await eventually(answered)
        go_on.set()
        await nothing_is_left(pool, messages)
    assert len(begun) == 1


async def test_retry_goes_back_to_the_row_and_its_message_ends(pool: Pool) -> None:
    await put(pool, b"later")
    messages = MemoryMessages()

    async def later(_job: ClaimedJob) -> JobResult:
        return RetryIn(3_600.0, "not yet", nothing_ran=True)

    async with relaying(pool, messages), working(message_runner(pool, messages), later):

        async def is_put_back() -> bool:
            row = await pool.fetchrow(
                "select status, attempts, execute_after > now() as is_later from queue.pgqueuer"
            )
            assert row is not None
            return tuple(row) == ("queued", 1, True) and messages.count == 0

        await eventually(is_put_back)
    assert messages.sent == [await only_job(pool)]
    assert await pool.fetchval("select count(*) from queue.dispatched") == 0


async def test_messages_that_ask_for_nothing_are_deleted(pool: Pool) -> None:
    """About jobs that are done, due later, held or unheard of."""
    await put(pool, b"later", delay_seconds=3_600)
    await put(pool, b"held")
    later, held = (str(row["id"]) for row in await pool.fetch("select id from queue.pgqueuer order by id"))
    await pool.execute("update queue.pgqueuer set status = 'failed' where id = $1", int(held))
    messages = MemoryMessages()
    await messages.send([later, held, "987654321", "elsewhere", "-1", "9" * 30])
    begun: list[ClaimedJob] = []

    async def note(job: ClaimedJob) -> JobResult:
        begun.append(job)
        return Done()

    async with working(message_runner(pool, messages), note):

        async def answered() -> bool:
            return messages.count == 0

        await eventually(answered)
    assert begun == []


async def test_job_of_an_unknown_kind_is_left_to_another_worker(pool: Pool) -> None:
    """While one version is replaced by the next, old workers do not know every kind."""
    await put(pool, b"new", kind="refund.send")
    messages = MemoryMessages()
    runner = message_runner(pool, messages, heartbeat_timeout_seconds=0.5)
    async with relaying(pool, messages), working(runner, done):

        async def was_delivered() -> bool:
            return messages.deliveries > 0

        await eventually(was_delivered)
        assert messages.count > 0
        newer = message_runner(pool, messages, heartbeat_timeout_seconds=0.5)
        async with working(newer, done, kind="refund.send"):

            async def is_done() -> bool:
                return not await pool.fetchval("select count(*) from queue.pgqueuer")

            await eventually(is_done)


async def test_unreadable_message_is_left_and_harms_no_other(pool: Pool) -> None:
    await put(pool, b"one")
    job_id = await only_job(pool)

    class Garbled(MemoryMessages):
        async def receive(self, **options: int) -> list[JobMessage]:
            received = await super().receive(**options)
            return [JobMessage(None, "unreadable"), *received] if received else []

    messages = Garbled()
    await messages.send([job_id])
    async with working(message_runner(pool, messages), done):
        await nothing_is_left(pool, messages)
    assert "unreadable" not in messages.deleted


async def test_results_of_a_claimer_that_lost_its_job_do_not_count(pool: Pool) -> None:
    await put(pool, b"contested")
    job_id = await only_job(pool)
    first, second = (claims_of(pool) for _ in range(2))
    (lost,) = (await first.claim([job_id], HANDLED)).jobs
    assert (await second.claim([job_id], HANDLED)).jobs == []
    await pool.execute("update queue.pgqueuer set heartbeat = now() - interval '1 minute'")
    (taken_over,) = (await second.claim([job_id], HANDLED)).jobs
    assert (lost.may_have_run, taken_over.may_have_run) == (False, True)
    await first.beat([lost.job_id])
    for result in (Done(), RetryIn(0.0, "again"), Hold("no")):
        await first.write(lost, result)
    row = await pool.fetchrow("select status::text, attempts from queue.pgqueuer")
    assert row is not None
    assert tuple(row) == ("picked", 0)
    await second.write(taken_over, Done())
    assert await pool.fetchval("select count(*) from queue.pgqueuer") == 0


@pytest.mark.parametrize("result", [RetryIn(0.0, "again"), Hold("no")], ids=["retry", "hold"])
async def test_pgqueuer_worker_that_lost_its_job_changes_nothing(pool: Pool, result: JobResult) -> None:
    await put(pool, b"contested")
    job_id = await only_job(pool)
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_job: ClaimedJob) -> JobResult:
        at_work.set()
        await go_on.wait()
        return result

    queue = PgQueuerQueue(pool, heartbeat_timeout_seconds=15.0, poll_interval_seconds=0.05)
    async with working(queue, slowly):
        await happens(at_work)
        taken: Sequence[ClaimedJob] = ()
        while not taken:  # The worker may have told between the two that it is at work.
            await pool.execute("update queue.pgqueuer set heartbeat = now() - interval '1 minute'")
            taken = (await claims_of(pool).claim([job_id], HANDLED)).jobs
        go_on.set()
    row = await pool.fetchrow("select status::text, attempts from queue.pgqueuer")
    assert row is not None
    assert (tuple(row), [job.may_have_run for job in taken]) == (("picked", 0), [True])


async def test_jobs_are_done_in_any_mix_of_workers(pool: Pool) -> None:
    payloads = [b"%d" % number for number in range(200)]
    messages = MemoryMessages()
    seen: list[bytes] = []

    async def note(job: ClaimedJob) -> JobResult:
        seen.append(job.payload)
        await asyncio.sleep(0.002)
        return (
            Done() if job.attempt > 1 or len(job.payload) > 1 else RetryIn(0.0, "once more", nothing_ran=True)
        )

    rows = PgQueuerQueue(pool, poll_interval_seconds=0.05)
    async with (
        relaying(pool, messages),
        working(rows, note, concurrency=4),
        working(message_runner(pool, messages), note, concurrency=4),
    ):
        await put(pool, *payloads)
        await nothing_is_left(pool, messages)
    assert Counter(seen) == Counter(payloads) + Counter(payloads[:10])


async def test_purged_messages_are_sent_again(pool: Pool) -> None:
    payloads = [b"%d" % number for number in range(40)]
    messages = MemoryMessages()
    await put(pool, *payloads)
    seen: list[bytes] = []

    async def note(job: ClaimedJob) -> JobResult:
        seen.append(job.payload)
        return Done()

    async with relaying(pool, messages):

        async def all_sent() -> bool:
            return len(messages.sent) == len(payloads)

        await eventually(all_sent)
        messages.purge()
        async with working(message_runner(pool, messages), note):
            await nothing_is_left(pool, messages)
    assert Counter(seen) == Counter(payloads)


async def test_dead_letter_of_an_abandoned_job_holds_it(pool: Pool) -> None:
    await put(pool, b"deadly")
    job_id = await only_job(pool)
    claims = claims_of(pool)
    (job,) = (await claims.claim([job_id], HANDLED)).jobs
    letters = MemoryMessages()
    taker = MessageDeadLetters(claims, letters)
    await letters.send([job_id])
    assert await taker.take() == 0
    assert await pool.fetchval("select status::text from queue.pgqueuer") == "picked"

    await pool.execute("update queue.pgqueuer set heartbeat = now() - interval '1 minute'")
    await letters.send([job_id])
    assert await taker.take() == 1
    assert letters.count == 0
    queue = PgQueuerQueue(pool)
    (letter,) = await queue.held(limit=10)
    assert (letter.job_id, letter.payload, letter.reason) == (job.job_id, b"deadly", ABANDONED)
    await queue.requeue([letter.job_id])
    (again,) = (await claims.claim([job_id], HANDLED)).jobs
    assert again.may_have_run


async def test_dead_letter_of_a_job_that_none_took_leaves_it_due(pool: Pool) -> None:
    """A database that was away makes dead letters of jobs that are not to blame."""
    await put(pool, b"innocent")
    letters = MemoryMessages()
    await letters.send([await only_job(pool), "987654321"])
    assert await MessageDeadLetters(claims_of(pool), letters).take() == 0
    assert letters.count == 0
    assert (await PgQueuerQueue(pool).depths())["queued"] == 1


async def test_dead_letters_are_taken_until_stop(pool: Pool) -> None:
    letters = MemoryMessages()
    letters.is_away = True
    taker = MessageDeadLetters(claims_of(pool), letters)
    running = asyncio.create_task(taker.run())
    await asyncio.sleep(0)
    letters.is_away = False
    await letters.send(["12"])

    async def taken() -> bool:
        return letters.count == 0

    await eventually(taken)
    taker.stop()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await running


class Dying(MessageRunner):
    """Stands for a worker that is killed: it stops in mid-air and writes nothing down."""

    def kill(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        self._drain_timeout_seconds = 0.0
        self.stop()


@settings(
    max_examples=4,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
async def test_failures_never_lose_a_job_or_do_it_twice_at_once(pool: Pool, seed: int) -> None:
    """Messages are refused, doubled, lost and delivered again, and workers die, in every order that the seed draws."""
    random = Random(seed)
    messages = MemoryMessages(fails=lambda: random.random() < 0.2, repeats=lambda: random.random() < 0.3)
    payloads = [b"%d" % number for number in range(random.randint(1, 30))]
    finished: Counter[bytes] = Counter()
    at_hand: Counter[bytes] = Counter()

    async def call_psp(job: ClaimedJob) -> JobResult:
        at_hand[job.payload] += 1
        assert at_hand[job.payload] == 1, "two workers call the PSP at once"
        try:
            await asyncio.sleep(random.random() * 0.02)
        finally:
            at_hand[job.payload] -= 1
        if random.random() < 0.2:
            return RetryIn(random.random() * 0.05, "again", nothing_ran=True)
        finished[job.payload] += 1
        return Done()

    def runner() -> MessageRunner:
        return message_runner(pool, messages, heartbeat_timeout_seconds=1.0)

    await put(pool, *payloads)
    async with relaying(pool, messages, 1.0):
        for _ in range(random.randint(0, 2)):
            dying = message_runner(pool, messages, Dying, heartbeat_timeout_seconds=1.0)
            assert isinstance(dying, Dying)
            async with working(dying, call_psp, concurrency=random.randint(1, 8)):
                await asyncio.sleep(random.random() * 0.05)
                dying.kill()
            if random.random() < 0.5:
                messages.purge()
        async with working(runner(), call_psp), working(runner(), call_psp):

            async def all_done() -> bool:
                return not await pool.fetchval("select count(*) from queue.pgqueuer")

            await eventually(all_done)
    assert not await PgQueuerQueue(pool).held(limit=1)
    assert finished.keys() == set(payloads)
