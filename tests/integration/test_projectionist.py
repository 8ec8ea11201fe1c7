"""The projectionist: what the view holds after it followed the log, on real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId, charge_of
from fincore.domain.public_event import public_event
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.eventstore.parked_streams import parked_streams
from fincore.eventstore.subscription import Checkpoint, Fenced, Subscription
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection, Pool
from fincore.read.paymentdb.dispute_queries import DisputeQueries
from fincore.read.paymentdb.dispute_view import DisputeView
from fincore.read.paymentdb.event_queries import EventQueries
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.paymentdb.refund_queries import RefundQueries
from fincore.read.paymentdb.refund_view import RefundView
from fincore.read.projectionist.fold import view_of_stream
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import Rebuilt, rebuild
from fixtures.commits import MERCHANT, append, captured, created
from fixtures.traffic import (
    aftermaths,
    disputed,
    failovers,
    fates,
    follow,
    live,
    read_all,
    refunding,
    running_writer,
    store_pool,
)


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
def log(pool: Pool) -> EventLog[ChargeEvent]:
    return EventLog(pool, CHARGE_EVENTS)


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as pool:
        yield pool


NOTHING: dict[str, list[object]] = {"charges": [], "refunds": [], "disputes": [], "events": []}
KEYS = {"charges": "charge_id", "refunds": "refund_id", "disputes": "dispute_id", "events": "event_id"}


async def rows(paymentdb: Pool) -> dict[str, list[dict[str, object]]]:
    return {
        table: [dict(row) for row in await paymentdb.fetch(f"select * from {table} order by {key}")]  # noqa: S608 -- the names above
        for table, key in KEYS.items()
    }


async def assert_views_tell_the_log(
    paymentdb: Pool, log: EventLog[ChargeEvent], streams: Sequence[StreamId]
) -> None:
    charges, events = ChargeQueries(paymentdb), EventQueries(paymentdb)
    refunds, disputes = RefundQueries(paymentdb), DisputeQueries(paymentdb)
    for stream in streams:
        recorded = await log.load(stream)
        view, charge_id = view_of_stream(recorded), charge_of(stream)
        assert view is not None
        assert await charges.find(MERCHANT, False, charge_id) == view
        assert await events.timeline(MERCHANT, False, charge_id) == [
            public_event(event) for event in recorded
        ]
        for refund in view.charge.refunds:
            assert await refunds.find(MERCHANT, False, refund.refund_id) == RefundView(
                charge_id=charge_id,
                charge_version=view.charge.version,
                merchant_id=MERCHANT,
                livemode=False,
                currency=view.charge.amount.currency,
                refund=refund,
            )
        for dispute in view.charge.disputes:
            assert await disputes.find(MERCHANT, False, dispute.dispute_id) == DisputeView(
                charge_id=charge_id, merchant_id=MERCHANT, livemode=False, dispute=dispute
            )


async def test_the_view_holds_what_folding_the_stream_gives(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool
) -> None:
    streams = await live(writer, fates() * 3 + aftermaths() + failovers())
    applied = await follow(log, paymentdb, Projectionist())
    held = {table: len(found) for table, found in (await rows(paymentdb)).items()}
    assert held == {"charges": len(streams), "refunds": 9, "disputes": 5, "events": applied}
    await assert_views_tell_the_log(paymentdb, log, streams)


@pytest.mark.parametrize("batch_events_max", [1, 2, 7, 1_000])
async def test_view_is_equal_for_any_batch_size(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, batch_events_max: int
) -> None:
    streams = await live(writer, fates() + aftermaths())
    await follow(log, paymentdb, Projectionist(), batch_events_max=batch_events_max)
    await assert_views_tell_the_log(paymentdb, log, streams)


async def test_rebuilding_from_zero_gives_the_live_view_row_for_row(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    await live(writer, fates())
    await follow(log, paymentdb, Projectionist())
    await live(writer, fates() + aftermaths())
    await follow(log, paymentdb, Projectionist(), batch_events_max=3)
    before = await rows(paymentdb)
    await owner_pool.execute(
        "delete from paymentdb.checkpoints;"
        "truncate paymentdb.charges, paymentdb.refunds, paymentdb.disputes, paymentdb.events"
    )
    await follow(log, paymentdb, Projectionist())
    assert before == await rows(paymentdb)


async def test_repeated_events_change_no_view(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool
) -> None:
    await live(writer, fates() + aftermaths())
    applied = await follow(log, paymentdb, Projectionist())
    before = await rows(paymentdb)
    await paymentdb.execute("update checkpoints set tx = 0, pos = 0")
    assert await follow(log, paymentdb, Projectionist(), batch_events_max=4) == applied
    assert before == await rows(paymentdb)


INDEXES_AND_GRANTS = """
select indexname as name, indexdef as what from pg_indexes where schemaname = 'paymentdb'
union all
select conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'paymentdb'::regnamespace
union all
select relname, relacl::text from pg_class where relnamespace = 'paymentdb'::regnamespace and relkind = 'r'
order by name, what
"""


@pytest.mark.parametrize("batch_events", [1, 3, 1_000])
async def test_rebuilt_view_equals_live_view_row_for_row(
    writer: Writer[ChargeEvent],
    log: EventLog[ChargeEvent],
    paymentdb: Pool,
    owner_pool: Pool,
    batch_events: int,
) -> None:
    await live(writer, fates() + aftermaths())
    applied = await follow(log, paymentdb, Projectionist())
    before = await rows(paymentdb)
    indexed = await owner_pool.fetch(INDEXES_AND_GRANTS)
    for _ in range(2):
        await owner_pool.execute(
            "update paymentdb.charges set description = 'wrong'; delete from paymentdb.refunds;"
            "update paymentdb.events set data = '{}'; update paymentdb.disputes set status = 'lost'"
        )
        assert (await rebuild(log, owner_pool, batch_events=batch_events)).events == applied
        assert await rows(paymentdb) == before
        assert await owner_pool.fetch(INDEXES_AND_GRANTS) == indexed
    assert await follow(log, paymentdb, Projectionist()) == 0
    streams = await live(writer, fates())
    assert await follow(log, paymentdb, Projectionist()) > 0
    await assert_views_tell_the_log(paymentdb, log, streams)


async def test_a_view_is_rebuilt_from_an_empty_log(
    log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    assert await rebuild(log, owner_pool) == Rebuilt(events=0, rows=0, parked={})
    assert await rows(paymentdb) == NOTHING


async def test_a_rebuild_fences_the_projectionist_that_was_at_work(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    """The projectionist has read its batch when the rebuild takes over; its batch must have no effect."""
    streams = await live(writer, fates())

    class Overtaken:
        async def read_after(self, tx: int, pos: int, *, limit: int) -> list[LoggedEvent[ChargeEvent]]:
            events = await log.read_after(tx, pos, limit=limit)
            await rebuild(log, owner_pool)
            return events

    overtaken = Subscription(
        cast("EventLog[ChargeEvent]", Overtaken()), paymentdb, Projectionist(), batch_events_max=5
    )
    with pytest.raises(Fenced):
        await overtaken.advance()
    assert await follow(log, paymentdb, Projectionist()) == 0
    await assert_views_tell_the_log(paymentdb, log, streams)


class Recording:
    """A projectionist that remembers which events it was asked to apply and which effects stayed."""

    name = "projectionist"

    def __init__(self) -> None:
        self.asked: list[RecordedEvent[ChargeEvent]] = []

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
        await Projectionist().apply(connection, events)
        self.asked += events


async def test_two_runners_of_one_consumer_apply_each_event_once(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool
) -> None:
    streams = await live(writer, fates() * 5)
    kept: list[RecordedEvent[ChargeEvent]] = []

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
    everything = await read_all(log)
    assert sorted(kept, key=lambda e: (e.tx, e.pos)) == everything
    await assert_views_tell_the_log(paymentdb, log, streams)


class Dying:
    """Writes its effects, then dies before the checkpoint's transaction commits."""

    name = "projectionist"

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
        await Projectionist().apply(connection, events)
        assert await connection.fetchval("select count(*) from paymentdb.charges") == 1
        raise ConnectionResetError("killed")


