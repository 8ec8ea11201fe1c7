"""A consumer that is given events by shards: each event has its effect once, beside a reader of the log and in place of one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.aws.kinesis_stream import KINESIS_LIMITS
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import PARKED_STREAMS_MAX, TooManyParked, parked_streams, resume
from fincore.eventstore.stream_positions import StreamPositions
from fincore.eventstore.subscription import Fenced
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection, Pool
from fincore.relay.event_call import StreamLimits
from fincore.relay.shard_consumer import ShardConsumer, Taken
from fincore.relay.stream_record import Relayed
from fixtures.commits import append, captured, created, new_stream
from fixtures.event_sinks import Crash, MemoryStream
from fixtures.sampling import sampled
from fixtures.shards import (
    Noting,
    effects,
    make_tables,
    positions,
    read_records,
    reader_of,
    relay_all,
    versions_of_log,
)
from fixtures.traffic import authorized, live, refunding, running_writer

SMALL_RECORDS = StreamLimits(
    records_per_call=500,
    bytes_per_call=5_000,
    bytes_per_record=1_000,
    shard_records_per_second=1_000,
    shard_bytes_per_second=5_000,
)
WHOLE = (created(), authorized(), captured(), refunding())


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
def log(pool: Pool) -> EventLog[ChargeEvent]:
    return EventLog(pool, CHARGE_EVENTS, name_of=stream_name)


@pytest.fixture
async def target(owner_pool: Pool) -> Pool:
    await make_tables(owner_pool)
    return owner_pool


async def new_records(pool: Pool, *, limits: StreamLimits = KINESIS_LIMITS) -> list[Relayed]:
    """What the log has that was no record before, as records, shard after shard."""
    sink = MemoryStream(limits)
    await relay_all(pool, sink)
    return [record for shard in await sink.records() for record in read_records(shard)]


async def test_records_of_shards_have_the_effect_of_the_log(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    await live(writer, [WHOLE] * 12)
    consumer = ShardConsumer(log, target, Noting())
    records = await new_records(pool)
    assert (await consumer.take(records)).applied == 48
    assert await effects(target) == await versions_of_log(pool)
    assert await consumer.take(records) == Taken(skipped=len(records))
    assert await positions(target) == dict.fromkeys(await versions_of_log(pool), 4)


async def test_gaps_and_pointers_are_loaded_from_the_log(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    """The first record of one charge is lost, and the events of another are too large for a record."""
    (one,) = await live(writer, [WHOLE])
    await writer.commit(append(large := new_stream(), created(description="x" * 400)))
    await writer.commit(append(large, captured(), expected_version=1))
    records = await new_records(pool, limits=SMALL_RECORDS)
    assert any(record.events is None for record in records)
    left = [
        record for record in records if (record.stream_id, record.first_version) not in ((one, 1), (large, 2))
    ]
    taken = await ShardConsumer(log, target, Noting()).take(left)
    assert taken.loaded > 0
    assert await effects(target) == {one: [1, 2, 3, 4], large: [1]}


async def test_a_record_that_the_log_does_not_have_says_nothing(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    """As after the event store was restored to an earlier time, and its charges took another way."""
    (one,) = await live(writer, [WHOLE[:2]])
    records = await new_records(pool)
    strange = [msgspec.structs.replace(record, pos=record.pos + 1_000) for record in records]
    taken = await ShardConsumer(log, target, Noting()).take(strange)
    assert taken == Taken(not_in_log=len(records))
    assert (await effects(target), await positions(target)) == ({}, {})
    await ShardConsumer(log, target, Noting()).take(records)
    assert await effects(target) == {one: [1, 2]}


async def test_an_inapplicable_event_parks_its_stream_alone(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    bad, good = await live(writer, [WHOLE, WHOLE])
    consumer = ShardConsumer(log, target, Noting((bad, 2)))
    records = await new_records(pool)
    taken = await consumer.take(records)
    assert await effects(target) == {bad: [1], good: [1, 2, 3, 4]}
    assert await positions(target) == {bad: 4, good: 4}
    (parked,) = await parked_streams(target, Noting.name)
    assert (parked.stream_id, parked.since_version) == (bad, 2)
    assert taken.skipped == 0
    # It is followed no further, neither by shards nor by the log, until it is taken up again.
    assert await consumer.take(records) == Taken(skipped=len(records))
    await writer.commit(append(bad, refunding(), expected_version=4))
    assert (await consumer.take(await new_records(pool))).parked == 1
    assert await resume(log, target, Noting(), bad, positions=StreamPositions(Noting.name)) == 4
    assert await effects(target) == {bad: [1, 2, 3, 4, 5], good: [1, 2, 3, 4]}
    assert await positions(target) == {bad: 5, good: 4}


class Durability(Noting):
    """Notes how the transaction of its effects ends."""

    def __init__(self) -> None:
        super().__init__()
        self.waits_for_disk: set[str] = set()

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
        await super().apply(connection, events)
        self.waits_for_disk.add(await connection.fetchval("select current_setting('synchronous_commit')"))


async def test_effects_are_durable_before_they_are_acknowledged(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    """Also where the store's own commits do not wait: Kinesis gives nothing again that a crash of PostgreSQL took back."""
    await live(writer, [WHOLE])
    consumer = Durability()
    await target.execute(
        "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$"
    )
    await target.expire_connections()
    assert await target.fetchval("select current_setting('synchronous_commit')") == "off"
    await ShardConsumer(log, target, consumer).take(await new_records(pool))
    assert consumer.waits_for_disk == {"on"}


