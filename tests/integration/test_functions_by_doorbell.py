"""Functions that read the log when they are invoked, under AWS's own runtime client, and shards of Kinesis at the emulator."""

from pathlib import Path

import pytest
from harness.lambda_runtime import lambda_function

from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.projectionist.rebuild import rebuild, verify
from fincore.relay.shard_consumer import ShardConsumer, Taken
from fixtures.event_sinks import kinesis_stream
from fixtures.kinesis_mapping import kinesis_event
from fixtures.notify import notifying
from fixtures.shards import (
    Noting,
    effects,
    make_tables,
    read_records,
    relay_all,
    versions_of_log,
)
from fixtures.traffic import aftermaths, fates, live, running_writer

FUNCTIONS = "fincore.bootstrap.functions"
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event"}
NONE_AGAIN: dict[str, list[object]] = {"batchItemFailures": []}


@pytest.mark.long
async def test_projectionist_by_doorbell_reads_what_shards_lost(
    pool: Pool, owner_pool: Pool, dsn: str, tmp_path: Path
) -> None:
    """By a schedule after a rebuild, and by a record that is none of the relay's."""
    log = EventLog(pool, LOG_EVENTS)
    strange = kinesis_event(0, [b"strange"])
    async with (
        running_writer(pool) as writer,
        lambda_function(
            f"{FUNCTIONS}.projectionist.by_doorbell", {"FINCORE_EVENTSTORE_DSN": dsn}, log=tmp_path / "log"
        ) as function,
    ):
        await live(writer, fates() + aftermaths())
        assert (await function.invoke(SCHEDULED)).error_type is None
        for event in (strange, SCHEDULED):
            await live(writer, fates())
            await rebuild(log, owner_pool)
            await live(writer, fates())
            assert (await function.invoke(event)).returned == NONE_AGAIN
            assert await owner_pool.fetchval("select count(*) from paymentdb.stream_positions") == 0
            assert await owner_pool.fetchval("select count(*) from paymentdb.charges") == len(
                await versions_of_log(pool)
            )
            _, differences = await verify(log, owner_pool)
            assert differences == []
        assert function.starts == 1


@pytest.mark.long
async def test_fan_out_by_doorbell_makes_each_delivery_once(pool: Pool, dsn: str, tmp_path: Path) -> None:
    async with (
        notifying(dsn, pool) as notify,
        lambda_function(
            f"{FUNCTIONS}.fan_out.by_doorbell", {"FINCORE_EVENTSTORE_DSN": dsn}, log=tmp_path / "log"
        ) as function,
    ):
        endpoint = (await notify.listen("https://example.com/hooks")).endpoint.endpoint_id
        for _ in range(2):
            await live(notify.writer, fates())
            for _ in range(2):
                assert (await function.invoke(SCHEDULED)).returned == NONE_AGAIN
        told = [row["event_id"] for row in await notify.deliveries_of(endpoint)]
        events = await pool.fetch("select event_id from eventstore.events")
        assert sorted(told) == sorted(row["event_id"] for row in events)


@pytest.mark.long
async def test_consumer_takes_each_event_of_kinesis_once(pool: Pool, owner_pool: Pool, aws_url: str) -> None:
    """Twice, and the later half of each shard before the earlier one."""
    await make_tables(owner_pool)
    log = EventLog(pool, CHARGE_EVENTS, name_of=stream_name)
    consumer = ShardConsumer(log, owner_pool, Noting())
    async with running_writer(pool) as writer, kinesis_stream(aws_url) as stream:
        await live(writer, fates())
        await relay_all(pool, stream)
        shards = [read_records(records) for records in await stream.records()]
    taken = Taken()
    for _ in range(2):
        for records in shards:
            half = len(records) // 2
            for part in (records[half:], records[:half]):
                taken += await consumer.take(part)
    assert await effects(owner_pool) == await versions_of_log(pool)
    assert taken.applied == sum(len(versions) for versions in (await versions_of_log(pool)).values())
    assert (taken.parked, taken.not_in_log) == (0, 0)
    assert taken.skipped > 0
