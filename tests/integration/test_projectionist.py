"""The projectionist: what the view holds after it followed the log, on real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from fincore.domain.events import RecordedEvent
from fincore.domain.ids import StreamId, charge_of
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Checkpoint, Fenced, Subscription
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection, Pool
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.projectionist.fold import EventMissing, view_of_stream
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import rebuild
from fixtures.commits import MERCHANT, append, captured, created
from fixtures.traffic import fates, follow, live, running_writer, store_pool


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
def log(pool: Pool) -> EventLog:
    return EventLog(pool)


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as pool:
        yield pool


async def rows(paymentdb: Pool) -> list[dict[str, object]]:
    return [dict(row) for row in await paymentdb.fetch("select * from charges order by charge_id")]


async def assert_views_tell_the_log(paymentdb: Pool, log: EventLog, streams: Sequence[StreamId]) -> None:
    queries = ChargeQueries(paymentdb)
    for stream in streams:
        assert await queries.find(MERCHANT, False, charge_of(stream)) == view_of_stream(
            await log.load(stream)
        )


async def test_the_view_holds_what_folding_the_stream_gives(
    writer: Writer, log: EventLog, paymentdb: Pool
) -> None:
    streams = await live(writer, fates() * 3)
    await follow(log, paymentdb, Projectionist())
    assert len(await rows(paymentdb)) == len(streams)
    await assert_views_tell_the_log(paymentdb, log, streams)


@pytest.mark.parametrize("batch_events_max", [1, 2, 7, 1_000])
async def test_the_size_of_the_batches_leaves_no_trace(
    writer: Writer, log: EventLog, paymentdb: Pool, batch_events_max: int
) -> None:
    streams = await live(writer, fates())
    await follow(log, paymentdb, Projectionist(), batch_events_max=batch_events_max)
    await assert_views_tell_the_log(paymentdb, log, streams)


async def test_rebuilding_from_zero_gives_the_live_view_row_for_row(
    writer: Writer, log: EventLog, paymentdb: Pool, owner_pool: Pool
) -> None:
    await live(writer, fates())
    await follow(log, paymentdb, Projectionist())
    await live(writer, fates() * 2)
    await follow(log, paymentdb, Projectionist(), batch_events_max=3)
    before = await rows(paymentdb)
    await owner_pool.execute("delete from paymentdb.checkpoints; truncate paymentdb.charges")
    await follow(log, paymentdb, Projectionist())
    assert before == await rows(paymentdb)


async def test_events_seen_before_change_nothing(writer: Writer, log: EventLog, paymentdb: Pool) -> None:
    await live(writer, fates())
    applied = await follow(log, paymentdb, Projectionist())
    before = await rows(paymentdb)
    await paymentdb.execute("update checkpoints set tx = 0, pos = 0")
    assert await follow(log, paymentdb, Projectionist(), batch_events_max=4) == applied
    assert before == await rows(paymentdb)


@pytest.mark.parametrize("batch_events", [1, 3, 1_000])
async def test_the_view_folded_beside_the_live_one_takes_its_place_row_for_row(
    writer: Writer, log: EventLog, paymentdb: Pool, owner_pool: Pool, batch_events: int
) -> None:
    await live(writer, fates() * 2)
    applied = await follow(log, paymentdb, Projectionist())
    before = await rows(paymentdb)
    indexes = "select indexname, indexdef from pg_indexes where schemaname = 'paymentdb' order by indexname"
    indexed = await owner_pool.fetch(indexes)
    for _ in range(2):
        await owner_pool.execute("update paymentdb.charges set description = 'wrong'")
        assert (await rebuild(log, owner_pool, batch_events=batch_events)).events == applied
        assert await rows(paymentdb) == before
        assert await owner_pool.fetch(indexes) == indexed
    assert await follow(log, paymentdb, Projectionist()) == 0
    streams = await live(writer, fates())
    assert await follow(log, paymentdb, Projectionist()) > 0
    await assert_views_tell_the_log(paymentdb, log, streams)


async def test_a_view_is_rebuilt_from_an_empty_log(log: EventLog, paymentdb: Pool, owner_pool: Pool) -> None:
    assert await rebuild(log, owner_pool) == (0, 0)
    assert await rows(paymentdb) == []


async def test_a_rebuild_fences_the_projectionist_that_was_at_work(
    writer: Writer, log: EventLog, paymentdb: Pool, owner_pool: Pool
) -> None:
    """The projectionist has read its batch when the rebuild takes over; its batch must have no effect."""
    streams = await live(writer, fates())

    class Overtaken:
        async def read_after(self, tx: int, pos: int, *, limit: int) -> list[RecordedEvent]:
            events = await log.read_after(tx, pos, limit=limit)
            await rebuild(log, owner_pool)
            return events

    overtaken = Subscription(cast("EventLog", Overtaken()), paymentdb, Projectionist(), batch_events_max=5)
    with pytest.raises(Fenced):
        await overtaken.advance()
    assert await follow(log, paymentdb, Projectionist()) == 0
    await assert_views_tell_the_log(paymentdb, log, streams)


class Recording:
    """A projectionist that remembers which events it was asked to apply and whose effects stayed."""

    name = "projectionist"

    def __init__(self) -> None:
        self.asked: list[RecordedEvent] = []

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent]) -> None:
        await Projectionist().apply(connection, events)
        self.asked += events


async def test_two_runners_of_one_consumer_apply_each_event_once(
    writer: Writer, log: EventLog, paymentdb: Pool
) -> None:
    streams = await live(writer, fates() * 5)
    kept: list[RecordedEvent] = []

    async def run() -> None:
        while True:
            consumer = Recording()
            try:
                applied = await Subscription(log, paymentdb, consumer, batch_events_max=5).advance()
            except Fenced:
                continue
            if not applied:
                return
            kept.extend(consumer.asked)

    await asyncio.gather(run(), run())
    everything = await log.read_after(0, 0, limit=10_000)
    assert sorted(kept, key=lambda e: (e.tx, e.pos)) == everything
    await assert_views_tell_the_log(paymentdb, log, streams)


class Dying:
    """Writes its effects, then dies before the checkpoint's transaction commits."""

    name = "projectionist"

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent]) -> None:
        await Projectionist().apply(connection, events)
        assert await connection.fetchval("select count(*) from paymentdb.charges") == 1
        raise RuntimeError("killed")


async def test_a_death_between_effects_and_commit_takes_both_back(
    writer: Writer, log: EventLog, paymentdb: Pool
) -> None:
    streams = await live(writer, [(created(), captured())])
    dying = Subscription(log, paymentdb, Dying())
    with pytest.raises(RuntimeError, match="killed"):
        await dying.advance()
    assert await rows(paymentdb) == []
    assert await dying.checkpoint() == Checkpoint(0, 0)
    await follow(log, paymentdb, Projectionist())
    await assert_views_tell_the_log(paymentdb, log, streams)


async def test_a_view_that_missed_an_event_stays_behind_rather_than_lie(
    writer: Writer, log: EventLog, paymentdb: Pool, owner_pool: Pool
) -> None:
    (stream,) = await live(writer, [(created(),)])
    await follow(log, paymentdb, Projectionist())
    await owner_pool.execute("truncate paymentdb.charges")
    await writer.commit(append(stream, captured(), expected_version=1))
    with pytest.raises(EventMissing, match="rebuild the view"):
        await follow(log, paymentdb, Projectionist())
    assert await rows(paymentdb) == []
