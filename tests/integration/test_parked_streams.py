"""Streams that a consumer cannot apply: found without a trace, left alone while all others go on, taken up again whole."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId, charge_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import (
    PARKED_STREAMS_MAX,
    StillInapplicable,
    TooManyParked,
    parked_streams,
    resume,
)
from fincore.eventstore.subscription import Checkpoint, Subscription
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.projectionist.fold import view_of_stream
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, append, captured, created, new_stream
from fixtures.traffic import fates, follow, live, read_all, refunded, refunding, running_writer, store_pool


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
def log(pool: Pool) -> EventLog[ChargeEvent]:
    return EventLog(pool, CHARGE_EVENTS, name_of=stream_name)


@pytest.fixture
async def target(owner_pool: Pool) -> Pool:
    """A store of a consumer: its checkpoint, its parked streams, and a note of each event it applied."""
    await owner_pool.execute("create table checkpoints (like paymentdb.checkpoints including all)")
    await owner_pool.execute("create table parked_streams (like paymentdb.parked_streams including all)")
    await owner_pool.execute(
        "create table seen (stream_id uuid, version int, note text check (note <> 'bad'))"
    )
    return owner_pool


class Picky:
    """Notes each event, and cannot stand some."""

    name = "picky"

    def __init__(self, *inapplicable: tuple[StreamId, int], error: Exception | None = None) -> None:
        self.inapplicable = set(inapplicable)
        self.error = error or ValueError("cannot stand it")
        self.asked = 0

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
        self.asked += 1
        for event in events:
            await connection.execute("insert into seen values ($1, $2)", event.stream_id, event.version)
            if (event.stream_id, event.version) in self.inapplicable:
                raise self.error


async def seen(target: Pool) -> list[tuple[StreamId, int]]:
    rows = await target.fetch("select stream_id, version from seen order by stream_id, version")
    return [(row["stream_id"], row["version"]) for row in rows]


async def written(log: EventLog[ChargeEvent]) -> list[tuple[StreamId, int]]:
    return sorted((event.stream_id, event.version) for event in await read_all(log))


async def parked(target: Pool, name: str = "picky") -> list[tuple[StreamId, int, str]]:
    return [(one.stream_id, one.since_version, one.reason) for one in await parked_streams(target, name)]


@pytest.mark.parametrize("batch_events_max", [1, 3, 1_000])
async def test_stream_with_failing_event_is_parked_and_others_applied(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool, batch_events_max: int
) -> None:
    refund = refunding()
    lives: list[tuple[ChargeEvent, ...]] = [(created(), captured(), refund, refunded(refund))] * 9
    streams = await live(writer, lives)
    picky = Picky((streams[2], 1), (streams[4], 2), (streams[7], 4))
    assert await follow(log, target, picky, batch_events_max=batch_events_max) == 36
    left_out = {
        *((streams[2], version) for version in (1, 2, 3, 4)),
        *((streams[4], version) for version in (2, 3, 4)),
        (streams[7], 4),
    }
    assert await seen(target) == [event for event in await written(log) if event not in left_out]
    assert sorted(await parked(target)) == sorted(
        (stream, version, "ValueError: cannot stand it") for stream, version in picky.inapplicable
    )


async def test_a_batch_is_searched_by_halves(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    streams = await live(writer, [(created(),)] * 64)
    picky = Picky((streams[40], 1))
    await follow(log, target, picky)
    # The batch, two halves of each of 6 levels, the one stream event by event, and what is left.
    assert picky.asked <= 1 + 1 + 2 * 6 + 1 + 1
    assert len(await seen(target)) == 63


async def test_later_events_of_a_parked_stream_are_not_even_tried(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    (bad,) = await live(writer, [(created(),)])
    await follow(log, target, Picky((bad, 1)))
    await writer.commit(append(bad, captured(), expected_version=1))
    (good,) = await live(writer, [(created(),)])
    picky = Picky()
    assert await follow(log, target, picky) == 2
    assert (await seen(target), picky.asked) == ([(good, 1)], 1)
    assert [(stream, since) for stream, since, _ in await parked(target)] == [(bad, 1)]


async def test_a_stream_taken_up_again_is_caught_up_and_followed(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    (bad,) = await live(writer, [(created(),)])
    picky = Picky((bad, 2))
    await follow(log, target, picky)
    refund = refunding()
    await writer.commit(append(bad, captured(), refund, expected_version=1))
    await follow(log, target, picky)
    assert await seen(target) == [(bad, 1)]
    await writer.commit(append(bad, refunded(refund), expected_version=3))  # not followed yet
    assert await resume(log, target, Picky(), bad) == 2
    assert await seen(target) == [(bad, 1), (bad, 2), (bad, 3)]
    assert await parked(target) == []
    assert await follow(log, target, Picky()) == 1
    assert await seen(target) == [(bad, 1), (bad, 2), (bad, 3), (bad, 4)]
    assert await resume(log, target, Picky(), bad) is None


async def test_a_stream_that_still_cannot_be_applied_stays_parked(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    (bad,) = await live(writer, [(created(), captured())])
    await follow(log, target, Picky((bad, 1)))
    before = await parked(target)
    with pytest.raises(StillInapplicable, match=f"{charge_of(bad)} stays parked for picky: version 2"):
        await resume(log, target, Picky((bad, 2)), bad)
    assert await parked(target) == before
    assert await seen(target) == []


async def test_streams_resumed_under_running_consumer_lose_nothing(
    pool: Pool, log: EventLog[ChargeEvent], target: Pool
) -> None:
    """Streams are parked and taken up again all the time, while a tail follows several writers."""
    streams = [new_stream() for _ in range(20)]
    picky = Picky(*((stream, 2) for stream in streams[:5]), *((stream, 4) for stream in streams[3:8]))
    subscription = Subscription(log, target, picky, batch_events_max=7)
    tail = asyncio.create_task(subscription.run())

    async def write(stream: StreamId) -> None:
        refund = refunding()
        events: tuple[ChargeEvent, ...] = (created(), captured(), refund, refunded(refund))
        for version, event in enumerate(events):
            await writers[hash(stream) % 3].commit(append(stream, event, expected_version=version))

    async def take_up() -> None:
        while True:
            for one in await parked_streams(target, "picky"):
                # One event at a time is mended; a stream that holds a second one stays parked until the next round.
                for mended in sorted(bad for bad in picky.inapplicable if bad[0] == one.stream_id)[:1]:
                    picky.inapplicable.discard(mended)
                with contextlib.suppress(StillInapplicable):
                    await resume(log, target, picky, one.stream_id)
            await asyncio.sleep(0.001)

    taking_up = asyncio.create_task(take_up())
    async with contextlib.AsyncExitStack() as stack:
        writers = [await stack.enter_async_context(running_writer(pool)) for _ in range(3)]
        await asyncio.gather(*map(write, streams))
    while await subscription.lag_seconds() or await parked_streams(target, "picky"):
        await asyncio.sleep(0.01)
    taking_up.cancel()
    subscription.stop()
    await tail
    assert await seen(target) == await written(log)


async def test_unreadable_event_parks_its_stream_with_reason(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    unknown, broken, good = await live(writer, [(created(), captured())] * 3)
    async with target.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        change = "update eventstore.events set {} where stream_id = $1 and version = 2"
        await connection.execute(change.format("type = 'charge.teleported'"), unknown)
        await connection.execute(change.format("""data = '{"amount_minor": "4242424242424242"}'"""), broken)
        await connection.execute("set session_replication_role = origin")
    assert await follow(log, target, Picky()) == 6
    assert await seen(target) == sorted([(unknown, 1), (broken, 1), (good, 1), (good, 2)])
    assert sorted(await parked(target)) == sorted(
        [
            (unknown, 2, "no reader for event charge.teleported version 2"),
            (broken, 2, "charge.captured version 2 does not hold what it should"),
        ]
    )
    with pytest.raises(StillInapplicable, match="no reader"):
        await resume(log, target, Picky(), unknown)


async def test_value_the_driver_refuses_parks_with_its_message(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    """What asyncpg refuses by itself has its value in the text; the value is left out, the reason stays."""
    large, secret = await live(writer, [(created(),), (created(),)])

    class Unfit(Picky):
        async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
            for event in events:
                if event.stream_id == large:
                    await connection.execute("insert into seen (version) values ($1::bigint)", 2**63)
                else:
                    await connection.execute(
                        "insert into seen values ($1::uuid)", "whsec_of_ours 4242424242424242"
                    )

    await follow(log, target, Unfit())
    reasons = {stream: reason for stream, _, reason in await parked(target)}
    assert reasons[large] == "DataError: invalid input for query argument $1: value out of int64 range"
    assert reasons[secret].startswith("DataError: invalid input for query argument $1: invalid UUID '...'")
    assert not re.search("whsec|4242", reasons[secret])


async def test_error_with_secrets_parks_with_its_message_masked(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    (bad,) = await live(writer, [(created(),)])
    error = ValueError("cannot use sk_test_abcdefghijklmnop for card 4242 4242 4242 4242 of ch_1")
    await follow(log, target, Picky((bad, 1), error=error))
    ((_, _, reason),) = await parked(target)
    assert reason.startswith("ValueError: cannot use sk_test_[redacted] for card ")
    assert reason.endswith(" of ch_1")
    assert "4242" not in reason


async def test_row_refused_by_database_parks_stream_without_the_row(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    bad, good = await live(writer, [(created(),), (created(),)])

    class Refused(Picky):
        async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
            for event in events:
                note = "bad" if event.stream_id == bad else "good"
                await connection.execute(
                    "insert into seen values ($1, $2, $3)", event.stream_id, event.version, note
                )

    await follow(log, target, Refused())
    assert await seen(target) == [(good, 1)]
    ((stream, _, reason),) = await parked(target)
    assert stream == bad
    assert reason.startswith("CheckViolationError: new row for relation")
    assert "Failing row" not in reason


async def test_a_reason_never_holds_a_card_number(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    (bad,) = await live(writer, [(created(),)])
    await follow(log, target, Picky((bad, 1), error=ValueError("what is 4242 4242 4242 4242?")))
    assert await parked(target) == [(bad, 1, "ValueError: what is [card number]?")]


FAULTS_OF_THE_MACHINE = [
    ConnectionResetError(),
    TimeoutError(),
    MemoryError(),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.DiskFullError("disk full"),
    asyncpg.InsufficientPrivilegeError("not allowed"),
    asyncpg.UndefinedTableError("no such table"),
]


@pytest.mark.parametrize("error", FAULTS_OF_THE_MACHINE, ids=lambda error: type(error).__name__)
async def test_machine_fault_parks_no_stream(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool, error: Exception
) -> None:
    (stream,) = await live(writer, [(created(),)])
    picky = Picky((stream, 1), error=error)
    subscription = Subscription(log, target, picky)
    with pytest.raises(type(error)):
        await subscription.advance()
    assert (await parked(target), await seen(target), picky.asked) == ([], [], 1)
    assert await subscription.checkpoint() == Checkpoint(0, 0)


async def test_consumer_above_parked_limit_stops(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], target: Pool
) -> None:
    streams = await live(writer, [(created(),)] * (PARKED_STREAMS_MAX + 1))
    subscription = Subscription(log, target, Picky(*((stream, 1) for stream in streams)))
    with pytest.raises(TooManyParked, match="picky would have to park more than 100 streams"):
        await subscription.advance()
    assert (await parked(target), await seen(target)) == ([], [])
    assert await subscription.checkpoint() == Checkpoint(0, 0)
    fewer = Subscription(log, target, Picky(*((stream, 1) for stream in streams[1:])))
    await fewer.advance()
    assert len(await parked(target)) == PARKED_STREAMS_MAX


async def test_view_keeps_parked_charge_at_its_last_good_event(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], dsn: str
) -> None:
    streams = await live(writer, fates())
    (bad,) = await live(writer, [(created(), captured())])
    # Nothing leads from succeeded to succeeded.
    await writer.commit(append(bad, captured(), expected_version=2))
    async with store_pool(dsn, "paymentdb") as paymentdb:
        await follow(log, paymentdb, Projectionist())
        queries = ChargeQueries(paymentdb)
        for stream in streams:
            shown = await queries.find(MERCHANT, False, charge_of(stream))
            assert shown == view_of_stream(await log.load(stream))
        assert await queries.find(MERCHANT, False, charge_of(bad)) == view_of_stream(
            (await log.load(bad))[:2]
        )
        assert await parked(paymentdb, "projectionist") == [
            (bad, 3, "EventImpossible: event 3, charge.captured, cannot follow those before it")
        ]


async def test_the_ledger_books_all_but_a_parked_charge(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], dsn: str, owner_pool: Pool
) -> None:
    good, bad = await live(writer, [(created(), captured()), (created(), captured())])
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update eventstore.events set type = 'charge.teleported' where stream_id = $1 and version = 2",
            bad,
        )
    async with store_pool(dsn, "ledgerdb") as ledgerdb:
        ledger = LedgerService()
        await follow(log, ledgerdb, ledger)
        assert [row["stream_id"] for row in await ledgerdb.fetch("select stream_id from entries")] == [good]
        assert [(stream, since) for stream, since, _ in await parked(ledgerdb, "ledger")] == [(bad, 2)]
        async with owner_pool.acquire() as connection:
            await connection.execute("set session_replication_role = replica")
            await connection.execute(
                "update eventstore.events set type = 'charge.captured' where stream_id = $1 and version = 2",
                bad,
            )
        assert await resume(log, ledgerdb, ledger, bad) == 1
        assert await ledgerdb.fetchval("select count(*) from entries where stream_id = $1", bad) == 1
        assert await parked(ledgerdb, "ledger") == []
