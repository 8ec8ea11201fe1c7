"""The invariant of positions: it holds while shards are given and at zero lag, and names each planted fault."""

from collections.abc import AsyncIterator

import pytest

from fincore.audit.invariants.invariant import Violation
from fincore.audit.invariants.stream_positions_agree_with_the_log import STREAM_POSITIONS_AGREE_WITH_THE_LOG
from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.domain.clock import SystemClock
from fincore.domain.ids import charge_of
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.stream_positions import StreamPositions
from fincore.eventstore.subscription import Subscription
from fincore.notify.fan_out import FanOut
from fincore.postgres.pool import Pool
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import rebuild, verify
from fincore.relay.doorbell import Doorbell
from fincore.relay.shard_consumer import ShardConsumer
from fixtures.commits import append, captured, created
from fixtures.event_sinks import MemoryStream
from fixtures.shards import positions, read_records, relay_all, versions_of_log
from fixtures.traffic import aftermaths, authorized, fates, live, running_writer


@pytest.fixture
async def stores(databases: Databases) -> AsyncIterator[Stores]:
    async with open_stores(databases, application_name="tests-positions") as stores:
        yield stores


async def broken(stores: Stores) -> list[Violation]:
    return await STREAM_POSITIONS_AGREE_WITH_THE_LOG.check(stores)


async def test_it_holds_while_shards_are_given_and_at_zero_lag(stores: Stores, owner_pool: Pool) -> None:
    log = EventLog(stores.eventstore, LOG_EVENTS)
    view = ShardConsumer(log, stores.paymentdb, Projectionist())
    told = ShardConsumer(log, stores.notify, FanOut(SystemClock()))
    async with running_writer(stores.eventstore) as writer:
        await live(writer, fates() + aftermaths())
    sink = MemoryStream()
    await relay_all(stores.eventstore, sink)
    records = [record for shard in await sink.records() for record in read_records(shard)]
    for begin in range(0, len(records), 20):
        await view.take(records[begin : begin + 20])
        await told.take(records[begin : begin + 20])
        assert await broken(stores) == []
    # At zero lag each stream stands where the log ends, and the view is what the log makes of it.
    ends = {stream_id: len(versions) for stream_id, versions in (await versions_of_log(owner_pool)).items()}
    assert await positions(stores.paymentdb, "projectionist") == ends
    assert await positions(stores.notify, "notify") == ends
    _, differences = await verify(log, owner_pool, batch_events=50)
    assert differences == []
    reader = Subscription(
        log, stores.paymentdb, Projectionist(), positions=StreamPositions(Projectionist.name)
    )
    while await reader.advance():
        pass
    assert await positions(stores.paymentdb, "projectionist") == {}
    assert await broken(stores) == []


async def test_shards_go_on_from_where_a_rebuild_ended(stores: Stores, owner_pool: Pool) -> None:
    """What shards had applied beyond that place is found by the next record of its charge, or by the doorbell."""
    log = EventLog(stores.eventstore, LOG_EVENTS)
    consumer, sink = ShardConsumer(log, stores.paymentdb, Projectionist()), MemoryStream()

    async def take_all() -> None:
        await relay_all(stores.eventstore, sink)
        for shard in await sink.records():
            await consumer.take(read_records(shard))

    async with running_writer(stores.eventstore) as writer:
        older, newer = await live(writer, [(created(),), (created(),)])
        await take_all()
        until = await log.end()
        for stream_id in (older, newer):
            await writer.commit(append(stream_id, authorized(), expected_version=1))
        await take_all()
        # A rebuild that began before those events takes over after them.
        await _switched(log, owner_pool, until)
        assert await positions(stores.paymentdb, "projectionist") == {}
        await writer.commit(append(older, captured(), expected_version=2))
        sink = MemoryStream()
        await take_all()
    assert await positions(stores.paymentdb, "projectionist") == {older: 3}
    assert await broken(stores) == []
    reader = Subscription(
        log, stores.paymentdb, Projectionist(), positions=StreamPositions(Projectionist.name)
    )
    doorbell = Doorbell(log, reader)
    await doorbell.ring(await doorbell.end())
    assert await positions(stores.paymentdb, "projectionist") == {}
    assert (await verify(log, owner_pool))[1] == []


async def _switched(log: EventLog[LogEvent], owner: Pool, until: tuple[int, int]) -> None:
    """Rebuild the view as it was at a place of the log."""

    class Ended(EventLog[LogEvent]):
        async def end(self) -> tuple[int, int]:
            return until

    await rebuild(Ended(log._pool, LOG_EVENTS), owner)


async def test_each_planted_fault_is_named(stores: Stores, owner_pool: Pool) -> None:
    log = EventLog(stores.eventstore, LOG_EVENTS)
    async with running_writer(stores.eventstore) as writer:
        (charge,) = await live(writer, [(created(), authorized())])
    sink = MemoryStream()
    await relay_all(stores.eventstore, sink)
    records = [record for shard in await sink.records() for record in read_records(shard)]
    await ShardConsumer(log, stores.paymentdb, Projectionist()).take(records)
    await ShardConsumer(log, stores.notify, FanOut(SystemClock())).take(records)
    assert await broken(stores) == []

    async def found(store: str, plant: str, mend: str) -> list[tuple[str, str]]:
        async with owner_pool.acquire() as connection:
            await connection.execute("select set_config('search_path', $1, false)", store)
            await connection.execute(plant)
            violations = await broken(stores)
            await connection.execute(mend)
        assert await broken(stores) == []
        return [(one.where, one.what) for one in violations]

    for store, consumer in (("paymentdb", "projectionist"), ("notify", "notify")):
        where = f"{consumer}, {charge_of(charge)}"
        assert await found(
            store,
            "update stream_positions set version = 3",
            "update stream_positions set version = 2",
        ) == [(where, "stands at version 3, and the log has 2 events")]
        assert await found(
            store,
            "update checkpoints set (tx, pos) = (select max(tx::text::bigint), max(pos) from eventstore.events)",
            "update checkpoints set (tx, pos) = (0, 0)",
        ) == [(where, "stands at version 2, and its checkpoint has passed version 2")]
    assert await found("paymentdb", "update charges set version = 1", "update charges set version = 2") == [
        (f"projectionist, {charge_of(charge)}", "stands at version 2, and the view holds 1 events")
    ]