async def test_a_death_between_effects_and_commit_takes_both_back(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool
) -> None:
    streams = await live(writer, [(created(), captured())])
    dying = Subscription(log, paymentdb, Dying())
    with pytest.raises(ConnectionResetError, match="killed"):
        await dying.advance()
    assert await rows(paymentdb) == NOTHING
    assert await dying.checkpoint() == Checkpoint(0, 0)
    await follow(log, paymentdb, Projectionist())
    await assert_views_tell_the_log(paymentdb, log, streams)


async def test_batch_takes_at_most_six_statements(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool
) -> None:
    place = (0, 0)

    async def statements() -> int:
        nonlocal place
        batch = await read_all(log, after=place)
        place = (batch[-1].tx, batch[-1].pos)
        seen: list[str] = []
        async with paymentdb.acquire() as connection:
            with connection.query_logger(lambda record: seen.append(record.query)):
                await Projectionist().apply(connection, batch)
        return len([query for query in seen if "paymentdb." in query])

    streams = await live(writer, [(created(),)] * 20)
    assert await statements() == 2
    for stream in streams:
        await writer.commit(append(stream, captured(), expected_version=1))
    assert await statements() == 4
    await writer.commit(append(streams[0], refunding(), expected_version=2))
    assert await statements() == 4
    await writer.commit(append(streams[1], disputed(), expected_version=2))
    assert await statements() == 5
    await live(writer, aftermaths())
    await writer.commit(append(streams[2], refunding(), expected_version=2))
    assert await statements() == 6


async def test_view_missing_an_event_parks_the_stream(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    (stream,) = await live(writer, [(created(),)])
    await follow(log, paymentdb, Projectionist())
    await owner_pool.execute("truncate paymentdb.charges, paymentdb.events")
    await writer.commit(append(stream, captured(), expected_version=1))
    await follow(log, paymentdb, Projectionist())
    assert await rows(paymentdb) == NOTHING
    (parked,) = await parked_streams(paymentdb, "projectionist")
    assert (parked.stream_id, parked.since_version) == (stream, 2)
    assert "check the log with `fincore check`, then rebuild the view" in parked.reason
