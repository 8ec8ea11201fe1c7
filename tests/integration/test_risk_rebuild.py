"""The counters of outcomes built again from the log, or compared with it: what is wrong is found and mended, with everything running."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
import msgspec
import pytest

from fincore.backoffice.rebuilds import RiskRebuild
from fincore.cli.rebuild import risk_rebuild_text
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId, charge_of
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.payment_method import CardInstrument, CardToken
from fincore.domain.risk import CustomerContext
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import TooManyParked, parked_streams
from fincore.eventstore.subscription import Fenced, Subscription
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection, Pool
from fincore.write.risk import outcome_rebuild
from fincore.write.risk.features import COUNTERS
from fincore.write.risk.outcome_comparison import Compared, Difference, verify
from fincore.write.risk.outcome_counter import OutcomeCounter
from fincore.write.risk.outcome_rebuild import (
    CountersInUse,
    RebuildRuns,
    Rebuilt,
    RulesChanged,
    rebuild,
    turn,
)
from fincore.write.risk.outcomes import Pair, increments_of, pairs_of
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.store import Counter
from fixtures.commits import MERCHANT, append, captured, created
from fixtures.risk_stores import Attempts
from fixtures.traffic import aftermaths, failed, fates, live, running_writer, store_pool

ALL = pairs_of(COUNTERS.values())
BORN = created(customer=CustomerContext(ip="192.0.2.1"), customer_email="ann@shop.example")
SHAPE = """
    select 'index', indexname, indexdef from pg_indexes where schemaname = 'risk' and tablename = 'outcomes'
    union all
    select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'risk.outcomes'::regclass
    union all
    select 'column', attname, format('%s %s', atttypid::regtype, attnotnull) from pg_attribute
    where attrelid = 'risk.outcomes'::regclass and attnum > 0
    union all
    select 'table', relowner::regrole::text, format('%s %s', reloptions, relpersistence) from pg_class
    where oid = 'risk.outcomes'::regclass
    union all
    select 'grant', grantee::regrole::text, privilege_type
    from pg_class, aclexplode(relacl) where oid = 'risk.outcomes'::regclass
    order by 1, 2, 3
"""


class Kept(NamedTuple):
    """All that a rebuild may change."""

    outcomes: list[tuple[object, ...]]
    counted: list[tuple[object, ...]]
    checkpoints: list[tuple[object, ...]]
    parked: list[tuple[object, ...]]
    has_tables_beside: bool


class Scene:
    """A log, the counters that follow it, and their owner."""

    def __init__(self, writer: Writer[ChargeEvent], counters: Pool, owner: Pool) -> None:
        self.writer = writer
        self.owner = owner
        self.log: EventLog[LogEvent] = EventLog(counters, LOG_EVENTS, name_of=stream_name)
        self.wanted: set[Pair] = set(ALL)
        self._counters = counters
        self._follower = Subscription(
            self.log, counters, OutcomeCounter(lambda: self.wanted), batch_events_max=100
        )

    async def follow(self) -> None:
        while True:
            try:
                if not await self._follower.advance():
                    return
            except Fenced:
                continue

    async def live(self, *lives: tuple[ChargeEvent, ...]) -> list[StreamId]:
        return await live(self.writer, lives)

    async def kept(self) -> Kept:
        tables = (
            "outcomes order by outcome",
            "counted_outcomes order by measure, key",
            "checkpoints",
            "parked_streams order by stream_id",
        )
        rows = [[tuple(row) for row in await self.owner.fetch(f"select * from risk.{one}")] for one in tables]  # noqa: S608
        beside = await self.owner.fetchval("select to_regnamespace('risk_next') is not null")
        outcomes, counted, checkpoints, parked = rows
        return Kept(outcomes, counted, checkpoints, parked, beside)

    async def counted(self) -> dict[bytes, dict[int, int]]:
        """Every counter: the amounts by their seconds."""
        found: dict[bytes, dict[int, int]] = {}
        for row in await self.owner.fetch("select outcome, state from risk.outcomes"):
            amounts = found.setdefault(row["outcome"], {})
            for second, amount in zip(row["state"][::2], row["state"][1::2], strict=True):
                amounts[second] = amounts.get(second, 0) + amount
        return without_nothing(found)

    async def told(self, pairs: frozenset[Pair] = ALL) -> dict[bytes, dict[int, int]]:
        """What the log tells that the counters should be."""
        log = EventLog(self._counters, CHARGE_EVENTS)
        found: dict[bytes, dict[int, int]] = {}
        for row in await self.owner.fetch("select distinct stream_id from eventstore.events"):
            for one in increments_of(await log.load(row["stream_id"]), pairs):
                amounts = found.setdefault(one.outcome, {})
                amounts[one.second] = amounts.get(one.second, 0) + one.amount
        return without_nothing(found)

    async def spoil(self, stream_id: StreamId, version: int) -> None:
        """Give an event another type behind the log's back, which no version can read."""
        async with self.owner.acquire() as connection, connection.transaction():
            await connection.execute("set local session_replication_role = replica")
            await connection.execute(
                "update eventstore.events set type = 'charge.teleported' where stream_id = $1 and version = $2",
                stream_id,
                version,
            )


