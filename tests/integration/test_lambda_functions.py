"""The functions of Lambda as AWS runs them: under its own runtime client, given a stream by the documented rules of a mapping."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from harness.lambda_runtime import lambda_function
from harness.mapping_rules import MappingRules

from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.stream_positions import StreamPositions
from fincore.eventstore.subscription import Subscription
from fincore.eventstore.writer import Writer
from fincore.notify.fan_out import FanOut
from fincore.postgres.pool import Pool
from fincore.read.ledger.rebuild import verify as verify_ledger
from fincore.read.projectionist.rebuild import verify
from fincore.relay.stream_record import read_record
from fixtures.event_sinks import MemoryStream
from fixtures.kinesis_mapping import KinesisMapping, kinesis_event
from fixtures.notify import notifying
from fixtures.shards import relay_all, versions_of_log
from fixtures.traffic import aftermaths, fates, live, running_writer

FUNCTIONS = "fincore.bootstrap.functions"
TESTS = Path(__file__).parents[1]


class Scene(NamedTuple):
    """An installation as functions find it, and what a test does with it."""

    writer: Writer[ChargeEvent]
    log: EventLog[LogEvent]
    pool: Pool
    owner: Pool
    environment: dict[str, str]


@pytest.fixture
async def scene(dsn: str, pool: Pool, owner_pool: Pool) -> AsyncIterator[Scene]:
    environment = {"FINCORE_EVENTSTORE_DSN": dsn, "PYTHONPATH": str(TESTS)}
    async with running_writer(pool) as writer:
        yield Scene(writer, EventLog(pool, LOG_EVENTS), pool, owner_pool, environment)


async def make_full(owner: Pool) -> None:
    """Let the view refuse rows as a disk without space does, until the function is dropped."""
    await owner.execute(
        """create function no_space() returns trigger language plpgsql as $$
        begin raise exception 'no' using errcode = '53100'; end $$"""
    )
    await owner.execute(
        "create trigger no_space before insert on paymentdb.events for each row execute function no_space()"
    )


async def test_the_projectionist_by_shard_makes_the_view_of_the_log(scene: Scene, tmp_path: Path) -> None:
    """A process dies between its effects and their acknowledgement, and the disk of the view is full for a while."""
    sink, marker, printed = MemoryStream(), tmp_path / "has died", tmp_path / "log"
    await live(scene.writer, fates() + aftermaths())
    await relay_all(scene.pool, sink)
    async with lambda_function(
        "fixtures.lambda_handlers.mortal_projectionist",
        scene.environment | {"DIES_ONCE_AFTER_EFFECTS": str(marker)},
        log=printed,
    ) as function:
        mapping = KinesisMapping(sink, function.invoke)
        await mapping.drain()
        assert (marker.exists(), function.starts) == (True, 2)
        assert await positions_of_view(scene.owner) == await ends_of_log(scene.pool)
        await live(scene.writer, fates())
        await relay_all(scene.pool, sink)
        await make_full(scene.owner)
        for shard in range(2):
            await mapping.step(shard)
        assert await positions_of_view(scene.owner) != await ends_of_log(scene.pool)
        assert "StoreUnavailable" in printed.read_text()
        await scene.owner.execute("drop function no_space() cascade")
        await mapping.drain()
        assert (function.starts, mapping.discarded) == (2, [])
    assert await positions_of_view(scene.owner) == await ends_of_log(scene.pool)
    _, differences = await verify(scene.log, scene.owner)
    assert differences == []


async def positions_of_view(owner: Pool) -> dict[StreamId, int]:
    rows = await owner.fetch("select stream_id, version from paymentdb.stream_positions")
    return {StreamId(row["stream_id"]): row["version"] for row in rows}


async def ends_of_log(pool: Pool) -> dict[StreamId, int]:
    return {stream_id: len(versions) for stream_id, versions in (await versions_of_log(pool)).items()}


async def test_the_ledger_reads_the_log_when_a_record_rings(scene: Scene, tmp_path: Path) -> None:
    """By records, one of which is none of the relay's and one of another log, and by a schedule."""
    sink = MemoryStream()
    await live(scene.writer, fates() + aftermaths())
    await relay_all(scene.pool, sink)
    async with lambda_function(
        f"{FUNCTIONS}.ledger.by_doorbell", scene.environment, log=tmp_path / "log"
    ) as ledger:
        shards = await sink.records()
        (last,) = shards[1][-1:]
        place = read_record(last)
        beyond = msgspec.json.encode(msgspec.structs.replace(place, tx=place.tx + 1_000_000))
        for records in ([b"strange"], [beyond], shards[0]):
            assert (await ledger.invoke(kinesis_event(1, records))).returned == {"batchItemFailures": []}
        assert await unbooked(scene.owner) == 0
        await live(scene.writer, fates())
        assert await unbooked(scene.owner) > 0
        assert (await ledger.invoke({"source": "aws.events"})).error_type is None
    assert await unbooked(scene.owner) == 0
    assert (await verify_ledger(scene.log, scene.owner)).first_id is None
    assert await scene.owner.fetchval("select count(*) from ledgerdb.entries") == await scene.owner.fetchval(
        "select max(entry_id) from ledgerdb.seals"
    )


async def unbooked(owner: Pool) -> int:
    """How many events of the log the ledger's checkpoint has not passed."""
    found: int = await owner.fetchval(
        """select count(*) from eventstore.events e
        where (e.tx, e.pos) > coalesce((select (c.tx::text::xid8, c.pos) from ledgerdb.checkpoints c), ('0'::xid8, 0::bigint))"""
    )
    return found


async def test_the_fan_out_by_shard_makes_each_delivery_once(scene: Scene, dsn: str, tmp_path: Path) -> None:
    """Beside the role, which reads the log: each event has one delivery, by one or the other."""
    sink = MemoryStream()
    async with notifying(dsn, scene.pool) as notify:
        endpoint = (await notify.listen("https://example.com/hooks")).endpoint.endpoint_id
        await live(notify.writer, fates())
        await relay_all(scene.pool, sink)
        async with lambda_function(
            f"{FUNCTIONS}.fan_out.by_shard",
            scene.environment | {"FINCORE_METRICS_LOG": "cloudwatch"},
            log=tmp_path / "log",
        ) as function:
            mapping = KinesisMapping(sink, function.invoke, MappingRules(batch_records_max=5))
            await mapping.step(0)
            role = Subscription(
                scene.log,
                notify.pool,
                FanOut(notify.clock),
                batch_events_max=7,
                positions=StreamPositions(FanOut.name),
            )
            await role.advance()
            await mapping.drain()
        assert mapping.discarded == []
        told = [row["event_id"] for row in await notify.deliveries_of(endpoint)]
        events = await scene.pool.fetch("select event_id from eventstore.events")
        assert sorted(told) == sorted(row["event_id"] for row in events)
        assert shard_events(tmp_path / "log", FanOut.name)["applied"] > 0


def shard_events(printed: Path, consumer: str) -> Counter[str]:
    """What a function printed for CloudWatch of what shards gave it, by what became of it."""
    lines = [line for line in printed.read_text().splitlines() if line.startswith('{"_aws"')]
    found: Counter[str] = Counter()
    for line in map(msgspec.json.decode, lines):
        if line.get("consumer") == consumer:
            found[line["result"]] += line["fincore_shard_events_total"]
    return found
