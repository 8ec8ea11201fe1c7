"""The event store: what its writer, its log and its subscriptions promise, on real PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.job import Job
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore import writer as writer_module
from fincore.eventstore.commit import (
    AlreadyReceived,
    Commit,
    Committed,
    Conflict,
    IdempotencyKey,
    NewEvent,
    ReceivedWebhook,
    ReferenceTaken,
    RenderedResponse,
    Replayed,
    StoredResponse,
)
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Fenced, Subscription
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.postgres.failures import outage_of
from fincore.postgres.job_insertion import JobInsertion
from fincore.postgres.pool import Connection, Pool
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fixtures.commits import (
    MERCHANT,
    PROVENANCE,
    append,
    captured,
    claiming,
    created,
    keyed,
    new_stream,
    no_jobs,
)
from fixtures.waiting import eventually

STRIPE, TEST = PspName("stripe"), PspAccount("test")


@contextlib.asynccontextmanager
async def running_writer(pool: Pool, queue: JobInsertion = no_jobs) -> AsyncIterator[Writer[ChargeEvent]]:
    writer = Writer(pool, queue, CHARGE_EVENTS)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.close()
        await task


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
def log(pool: Pool) -> EventLog[ChargeEvent]:
    return EventLog(pool, CHARGE_EVENTS)


async def count(pool: Pool, table: str) -> int:
    number: int = await pool.fetchval(f"select count(*) from eventstore.{table}")  # noqa: S608 -- our own table names
    return number


async def test_a_stream_reads_back_as_it_was_written(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    stream = new_stream()
    first, second = created(), captured()
    assert await writer.commit(append(stream, first)) == Committed()
    assert await writer.commit(append(stream, second, expected_version=1)) == Committed()
    events = await log.load(stream)
    assert [(e.version, e.event) for e in events] == [(1, first), (2, second)]


async def test_a_stream_that_does_not_exist_is_empty(log: EventLog[ChargeEvent]) -> None:
    assert await log.load(new_stream()) == []


async def test_many_commits_on_one_version_commit_exactly_one(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    stream = new_stream()
    await writer.commit(append(stream, created()))
    results = await asyncio.gather(
        *(writer.commit(append(stream, captured(), expected_version=1)) for _ in range(20))
    )
    assert sorted(type(result).__name__ for result in results) == ["Committed"] + ["Conflict"] * 19
    assert len(await log.load(stream)) == 2


async def test_two_processes_on_one_version_commit_exactly_one(
    pool: Pool, log: EventLog[ChargeEvent]
) -> None:
    streams = [new_stream() for _ in range(40)]
    async with running_writer(pool) as one, running_writer(pool) as other:
        results = await asyncio.gather(
            *(writer.commit(append(stream, created())) for stream in streams for writer in (one, other))
        )
    assert results.count(Committed()) == 40
    assert results.count(Conflict()) == 40
    assert [len(await log.load(stream)) for stream in streams] == [1] * 40


async def test_a_reference_of_another_stream_is_taken(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    """A result of its own, with the owner, and not a conflict, which would be tried again in vain."""
    first, second = new_stream(), new_stream()
    payment = captured()
    assert await writer.commit(claiming(append(first, created(), payment))) == Committed()
    taken = await writer.commit(claiming(append(second, created(), payment)))
    assert taken == ReferenceTaken(payment.psp_reference, first)
    assert await log.load(second) == []
    assert await log.stream_of_reference(payment.psp, TEST, payment.psp_reference) == first


async def test_two_taken_references_report_the_first(writer: Writer[ChargeEvent]) -> None:
    first, second = new_stream(), new_stream()
    payments = [captured(psp_reference=PspReference(f"pi_{uuid4().hex}")) for _ in range(2)]
    assert await writer.commit(claiming(append(first, created(), *payments))) == Committed()
    for order in (payments, payments[::-1]):
        taken = await writer.commit(claiming(append(second, created(), *order)))
        assert taken == ReferenceTaken(order[0].psp_reference, first)


async def test_a_reference_may_be_claimed_again_by_its_stream(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    stream, payment = new_stream(), captured()
    assert await writer.commit(claiming(append(stream, created(), payment))) == Committed()
    again = claiming(append(stream, captured(psp_reference=payment.psp_reference), expected_version=2))
    assert await writer.commit(again) == Committed()
    assert len(await log.load(stream)) == 3


@pytest.mark.parametrize("changed", ["psp", "psp_account"])
async def test_a_reference_counts_for_its_psp_and_account(writer: Writer[ChargeEvent], changed: str) -> None:
    payment = captured()
    assert await writer.commit(claiming(append(new_stream(), created(), payment))) == Committed()
    commit = claiming(append(new_stream(), created(), payment))
    elsewhere = tuple(replace(one, **{changed: "other"}) for one in commit.references)
    assert await writer.commit(replace(commit, references=elsewhere)) == Committed()


async def test_writers_racing_for_a_reference_commit_one(pool: Pool, log: EventLog[ChargeEvent]) -> None:
    payments = [captured() for _ in range(40)]
    async with running_writer(pool) as one, running_writer(pool) as other:
        results = await asyncio.gather(
            *(
                writer.commit(claiming(append(new_stream(), created(), payment)))
                for payment in payments
                for writer in (one, other)
            )
        )
    assert results.count(Committed()) == 40
    losers = [result for result in results if isinstance(result, ReferenceTaken)]
    owners = [await log.stream_of_reference(STRIPE, TEST, payment.psp_reference) for payment in payments]
    told = {loser.psp_reference: loser.stream_id for loser in losers}
    assert told == {payment.psp_reference: owner for payment, owner in zip(payments, owners, strict=True)}
    assert len(losers) == 40


async def test_a_commit_that_lost_its_acknowledgement_keeps_its_claim(writer: Writer[ChargeEvent]) -> None:
    commit = claiming(append(new_stream(), created(), captured()))
    assert await writer.commit(commit) == Committed()
    assert await writer.commit(commit) == Committed()


async def test_a_commit_that_skips_a_version_is_a_conflict(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    stream = new_stream()
    await writer.commit(append(stream, created()))
    assert await writer.commit(append(stream, captured(), expected_version=5)) == Conflict()
    assert len(await log.load(stream)) == 1


async def test_conflicting_commit_does_not_fail_its_batch(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    taken = new_stream()
    await writer.commit(append(taken, created()))
    streams = [new_stream() for _ in range(30)]
    commits = [append(stream, created()) for stream in streams]
    commits.insert(15, append(taken, created()))
    results = await asyncio.gather(*(writer.commit(commit) for commit in commits))
    assert results.pop(15) == Conflict()
    assert results == [Committed()] * 30
    assert [len(await log.load(stream)) for stream in streams] == [1] * 30


async def test_invalid_commit_fails_alone_in_its_batch(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    streams = [new_stream() for _ in range(30)]
    commits = [append(stream, created()) for stream in streams]
    commits[7] = append(streams[7], created(description="a NUL: \x00"))
    results = await asyncio.gather(*(writer.commit(commit) for commit in commits), return_exceptions=True)
    assert isinstance(results[7], asyncpg.PostgresError)
    assert results[:7] + results[8:] == [Committed()] * 29
    assert [len(await log.load(stream)) for stream in streams] == [1] * 7 + [0] + [1] * 22


async def test_key_repeated_in_one_batch_writes_once_and_replays(
    writer: Writer[ChargeEvent], pool: Pool
) -> None:
    commits = [keyed(append(new_stream(), created()), "same", body=str(n).encode()) for n in range(20)]
    results = await asyncio.gather(*(writer.commit(commit) for commit in commits))
    assert results[0] == Committed()
    assert [r.stored.response.body for r in results[1:] if isinstance(r, Replayed)] == [b"0"] * 19
    assert await count(pool, "events") == 1


async def test_an_event_id_written_twice_in_one_batch_is_refused(
    writer: Writer[ChargeEvent], pool: Pool
) -> None:
    event = NewEvent(created())
    commits = [Commit(provenance=PROVENANCE, stream_id=new_stream(), events=(event,)) for _ in range(2)]
    results = await asyncio.gather(*(writer.commit(commit) for commit in commits))
    assert sorted(type(result).__name__ for result in results) == ["Committed", "Conflict"]
    assert await count(pool, "events") == 1


async def test_used_key_is_replayed_though_stream_moved_on(pool: Pool, log: EventLog[ChargeEvent]) -> None:
    """The key counts before the version: a repeated request is no conflict."""
    stream_id = new_stream()
    async with running_writer(pool) as one, running_writer(pool) as other:
        assert await one.commit(append(stream_id, created())) == Committed()
        first = keyed(append(stream_id, captured(), expected_version=1), "refund-1", b'{"first": true}')
        again = keyed(append(stream_id, captured(), expected_version=1), "refund-1", b'{"first": false}')
        assert await one.commit(first) == Committed()
        replayed = await other.commit(again)
        assert isinstance(replayed, Replayed)
        assert replayed.stored.response.body == b'{"first": true}'
        strange = keyed(append(stream_id, captured(), expected_version=1), "refund-2")
        assert await other.commit(strange) == Conflict()
    assert len(await log.load(stream_id)) == 2


async def test_a_replayed_key_writes_neither_events_nor_jobs(pool: Pool) -> None:
    queue = PgQueuerQueue(pool)
    job = Job(kind="charge.authorize", payload=b"{}")
    async with running_writer(pool, queue.insertion) as writer:
        await writer.commit(keyed(append(new_stream(), created(), jobs=[job]), "k"))
        again = await writer.commit(keyed(append(new_stream(), created(), jobs=[job]), "k"))
    assert isinstance(again, Replayed)
    assert await queue.depths() == {"queued": 1, "scheduled": 0, "picked": 0, "held": 0}
    assert await count(pool, "events") == 1


async def test_failed_enqueue_rolls_back_its_events(pool: Pool) -> None:
    failing = JobInsertion(
        "failing_jobs as (insert into eventstore.inbox (psp) select 1 / cardinality($1::text[]))",
        lambda _: ([],),
    )
    async with running_writer(pool, failing) as writer:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await writer.commit(
                append(new_stream(), created(), jobs=[Job(kind="charge.authorize", payload=b"{}")])
            )
    assert await count(pool, "events") == 0


async def test_the_same_webhook_is_received_once(writer: Writer[ChargeEvent], pool: Pool) -> None:
    webhook = ReceivedWebhook(
        psp=PspName("stripe"), psp_account=PspAccount("test"), psp_event_id="evt_1", type="x", body=b"{}"
    )
    results = await asyncio.gather(
        *(writer.commit(Commit(provenance=PROVENANCE, webhook=webhook)) for _ in range(5))
    )
    assert results == [Committed(), *[AlreadyReceived()] * 4]
    assert await count(pool, "inbox") == 1


async def test_an_answer_in_flight_is_replaced_once_and_then_final(
    writer: Writer[ChargeEvent], pool: Pool
) -> None:
    key = IdempotencyKey(MERCHANT, False, "waits")
    in_flight = await pool.fetchval("select now() + interval '1 minute'")
    first = StoredResponse(
        fingerprint=b"f", response=RenderedResponse(201, b"processing"), in_flight_until=in_flight
    )
    await writer.commit(
        Commit(
            provenance=PROVENANCE,
            stream_id=new_stream(),
            events=(NewEvent(created()),),
            idempotency=(key, first),
        )
    )
    for body in (b"succeeded", b"too late"):
        final = StoredResponse(fingerprint=b"f", response=RenderedResponse(200, body))
        await writer.commit(Commit(provenance=PROVENANCE, final_response=(key, final)))
    assert await writer.find_response(key) == StoredResponse(
        fingerprint=b"f", response=RenderedResponse(200, b"succeeded")
    )


async def test_keys_older_than_the_retention_are_forgotten(
    writer: Writer[ChargeEvent], pool: Pool, owner_pool: Pool
) -> None:
    for key in ("old", "new"):
        await writer.commit(keyed(append(new_stream(), created()), key))
    await owner_pool.execute(
        "update eventstore.idempotency_keys set created_at = now() - interval '73 hours' where key = 'old'"
    )
    assert await writer.purge_idempotency_keys(kept_for=timedelta(hours=72)) == 1
    assert await writer.find_response(IdempotencyKey(MERCHANT, False, "old")) is None
    assert await writer.find_response(IdempotencyKey(MERCHANT, False, "new")) is not None


async def test_a_full_write_queue_is_overload_and_not_memory(pool: Pool) -> None:
    writer = Writer(pool, no_jobs, CHARGE_EVENTS, commits_waiting_max=2)
    waiting = [asyncio.create_task(writer.commit(append(new_stream(), created()))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await writer.commit(append(new_stream(), created()))
    writer.close()
    await writer.run()
    assert await asyncio.gather(*waiting) == [Committed(), Committed()]


async def test_commit_that_is_being_written_still_waits(
    writer: Writer[ChargeEvent], owner_pool: Pool
) -> None:
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("lock table eventstore.events in exclusive mode")
        commit = asyncio.create_task(writer.commit(append(new_stream(), created(), expected_version=0)))

        async def is_being_written() -> bool:
            return bool(
                await connection.fetchval(
                    "select exists (select from pg_locks where not granted and relation = 'eventstore.events'::regclass)"
                )
            )

        await eventually(is_being_written)
        assert writer.commits_waiting == 1
    assert await commit == Committed()


async def test_sessions_killed_under_load_write_each_commit_once(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], owner_pool: Pool
) -> None:
    streams = [new_stream() for _ in range(400)]

    async def kill() -> None:
        for _ in range(5):
            await asyncio.sleep(0.02)
            await owner_pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'tests' and datname = current_database()"
            )

    async def write(stream: StreamId, wait_seconds: float) -> object:
        await asyncio.sleep(wait_seconds)
        return await writer.commit(append(stream, created()))

    killing = asyncio.create_task(kill())
    results = await asyncio.gather(*(write(stream, n / 2000) for n, stream in enumerate(streams)))
    await killing
    assert results == [Committed()] * 400

    async def are_written_once() -> bool:
        # The pool may hold sessions that were ended and do not know it yet.
        try:
            return await log.versions(streams) == dict.fromkeys(streams, 1)
        except Exception as error:
            if outage_of(error) is None:
                raise
            return False

    await eventually(are_written_once)


async def test_commit_with_lost_acknowledgement_is_recognised(pool: Pool, log: EventLog[ChargeEvent]) -> None:
    lost = True

    class LosesTheAcknowledgement(Writer[ChargeEvent]):
        async def _insert(self, commits: list[Commit[ChargeEvent]]) -> None:
            nonlocal lost
            await super()._insert(commits)
            if lost:
                lost = False
                raise ConnectionResetError

    stream = new_stream()
    writer = LosesTheAcknowledgement(pool, no_jobs, CHARGE_EVENTS)
    task = asyncio.create_task(writer.run())
    assert await writer.commit(keyed(append(stream, created()), "k")) == Committed()
    writer.close()
    await task
    assert len(await log.load(stream)) == 1


async def test_a_server_that_hangs_is_not_waited_for_again_and_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    class Hangs(Writer[ChargeEvent]):
        async def _insert(self, commits: list[Commit[ChargeEvent]]) -> None:
            nonlocal tries
            del commits
            tries += 1
            raise TimeoutError

    monkeypatch.setattr(writer_module, "RECONNECT_SECONDS_MAX", 0.0)
    writer = Hangs(pool, no_jobs, CHARGE_EVENTS)
    task = asyncio.create_task(writer.run())
    with pytest.raises(StoreUnavailable):
        await writer.commit(append(new_stream(), created()))
    writer.close()
    await task
    assert tries == 1


@pytest.mark.parametrize(
    "tampering",
    [
        "update eventstore.events set type = 'charge.failed'",
        "delete from eventstore.events",
        "truncate eventstore.events",
    ],
)
async def test_the_log_refuses_change_even_to_its_owner(
    writer: Writer[ChargeEvent], pool: Pool, owner_pool: Pool, tampering: str
) -> None:
    await writer.commit(append(new_stream(), created()))
    with pytest.raises(asyncpg.RestrictViolationError, match="events are facts"):
        await owner_pool.execute(tampering)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(tampering)


async def test_reader_stops_at_uncommitted_earlier_position(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    """The gap: a lower position is taken first and commits last."""
    late, early = new_stream(), new_stream()
    insert = (
        "insert into eventstore.events (stream_id, version, event_id, type, schema_version, data, metadata)"
        " select $1, 1, gen_random_uuid(), type, schema_version, data, metadata from eventstore.events limit 1"
    )
    await writer.commit(append(new_stream(), created()))
    first = await log.read_after(0, 0, limit=10)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(insert, late)
        await writer.commit(append(early, created()))
        assert await log.read_after(first[-1].tx, first[-1].pos, limit=10) == []
        await transaction.commit()
    after = await log.read_after(first[-1].tx, first[-1].pos, limit=10)
    assert [event.stream_id for event in after] == [late, early]


class Recorder:
    """A consumer that writes the position of each event into a table, and can be told to fail."""

    name = "recorder"

    def __init__(self, *, fail_after_effects: int = 0) -> None:
        self.failures_left = fail_after_effects

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
        await connection.executemany("insert into seen values ($1)", [(event.pos,) for event in events])
        if self.failures_left:
            self.failures_left -= 1
            raise ConnectionResetError


@pytest.fixture
async def target(owner_pool: Pool) -> Pool:
    await owner_pool.execute(
        "create table checkpoints"
        " (consumer text primary key, tx bigint, pos bigint, moved_at timestamptz default now())"
    )
    await owner_pool.execute("create table parked_streams (like paymentdb.parked_streams including all)")
    await owner_pool.execute("create table seen (pos bigint)")
    return owner_pool


async def test_live_tail_under_eight_writers_sees_each_event_once(
    pool: Pool, log: EventLog[ChargeEvent], target: Pool
) -> None:
    subscription = Subscription(log, target, Recorder(), batch_events_max=50)
    tail = asyncio.create_task(subscription.run())
    async with contextlib.AsyncExitStack() as stack:
        writers = [await stack.enter_async_context(running_writer(pool)) for _ in range(8)]
        await asyncio.gather(
            *(writers[n % 8].commit(append(new_stream(), created(), captured())) for n in range(1000))
        )
    while await subscription.lag_seconds():
        await asyncio.sleep(0.01)
    subscription.stop()
    await tail
    seen = [row["pos"] for row in await target.fetch("select pos from seen")]
    written = [row["pos"] for row in await pool.fetch("select pos from eventstore.events")]
    assert sorted(seen) == sorted(written)
    assert len(seen) == 2000


async def test_failure_before_checkpoint_rolls_back_effects(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    await writer.commit(append(new_stream(), created()))
    subscription = Subscription(log, target, Recorder(fail_after_effects=1))
    with pytest.raises(ConnectionResetError):
        await subscription.advance()
    assert await target.fetchval("select count(*) from seen") == 0
    assert await subscription.advance() == 1
    assert await target.fetchval("select count(*) from seen") == 1
    assert await subscription.advance() == 0


async def test_second_runner_of_one_consumer_is_fenced(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    for _ in range(10):
        await writer.commit(append(new_stream(), created()))
    runners = [Subscription(log, target, Recorder(), batch_events_max=1) for _ in range(2)]
    await runners[0].checkpoint()
    fenced = 0
    while True:
        results = await asyncio.gather(*(runner.advance() for runner in runners), return_exceptions=True)
        assert all(isinstance(result, int | Fenced) for result in results)
        fenced += sum(isinstance(result, Fenced) for result in results)
        if results == [0, 0]:
            break
    assert await target.fetchval("select count(*) from seen") == 10
    assert await target.fetchval("select count(distinct pos) from seen") == 10


async def test_stream_watch_wakes_waiter_when_stream_grows(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent]
) -> None:
    watch = StreamWatch(log)
    task = asyncio.create_task(watch.run())
    stream, silent = new_stream(), new_stream()
    for each in (stream, silent):
        await writer.commit(append(each, created()))
    grown = asyncio.create_task(watch.wait_beyond(stream, 1, timeout_seconds=30))
    not_grown = asyncio.create_task(watch.wait_beyond(silent, 1, timeout_seconds=0.2))
    await writer.commit(append(stream, captured(), expected_version=1))
    assert await grown is True
    assert await not_grown is False
    task.cancel()
