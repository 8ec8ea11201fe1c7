"""Building the view again: what a comparison finds, what cannot be folded, and who may look on meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from fincore.backoffice.parked_charges import NotParked, list_parked, resume_parked
from fincore.backoffice.rebuilds import rebuild_paymentdb
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.rebuild import payment_rebuild_text
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import EventId, StreamId, charge_of, public_event_id
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import PARKED_STREAMS_MAX, TooManyParked, parked_streams
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.projectionist import rebuild as rebuilding
from fincore.read.projectionist.fold import view_of_stream
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import DIFFERENCES_NAMED_MAX, Difference, TablesInUse, rebuild, verify
from fixtures.commits import MERCHANT, append, captured, created
from fixtures.traffic import aftermaths, fates, follow, live, running_writer, store_pool


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
def log(pool: Pool) -> EventLog[ChargeEvent]:
    return EventLog(pool, CHARGE_EVENTS, name_of=stream_name)


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as pool:
        yield pool


async def teleport(owner: Pool, stream_id: StreamId, version: int, event_type: str) -> None:
    """Give an event another type behind the log's back."""
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update eventstore.events set type = $3 where stream_id = $1 and version = $2",
            stream_id,
            version,
            event_type,
        )


_STATISTICS = """
select array_agg(stxnamespace::regnamespace || '.' || stxname)
from pg_statistic_ext
where stxrelid = 'paymentdb.charges'::regclass
"""


async def has_tables_beside(owner: Pool) -> bool:
    found: bool = await owner.fetchval("select to_regnamespace('paymentdb_next') is not null")
    return found


