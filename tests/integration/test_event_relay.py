"""The relay of events, on a real log: nothing lost, each stream in order, while the stream fails in part, is away, and relays crash."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.relay.event_relay import EventRelay, RelayFenced
from fincore.relay.event_sink import EventSink, SinkUnavailable
from fincore.relay.relay_checkpoints import RelayCheckpoints
from fincore.relay.stream_record import Place, StreamRecord
from fincore.relay.undecoded import UNDECODED_EVENTS
from fixtures.commits import append, captured, created, new_stream
from fixtures.event_sinks import (
    Crash,
    MemoryStream,
    failing_in_part,
    first_arrivals,
    kinesis_stream,
    read_shard,
    versions_by_stream,
)
from fixtures.traffic import authorized, live, refunding, running_writer
from fixtures.waiting import eventually

SINK = "memory:events"


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


def relay_of(
    pool: Pool,
    sink: EventSink,
    *,
    sink_name: str = SINK,
    batch_events_max: int = 2_000,
    checkpoints: RelayCheckpoints | None = None,
) -> EventRelay:
    """A relay as a new process has it, which repeats at once."""
    return EventRelay(
        EventLog(pool, UNDECODED_EVENTS),
        checkpoints or RelayCheckpoints(pool),
        sink,
        sink_name=sink_name,
        batch_events_max=batch_events_max,
        repeat_delay_seconds=0.001,
    )


class DyingCheckpoints(RelayCheckpoints):
    """Dies now and then, just before or just after the checkpoint moves."""

    def __init__(self, pool: Pool, random: Random) -> None:
        super().__init__(pool)
        self._random = random

    async def move(self, sink: str, at: Place, to: Place) -> bool:
        if self._random.random() < 0.3:
            raise Crash
        moved = await super().move(sink, at, to)
        if self._random.random() < 0.2:
            raise Crash
        return moved


async def a_few_lives(writer: Writer[ChargeEvent], count: int) -> list[StreamId]:
    """Charges of several events each, which lie in the log one among the other."""
    whole = (created(), authorized(), captured(), refunding())
    return await live(writer, [whole[: 1 + number % 4] for number in range(count)])


async def versions_in_log(pool: Pool) -> dict[str, list[int]]:
    """What the log has of each stream."""
    rows = await pool.fetch("select stream_id, version from eventstore.events order by stream_id, version")
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(str(row["stream_id"]), []).append(row["version"])
    return found


async def test_all_events_arrive_once_and_in_order(pool: Pool, writer: Writer[ChargeEvent]) -> None:
    await a_few_lives(writer, 30)
    sink = MemoryStream()
    relay = relay_of(pool, sink, batch_events_max=20)
    while await relay.advance():
        pass
    assert versions_by_stream(await sink.records()) == await versions_in_log(pool)
    assert await relay.lag_seconds() == 0


async def test_a_record_holds_the_event_as_the_log_has_it(pool: Pool, writer: Writer[ChargeEvent]) -> None:
    await writer.commit(append(new_stream(), created(4321)))
    sink = MemoryStream()
    await relay_of(pool, sink).advance()
    (record,) = [one for shard in await sink.records() for one in read_shard(shard)]
    assert record.events is not None
    (event,) = record.events
    row = await pool.fetchrow("select *, tx::text::bigint as tx_number from eventstore.events")
    assert row is not None
    assert (event.tx, event.pos, event.event_id, event.type, event.schema_version) == (
        row["tx_number"],
        row["pos"],
        row["event_id"],
        row["type"],
        row["schema_version"],
    )
    assert bytes(event.data).decode() == row["data"]
    assert event.recorded_at == row["recorded_at"]


async def test_an_event_that_this_version_cannot_read_is_passed_on(pool: Pool, owner_pool: Pool) -> None:
    await owner_pool.execute(
        """insert into eventstore.events (stream_id, version, event_id, type, schema_version, data, metadata)
        values (gen_random_uuid(), 1, gen_random_uuid(), 'charge.of_tomorrow', 7, '{"a": 1}', '{}')"""
    )
    sink = MemoryStream()
    assert await relay_of(pool, sink).advance() == 1
    (record,) = [one for shard in await sink.records() for one in read_shard(shard)]
    assert record.events is not None
    assert (record.events[0].type, record.events[0].schema_version) == ("charge.of_tomorrow", 7)


async def test_no_transaction_is_open_during_a_call(
    pool: Pool, owner_pool: Pool, writer: Writer[ChargeEvent]
) -> None:
    """An open one would hold back every reader of the log."""
    await a_few_lives(writer, 5)
    open_transactions: list[int] = []

    class Looking(MemoryStream):
        async def put(self, records: Sequence[StreamRecord]) -> frozenset[int]:
            open_transactions.append(
                await owner_pool.fetchval(
                    """select count(*) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()
                      and (backend_xid is not null or backend_xmin is not null or state like 'idle in transaction%')"""
                )
            )
            return await super().put(records)

    await relay_of(pool, Looking()).advance()
    assert open_transactions == [0]


async def test_an_outage_keeps_what_was_sent_before_it(pool: Pool, writer: Writer[ChargeEvent]) -> None:
    for _ in range(3):
        await writer.commit(append(new_stream(), created()))
    sink = MemoryStream()
    relay = relay_of(pool, sink, batch_events_max=1)
    await relay.advance()
    sink.is_away = True
    with pytest.raises(SinkUnavailable):
        await relay.advance()
    assert await relay.lag_seconds() > 0
    sink.is_away = False
    while await relay.advance():
        pass
    assert versions_by_stream(await sink.records()) == await versions_in_log(pool)


async def test_a_relay_goes_on_by_itself_after_an_outage(pool: Pool, writer: Writer[ChargeEvent]) -> None:
    await a_few_lives(writer, 5)
    sink = MemoryStream()
    sink.is_away = True
    relay = relay_of(pool, sink)
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(0)
    sink.is_away = False

    async def all_arrived() -> bool:
        return versions_by_stream(await sink.records()) == await versions_in_log(pool)

    await eventually(all_arrived)
    relay.stop()
    await running


async def test_a_stop_while_records_fail_keeps_the_first_unsent(
    pool: Pool, writer: Writer[ChargeEvent]
) -> None:
    await a_few_lives(writer, 6)
    sink = MemoryStream(fails=lambda: True)
    relay = relay_of(pool, sink)
    running = asyncio.create_task(relay.run())

    async def called_twice() -> bool:
        return sink.calls >= 2

    await eventually(called_twice)
    relay.stop()
    await running
    assert await RelayCheckpoints(pool).of(SINK) == Place(0, 0)
    after = MemoryStream()
    await relay_of(pool, after).advance()
    assert versions_by_stream(await after.records()) == await versions_in_log(pool)


async def test_a_second_relay_is_fenced_and_loses_nothing(pool: Pool, writer: Writer[ChargeEvent]) -> None:
    await a_few_lives(writer, 10)
    sink = MemoryStream()
    second = relay_of(pool, sink)

    class Overtaken(MemoryStream):
        async def put(self, records: Sequence[StreamRecord]) -> frozenset[int]:
            await second.advance()
            return await sink.put(records)

    with pytest.raises(RelayFenced):
        await relay_of(pool, Overtaken()).advance()
    arrived = versions_by_stream(await sink.records())
    assert {stream: first_arrivals(found) for stream, found in arrived.items()} == await versions_in_log(pool)
    assert await second.advance() == 0


@settings(
    max_examples=15,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
async def test_crashes_and_failures_lose_nothing(pool: Pool, writer: Writer[ChargeEvent], seed: int) -> None:
    """A relay that is killed after a call is replaced by one that sends some records again, and none too early."""
    random = Random(seed)
    await a_few_lives(writer, random.randint(1, 12))
    sink = MemoryStream(fails=lambda: random.random() < 0.3)
    name = f"memory:{seed}"
    batch_events_max = random.randint(1, 30)
    is_done = False
    while not is_done:
        sink.crashes_after_next = random.random() < 0.3
        try:
            relay = relay_of(
                pool,
                sink,
                sink_name=name,
                batch_events_max=batch_events_max,
                checkpoints=DyingCheckpoints(pool, random),
            )
            is_done = not await relay.advance()
        except Crash:
            continue
    arrived = versions_by_stream(await sink.records())
    assert {stream: first_arrivals(found) for stream, found in arrived.items()} == await versions_in_log(pool)


async def test_kinesis_that_refuses_records_gets_all_of_them(
    pool: Pool, writer: Writer[ChargeEvent], aws_url: str
) -> None:
    await a_few_lives(writer, 60)
    async with (
        failing_in_part(aws_url, Random(17), share=0.4) as proxy,
        kinesis_stream(aws_url, through=proxy) as stream,
    ):
        relay = relay_of(pool, stream, sink_name=f"kinesis:{stream.name}", batch_events_max=50)
        while await relay.advance():
            pass
        assert versions_by_stream(await stream.records()) == await versions_in_log(pool)