async def test_many_bad_streams_stop_the_consumer_where_it_is(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    streams = await live(writer, [(created(),)] * (PARKED_STREAMS_MAX + 1))
    records = await new_records(pool)
    with pytest.raises(TooManyParked):
        await ShardConsumer(log, target, Noting(*((stream, 1) for stream in streams))).take(records)
    assert (await effects(target), await positions(target)) == ({}, {})


async def test_shards_take_over_from_the_log_and_give_back(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    """Without a conversion: where a stream has no position, the checkpoint says how far it was followed."""
    consumer = Noting()
    older = await live(writer, [WHOLE[:2]] * 3)
    while await reader_of(log, target, consumer).advance():
        pass
    for stream_id in older:
        await writer.commit(append(stream_id, captured(), expected_version=2))
    newer = await live(writer, [WHOLE] * 2)
    # The shards begin at their oldest record, as those of a stream do that was made when there was a log already.
    assert (await ShardConsumer(log, target, consumer).take(await new_records(pool))).applied == 11
    assert await positions(target) == {**dict.fromkeys(older, 3), **dict.fromkeys(newer, 4)}
    await writer.commit(append(older[0], refunding(), expected_version=3))
    reader = reader_of(log, target, consumer, batch_events_max=4)
    while await reader.advance():
        pass
    assert await effects(target) == await versions_of_log(pool)
    assert await positions(target) == {}


async def test_what_shards_never_gave_is_found_in_the_log(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    await live(writer, [WHOLE] * 6)
    records = await new_records(pool)
    await ShardConsumer(log, target, Noting()).take(records[::2])
    reader = reader_of(log, target, Noting(), batch_events_max=5)
    while await reader.advance():
        pass
    assert await effects(target) == await versions_of_log(pool)
    assert await positions(target) == {}


async def test_an_event_parked_by_shards_stays_parked_for_the_log(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    (bad,) = await live(writer, [WHOLE])
    await ShardConsumer(log, target, Noting((bad, 3))).take(await new_records(pool))
    await writer.commit(append(bad, refunding(), expected_version=4))
    while await reader_of(log, target, Noting()).advance():
        pass
    assert await effects(target) == {bad: [1, 2]}
    assert await positions(target) == {}
    assert await resume(log, target, Noting(), bad, positions=StreamPositions(Noting.name)) == 3
    assert await effects(target) == {bad: [1, 2, 3, 4, 5]}


class Mortal(Noting):
    """Dies now and then in the middle of its effects, or just after they are written, before the shard is told."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
        await super().apply(connection, events)
        if self._random.random() < 0.15:
            raise Crash


class Shards:
    """The shards of a stream, each read from where it was acknowledged to: a reader may die between an effect and its acknowledgement."""

    def __init__(self, sink: MemoryStream, random: Random) -> None:
        self._sink = sink
        self._random = random
        self._acknowledged: dict[int, int] = {}

    async def give(self, consumer: ShardConsumer[ChargeEvent]) -> None:
        """Give the consumer some of one shard: the next, or some that it had before, or some that come too early."""
        shards = await self._sink.records()
        number = self._random.randrange(len(shards))
        begin = self._acknowledged.get(number, 0)
        fate = self._random.random()
        if fate < 0.15:
            begin = self._random.randrange(len(shards[number]) + 1)
        end = begin + self._random.randint(1, 8)
        await consumer.take(read_records(shards[number][begin:end]))
        if fate < 0.15 or self._random.random() < 0.2:
            return
        self._acknowledged[number] = min(end, len(shards[number]))


@pytest.mark.sampled
@settings(
    max_examples=sampled(24),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
async def test_nothing_is_lost_or_doubled_in_any_interleaving(
    pool: Pool, writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool, seed: int
) -> None:
    """Refused records, repetitions, records too early, crashes, new shards, and a reader of the log beside two of shards."""
    random = Random(seed)
    await target.execute("truncate checkpoints, parked_streams, stream_positions, effects")
    sink = MemoryStream(fails=lambda: random.random() < 0.2)
    shards, consumer = Shards(sink, random), Mortal(random)
    given_shards = [ShardConsumer(log, target, consumer) for _ in range(2)]
    reader = reader_of(log, target, consumer, batch_events_max=random.randint(1, 20))

    async def read() -> None:
        with contextlib.suppress(Fenced):
            await reader.advance()

    for _ in range(12):
        await live(writer, [WHOLE[: random.randint(1, 4)] for _ in range(random.randint(0, 3))])
        await relay_all(pool, sink)
        if random.random() < 0.1:
            sink.reshard(random.choice((1, 2, 4)))
        steps = [shards.give(one) for one in given_shards[: random.randint(1, 2)]]
        if random.random() < 0.4:
            steps.append(read())
        for outcome in await asyncio.gather(*steps, return_exceptions=True):
            assert outcome is None or isinstance(outcome, Crash), outcome
        held, reached = await positions(target), await versions_of_log(pool)
        assert all(version <= len(reached[stream_id]) for stream_id, version in held.items())
    # At zero lag: what the log has had its effect, each event once and in order, and no position is left.
    for shard in await sink.records():
        await ShardConsumer(log, target, Noting()).take(read_records(shard))
    reader = reader_of(log, target, Noting())
    while await reader.advance():
        pass
    assert await effects(target) == await versions_of_log(pool)
    assert await positions(target) == {}