async def test_live_view_equals_fold_of_log_row_for_row(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    await live(writer, fates() + aftermaths())
    applied = await follow(log, paymentdb, Projectionist(), batch_events_max=7)
    await live(writer, fates())  # not followed yet: compared is what the view has reached
    rebuilt, differences = await verify(log, owner_pool, batch_events=5)
    assert (rebuilt.events, differences) == (applied, [])
    assert not await has_tables_beside(owner_pool)


async def test_a_comparison_names_what_differs_in_either_direction(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    altered, gone = sorted(await live(writer, [(created(),), (created(),)]))
    await live(writer, aftermaths())
    await follow(log, paymentdb, Projectionist())
    await owner_pool.execute(
        "update paymentdb.charges set description = 'altered' where stream_id = $1", altered
    )
    await owner_pool.execute("delete from paymentdb.charges where stream_id = $1", gone)
    refund_id = await owner_pool.fetchval(
        "delete from paymentdb.refunds where version = 4 returning refund_id"
    )
    await owner_pool.execute(
        "insert into paymentdb.disputes select 'dp_x', charge_id, 1, merchant_id, livemode, psp_reference, status, true,"
        " 1, currency, reason, null, opened_at, updated_at, '[]'::jsonb from paymentdb.disputes limit 1"
    )
    await owner_pool.execute("update paymentdb.events set data = data || '{\"a\": 1}'")
    _, (refunds, disputes, events, charges) = await verify(log, owner_pool)
    assert refunds.table == "refunds"
    assert (refund_id, "is missing in the live table") in refunds.first
    assert disputes == Difference("disputes", 1, [("dp_x", "is only in the live table")])
    assert (events.table, len(events.first)) == ("events", DIFFERENCES_NAMED_MAX)
    assert events.rows == await owner_pool.fetchval("select count(*) from paymentdb.events")
    assert charges == Difference(
        "charges",
        2,
        [(charge_of(altered), "differs"), (charge_of(gone), "is missing in the live table")],
    )


async def test_events_during_comparison_are_no_difference(
    writer: Writer[ChargeEvent],
    log: EventLog[ChargeEvent],
    paymentdb: Pool,
    owner_pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Charges move on and are born between the fold and the comparison, and the live view follows them at once."""
    held = await live(writer, [(created(),)] * 5)
    await live(writer, aftermaths())
    await follow(log, paymentdb, Projectionist())
    build = rebuilding._build

    async def build_slowly(*arguments: object) -> rebuilding.Rebuilt:
        rebuilt = await build(*arguments)  # type: ignore[arg-type]
        for stream_id in held:
            await writer.commit(append(stream_id, captured(), expected_version=1))
        await live(writer, fates() + aftermaths())
        assert await follow(log, paymentdb, Projectionist()) > 0
        return rebuilt

    monkeypatch.setattr(rebuilding, "_build", build_slowly)
    for batch_events in (3, 1_000):
        held = await live(writer, [(created(),)] * 5)
        await follow(log, paymentdb, Projectionist())
        _, differences = await verify(log, owner_pool, batch_events=batch_events)
        assert differences == []


async def test_rebuild_parks_unreadable_stream_and_builds_the_rest(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    streams = await live(writer, fates())
    (bad,) = await live(writer, [(created(), captured())])
    await follow(log, paymentdb, Projectionist())
    await teleport(owner_pool, bad, 2, "charge.teleported")
    rebuilt = await rebuild(log, owner_pool)
    assert {stream: inapplicable.since_version for stream, inapplicable in rebuilt.parked.items()} == {bad: 2}
    queries = ChargeQueries(paymentdb)
    for stream in streams:
        assert await queries.find(MERCHANT, False, charge_of(stream)) == view_of_stream(
            await log.load(stream)
        )
    shown = await queries.find(MERCHANT, False, charge_of(bad))
    assert shown is not None
    assert (shown.charge.version, shown.charge.status) == (1, "processing")
    assert [one.stream_id for one in await parked_streams(paymentdb, "projectionist")] == [bad]
    assert await follow(log, paymentdb, Projectionist()) == 0
    # Once it can be read again, the next rebuild forgets what was parked.
    await teleport(owner_pool, bad, 2, "charge.captured")
    assert (await rebuild(log, owner_pool)).parked == {}
    assert await parked_streams(paymentdb, "projectionist") == []


async def test_rebuild_above_parked_limit_keeps_live_view(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], paymentdb: Pool, owner_pool: Pool
) -> None:
    streams = await live(writer, [(created(),)] * (PARKED_STREAMS_MAX + 1))
    await follow(log, paymentdb, Projectionist())
    for stream in streams:
        await teleport(owner_pool, stream, 1, "charge.teleported")
    with pytest.raises(TooManyParked):
        await rebuild(log, owner_pool)
    assert await owner_pool.fetchval("select count(*) from paymentdb.charges") == len(streams)
    assert not await has_tables_beside(owner_pool)


async def test_rebuilt_view_waits_for_readers_of_live_view(
    writer: Writer[ChargeEvent],
    log: EventLog[ChargeEvent],
    paymentdb: Pool,
    owner_pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await live(writer, fates())
    await follow(log, paymentdb, Projectionist())
    await owner_pool.execute("update paymentdb.charges set description = 'wrong'")
    monkeypatch.setattr(rebuilding, "SWITCH_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(rebuilding, "SWITCH_TRIES_MAX", 1)
    async with paymentdb.acquire() as connection:
        async with connection.transaction():
            await connection.fetch("select * from charges")
            with pytest.raises(TablesInUse):
                await rebuild(log, owner_pool)
        assert not await has_tables_beside(owner_pool)
        monkeypatch.setattr(rebuilding, "SWITCH_TRIES_MAX", 30)
        async with connection.transaction():
            await connection.fetch("select * from charges")
            switching = asyncio.create_task(rebuild(log, owner_pool))
            while not await owner_pool.fetchval("select count(*) from pg_locks where not granted"):
                await asyncio.sleep(0.01)
        await switching
    assert (
        await owner_pool.fetchval("select count(*) from paymentdb.charges where description = 'wrong'") == 0
    )
    assert await owner_pool.fetchval(_STATISTICS) == ["paymentdb.charges_rerouted_share"]


async def report_lines(
    log: EventLog[ChargeEvent], owner: Pool, *, verify_only: bool
) -> tuple[Sequence[str], bool]:
    found = await rebuild_paymentdb(log, owner, verify_only=verify_only)
    return payment_rebuild_text(found).splitlines(), not found.differences


async def test_operators_read_what_was_done_and_what_differs(
    operator: OperatorStores,
    writer: Writer[ChargeEvent],
    log: EventLog[ChargeEvent],
    paymentdb: Pool,
    owner_pool: Pool,
) -> None:
    (stream, bad) = await live(writer, [(created(), captured())] * 2)
    await follow(log, paymentdb, Projectionist())
    (line,), is_good = await report_lines(log, owner_pool, verify_only=True)
    assert is_good
    assert line.startswith("paymentdb compared with the log: 4 events, 8 rows, ")
    assert line.endswith(" events/s, 0 differences")
    await owner_pool.execute(
        "update paymentdb.charges set description = 'wrong' where stream_id = $1", stream
    )
    lines, is_good = await report_lines(log, owner_pool, verify_only=True)
    assert not is_good
    assert lines[0].endswith(", 1 difference")
    assert lines[1:] == [f"  charges {charge_of(stream)} differs"]
    event_id = await owner_pool.fetchval(
        "update paymentdb.events set type = 'charge.failed' where ctid = (select min(ctid) from paymentdb.events)"
        " returning event_id"
    )
    lines, _ = await report_lines(log, owner_pool, verify_only=True)
    assert lines[1] == f"  events {public_event_id(EventId(event_id))} differs"
    await teleport(owner_pool, bad, 2, "charge.teleported")
    lines, is_good = await report_lines(log, owner_pool, verify_only=False)
    assert is_good
    assert lines[0].startswith("paymentdb rebuilt from the log: 4 events, 6 rows, ")
    assert lines[1:] == [
        f"  {charge_of(bad)} cannot be folded from version 2 on: no reader for event charge.teleported version 2"
    ]
    ((parked, _, event_type),) = await list_parked(log, operator.followers)
    assert (parked.consumer, parked.stream_id, parked.since_version) == ("projectionist", bad, 2)
    assert event_type == "charge.teleported"
    await teleport(owner_pool, bad, 2, "charge.captured")
    with pytest.raises(NotParked):
        await resume_parked(log, operator.followers, name=charge_of(bad), consumer_name="ledger")
    assert await resume_parked(log, operator.followers, name=charge_of(bad), consumer_name=None) == [
        ("projectionist", 1)
    ]
    assert await list_parked(log, operator.followers) == []
    assert (await report_lines(log, owner_pool, verify_only=True))[1]