def without_nothing(counters: dict[bytes, dict[int, int]]) -> dict[bytes, dict[int, int]]:
    """The counters without seconds at which what counted was taken back."""
    found = {
        one: {at: amount for at, amount in amounts.items() if amount} for one, amounts in counters.items()
    }
    return {one: amounts for one, amounts in found.items() if amounts}


@pytest.fixture
async def scene(pool: Pool, dsn: str, owner_pool: Pool) -> AsyncIterator[Scene]:
    async with running_writer(pool) as writer, store_pool(dsn, "risk") as counters:
        yield Scene(writer, counters, owner_pool)


async def test_counters_that_follow_equal_the_log(scene: Scene) -> None:
    await scene.live(*fates(), *aftermaths())
    await scene.follow()
    before = await scene.kept()
    await scene.live(*fates())  # not followed yet: compared is what the counters have reached
    found = await verify(scene.log, scene.owner, batch_events=5)
    assert (found.differences, found.named) == (0, [])
    assert (found.rebuilt.counters, found.rebuilt.parked) == (len(before.outcomes), {})
    assert await scene.kept() == before


async def test_damaged_counters_are_found_and_mended(scene: Scene) -> None:
    await scene.live(*fates(), *aftermaths(), (BORN, failed()))
    await scene.follow()
    shape = await scene.owner.fetch(SHAPE)
    higher, lower, gone = await scene.owner.fetch(
        "select outcome, state from risk.outcomes where risk.outcomes_since(state, 0) > 0 order by outcome limit 3"
    )
    alter = "update risk.outcomes set state = state || $2::bigint[] where outcome = $1"
    await scene.owner.execute(alter, higher["outcome"], [higher["state"][0], 1])
    await scene.owner.execute(alter, lower["outcome"], [lower["state"][0], -1])
    await scene.owner.execute("delete from risk.outcomes where outcome = $1", gone["outcome"])
    foreign = bytes(16)
    await scene.owner.execute(
        "insert into risk.outcomes select $1, array[extract(epoch from now())::bigint, 2], current_date + 8",
        foreign,
    )
    found = await verify(scene.log, scene.owner)
    assert {(one.outcome, one.live - one.least) for one in found.named if one.outcome != gone["outcome"]} == {
        (foreign, 2),
        (higher["outcome"], 1),
        (lower["outcome"], -1),
    }
    assert {one.live for one in found.named if one.outcome == gone["outcome"]} == {0}
    assert found.differences == len(found.named) == 20
    assert {one.pair for one in found.named if one.outcome == foreign} == {None}
    assert {one.pair for one in found.named if one.outcome != foreign} <= ALL
    await rebuild(scene.log, scene.owner, [], batch_events=7)
    assert (await verify(scene.log, scene.owner)).differences == 0
    assert await scene.counted() == await scene.told()
    assert await scene.owner.fetch(SHAPE) == shape


async def test_outcome_named_lately_is_complete_after_rebuild(scene: Scene) -> None:
    scene.wanted = {("captures", "merchant")}
    await scene.live(*fates())
    await scene.follow()
    scene.wanted = {("declines", "ip")}
    await scene.live(*fates(), (BORN, failed()))
    await scene.follow()
    assert (await verify(scene.log, scene.owner)).differences == 0
    three = frozenset[Pair]({("captures", "merchant"), ("declines", "ip"), ("declines", "email")})
    assert await scene.counted() != await scene.told(three)
    rebuilt = await rebuild(scene.log, scene.owner, [("declines", "email")])
    assert await scene.counted() == await scene.told(three)
    kept = await scene.kept()
    assert kept.counted == [(*pair, 0, 0) for pair in sorted(three)]
    assert (rebuilt.counters, kept.has_tables_beside) == (len(kept.outcomes), False)
    await scene.live((BORN, failed()))
    await scene.follow()
    assert await scene.counted() == await scene.told(three)


async def test_rebuild_fills_in_cards_and_keeps_what_is_known(scene: Scene) -> None:
    """The role begins to keep cards at its place of the log, and a rebuild moves that place."""
    rows = "select fingerprint, country from risk.instruments order by fingerprint"
    card = CardInstrument(fingerprint="fp_1", country="GB")
    await scene.live((BORN, captured(instrument=card)))
    await scene.follow()
    await scene.owner.execute("update risk.instruments set country = 'IE'")
    other = msgspec.structs.replace(BORN, payment_method=CardToken("pm_other"))
    await scene.live((other, captured(instrument=msgspec.structs.replace(card, fingerprint="fp_2"))))
    await rebuild(scene.log, scene.owner, [], batch_events=1)
    assert [tuple(row) for row in await scene.owner.fetch(rows)] == [("fp_1", "IE"), ("fp_2", "GB")]
    await scene.follow()
    await scene.owner.execute("delete from risk.instruments")
    await rebuild(scene.log, scene.owner, [])
    assert [tuple(row) for row in await scene.owner.fetch(rows)] == [("fp_1", "GB"), ("fp_2", "GB")]


@pytest.mark.parametrize("batch_events", [1, 3, 1_000])
async def test_outcomes_during_rebuild_count_once(
    scene: Scene, batch_events: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charges move on and are born after the log was read, after the new counters caught up, and at the switch; the consumer follows."""
    held = await scene.live(*[(BORN,)] * 3)
    await scene.follow()
    original = outcome_rebuild._Building.catch_up

    async def catch_up(building: outcome_rebuild._Building) -> None:
        if held:
            await scene.writer.commit(append(held.pop(), captured(), expected_version=1))
            await scene.live(*fates(), *aftermaths())
            if len(held) > 1:
                await scene.follow()
        await original(building)

    monkeypatch.setattr(outcome_rebuild._Building, "catch_up", catch_up)
    await rebuild(scene.log, scene.owner, ALL, batch_events=batch_events)
    await scene.follow()
    assert await scene.counted() == await scene.told()
    assert (await verify(scene.log, scene.owner)).differences == 0


async def test_rules_read_counters_across_the_switch(scene: Scene) -> None:
    """On the connections and by the prepared statements of before."""
    counter = Counter("declines", "ip", "1h")
    store, attempts = PostgresRiskStore(scene._counters), Attempts()
    await scene.live(*[(BORN, failed())] * 3)
    await scene.follow()
    switched = asyncio.Event()
    found: set[int] = set()

    async def read() -> None:
        while not switched.is_set():
            asked = attempts.next(ip="192.0.2.1", merchant_id=MERCHANT, livemode=False)
            found.add((await store.observe(asked, [counter], ())).counts[counter])

    reading = [asyncio.create_task(read()) for _ in range(4)]
    for _ in range(3):
        await rebuild(scene.log, scene.owner, ALL)
    switched.set()
    await asyncio.gather(*reading)
    await store.close()
    assert found == {3}


async def test_consumer_at_work_during_rebuild_counts_once(scene: Scene) -> None:
    async def go_on() -> None:
        for _ in range(5):
            await scene.live(*fates(), (BORN, failed()))

    await scene.live(*fates())
    following = asyncio.create_task(scene._follower.run())
    try:
        for _ in range(3):
            await asyncio.gather(go_on(), rebuild(scene.log, scene.owner, ALL, batch_events=20))
    finally:
        scene._follower.stop()
        await following
    await scene.follow()
    assert await scene.counted() == await scene.told()


@pytest.mark.parametrize("stage", ["fill", "catch_up", "commit"])
async def test_rebuild_that_crashes_changes_nothing(
    scene: Scene, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.live(*fates())
    await scene.follow()
    await scene.owner.execute("delete from risk.outcomes")
    before = await scene.kept()
    if stage == "commit":
        await scene.owner.execute(
            "create function risk.refuse() returns trigger language plpgsql as"
            " $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$"
        )
        await scene.owner.execute(
            "create constraint trigger refused after update on risk.checkpoints deferrable initially deferred"
            " for each row execute function risk.refuse()"
        )
    else:
        original = getattr(outcome_rebuild._Building, stage)

        async def crash(building: outcome_rebuild._Building) -> None:
            await original(building)
            pid = building._connection.get_server_pid()
            await scene.owner.fetchval("select pg_terminate_backend($1, 10000)", pid)

        monkeypatch.setattr(outcome_rebuild._Building, stage, crash)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await rebuild(scene.log, scene.owner, ALL)
    assert (await scene.kept())._replace(has_tables_beside=False) == before
    monkeypatch.undo()
    await scene.owner.execute("drop trigger if exists refused on risk.checkpoints")
    await rebuild(scene.log, scene.owner, ALL)
    assert await scene.counted() == await scene.told()
    assert not (await scene.kept()).has_tables_beside


async def test_second_rebuild_is_refused_and_first_ends(scene: Scene) -> None:
    await scene.live(*fates())
    async with turn(scene.owner):
        with pytest.raises(RebuildRuns):
            await rebuild(scene.log, scene.owner, ALL)
        with pytest.raises(RebuildRuns):
            await verify(scene.log, scene.owner)
    results = await asyncio.gather(
        *(rebuild(scene.log, scene.owner, ALL) for _ in range(2)), return_exceptions=True
    )
    # The second one either finds the first at work, or comes after its end.
    assert Rebuilt in {type(one) for one in results} <= {Rebuilt, RebuildRuns}
    assert await scene.counted() == await scene.told()


async def test_counters_in_use_stay_as_they_were(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_rebuild, "SWITCH_TRIES_MAX", 2)
    monkeypatch.setattr(outcome_rebuild, "SWITCH_PAUSE_SECONDS", 0)
    await scene.live(*fates())
    await scene.follow()
    before = await scene.kept()
    async with scene._counters.acquire() as reader, reader.transaction():
        await reader.fetch("select from risk.outcomes limit 1")
        with pytest.raises(CountersInUse):
            await rebuild(scene.log, scene.owner, ALL)
    assert await scene.kept() == before


async def test_switch_tries_again_once_a_reader_has_ended(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.live(*fates())
    await scene.follow()
    original = outcome_rebuild._switch
    async with scene._counters.acquire() as reader:
        reading = reader.transaction()
        await reading.start()
        await reader.fetch("select from risk.outcomes limit 1")

        async def switch(connection: Connection, building: outcome_rebuild._Building) -> None:
            # What the first try counts is rolled back with it.
            await scene.live((BORN, failed()))
            try:
                await original(connection, building)
            except asyncpg.LockNotAvailableError:
                await reading.rollback()
                raise

        monkeypatch.setattr(outcome_rebuild, "_switch", switch)
        monkeypatch.setattr(outcome_rebuild, "SWITCH_PAUSE_SECONDS", 0)
        await rebuild(scene.log, scene.owner, ALL)
    await scene.follow()
    assert await scene.counted() == await scene.told()


async def test_unreadable_charge_is_counted_to_there_and_parked(scene: Scene) -> None:
    await scene.live(*fates())
    (stream,) = await scene.live((BORN, captured()))
    await scene.follow()
    await scene.spoil(stream, 2)
    await scene.live((BORN, failed()))
    rebuilt = await rebuild(scene.log, scene.owner, ALL, batch_events=4)
    assert list(rebuilt.parked) == [stream]
    (parked,) = await parked_streams(scene._counters, "risk")
    assert (parked.stream_id, parked.since_version) == (stream, 2)
    found = await verify(scene.log, scene.owner)
    assert found.differences == 0
    text = risk_rebuild_text(RiskRebuild(rebuilt, await scene.log.names([stream]), None, 1.0))
    assert f"  {charge_of(stream)} cannot be counted from version 2 on: " in text
    await scene.follow()
    assert (await verify(scene.log, scene.owner)).differences == 0


async def test_parked_charge_is_no_difference_until_rebuilt(scene: Scene) -> None:
    """What the consumer leaves alone on purpose is not compared; a rebuild by a version that can read it counts it."""
    await scene.live(*fates())
    (stream,) = await scene.live((BORN, captured()))
    await scene.owner.execute(
        "insert into risk.parked_streams (consumer, stream_id, since_version, reason) values ('risk', $1, 2, 'x')",
        stream,
    )
    await scene.follow()
    assert (await verify(scene.log, scene.owner)).differences == 0
    assert await scene.counted() != await scene.told()
    await rebuild(scene.log, scene.owner, ALL)
    assert await scene.counted() == await scene.told()
    assert (await scene.kept()).parked == []


async def test_rebuild_that_parks_too_many_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome_rebuild, "PARKED_STREAMS_MAX", 2)
    streams = await scene.live(*[(BORN, failed())] * 3)
    await scene.follow()
    before = await scene.kept()
    for stream in streams:
        await scene.spoil(stream, 2)
    with pytest.raises(TooManyParked):
        await rebuild(scene.log, scene.owner, ALL)
    assert await scene.kept() == before


async def test_counters_put_together_by_age_are_within_bounds(scene: Scene) -> None:
    """A week of outcomes of one merchant: the live counter holds the older ones by the 60th of a window, and some are taken back later."""
    await scene.live(*[(BORN, failed())] * 450, *aftermaths())
    async with scene.owner.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        # Half of them over a week, the other half over an hour.
        await connection.execute(
            "update eventstore.events e set recorded_at = now() - case when r.place % 2 = 0 then r.place * interval '700 s'"
            " else r.place * interval '4 s' end"
            " from (select stream_id, row_number() over (order by stream_id) as place from eventstore.events"
            " group by stream_id) r where r.stream_id = e.stream_id"
        )
    await scene.follow()
    assert await scene.owner.fetchval("select max(cardinality(state)) from risk.outcomes") < 800
    assert await scene.counted() != await scene.told()
    assert (await verify(scene.log, scene.owner)).differences == 0
    await rebuild(scene.log, scene.owner, ALL, batch_events=50)
    assert (await verify(scene.log, scene.owner)).differences == 0
    # One bucket more is too much, one outcome less too few.
    outcome = await scene.owner.fetchval(
        "update risk.outcomes set state = array_append(array_append(state, extract(epoch from now())::bigint - 3700), 1)"
        " where cardinality(state) = (select max(cardinality(state)) from risk.outcomes) returning outcome"
    )
    found = await verify(scene.log, scene.owner)
    assert outcome in {one.outcome for one in found.named}


def test_rebuild_text_names_what_differs_and_how_much() -> None:
    named = [
        Difference(b"\x0a" * 16, ("declines", "ip"), "24h", 3, 5, 6),
        Difference(b"\x0b" * 16, None, "7d", 1_200, 0, 0),
    ]
    compared = Compared(Rebuilt(1_000, 2, {}), 1_021, named)
    assert risk_rebuild_text(RiskRebuild(compared.rebuilt, {}, compared, 0.5)) == "\n".join(
        [
            "outcomes of risk compared with the log: 1,000 events, 2 counters, 0.5 s, 2,000 events/s, 1,021 differences",
            f"  declines by ip ({'0a' * 16}) is 3 in 24h; the log tells 5 to 6",
            f"  a counter ({'0b' * 16}) is 1,200 in 7d; the log tells 0",
            "  only the first 2 of 1,021 are named",
        ]
    )


async def test_rule_that_counts_more_meanwhile_stops_the_switch(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = outcome_rebuild._Building.fill
    scene.wanted = {("declines", "ip")}
    await scene.live(*fates())
    await scene.follow()

    async def fill(building: outcome_rebuild._Building) -> None:
        await original(building)
        scene.wanted = {("captures", "ip")}
        await scene.live((BORN, captured()))
        await scene.follow()

    monkeypatch.setattr(outcome_rebuild._Building, "fill", fill)
    before = (await scene.kept()).counted
    with pytest.raises(RulesChanged, match="captures by ip"):
        await rebuild(scene.log, scene.owner, [])
    assert [row[:2] for row in (await scene.kept()).counted] == [
        ("captures", "ip"),
        *[one[:2] for one in before],
    ]
    assert (await verify(scene.log, scene.owner)).differences == 0
    monkeypatch.undo()
    await rebuild(scene.log, scene.owner, [])
    pairs = frozenset[Pair]({("captures", "ip"), ("declines", "ip")})
    assert await scene.counted() == await scene.told(pairs)
