"""What every sink of events promises: records in the order of the calls for each key, refusals told apart, an outage told as one."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

import pytest

from fincore.domain.ids import EventId, StreamId
from fincore.relay.event_sink import SinkUnavailable
from fincore.relay.stream_record import Place, StreamRecord, outgoing, read_record, record_of
from fixtures.event_sinks import (
    SHARDS,
    KinesisInTests,
    MemoryStream,
    ReadableSink,
    aws_client,
    failing_in_part,
    kinesis_stream,
    versions_by_stream,
)


def record(stream_id: UUID, version: int, padding: int = 0) -> StreamRecord:
    """A record with one event."""
    event = outgoing(
        Place(1, version),
        StreamId(stream_id),
        version,
        event_id=EventId(uuid4()),
        event_type="charge.created",
        schema_version=1,
        data='"' + "x" * padding + '"',
        recorded_at=datetime(2026, 11, 27, tzinfo=UTC),
    )
    return record_of([event])


@pytest.fixture(params=["memory", "kinesis"])
async def sink(request: pytest.FixtureRequest) -> AsyncIterator[ReadableSink]:
    if request.param == "memory":
        yield MemoryStream()
    else:
        async with kinesis_stream(request.getfixturevalue("aws_url")) as stream:
            yield stream


async def test_records_of_a_key_stay_in_the_order_of_calls(sink: ReadableSink) -> None:
    streams = [uuid4() for _ in range(20)]
    for version in range(1, 6):
        assert await sink.put([record(stream, version) for stream in streams]) == frozenset()
    arrived = versions_by_stream(await sink.records())
    assert arrived == {str(stream): [1, 2, 3, 4, 5] for stream in streams}


async def test_records_go_to_the_shards_that_the_sink_names(sink: ReadableSink) -> None:
    streams = [uuid4() for _ in range(40)]
    shard_of = await sink.shards()
    await sink.put([record(stream, 1) for stream in streams])
    shards = await sink.records()
    assert len(shards) == SHARDS
    for shard in shards:
        assert len({shard_of(str(read_record(data).stream_id)) for data in shard}) == 1
    assert len({shard_of(str(stream)) for stream in streams}) == SHARDS


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_the_largest_call_of_the_limits_is_taken(sink: ReadableSink) -> None:
    limits = sink.limits
    large = limits.bytes_per_record - 600
    records = [record(uuid4(), 1, large) for _ in range(limits.bytes_per_call // limits.bytes_per_record)]
    records += [record(uuid4(), 1) for _ in range(3)]
    assert sum(one.size_bytes for one in records) <= limits.bytes_per_call
    assert await sink.put(records) == frozenset()
    assert await sink.put([record(uuid4(), 1) for _ in range(limits.records_per_call)]) == frozenset()
    assert sum(map(len, await sink.records())) == len(records) + limits.records_per_call


async def test_records_that_kinesis_refuses_are_named(aws_url: str) -> None:
    streams = [uuid4() for _ in range(50)]
    async with (
        failing_in_part(aws_url, Random(20261127), share=0.3) as proxy,
        kinesis_stream(aws_url, through=proxy) as stream,
    ):
        failed = await stream.put([record(one, 1) for one in streams])
        assert 0 < len(failed) < len(streams)
        arrived = versions_by_stream(await stream.records())
    assert arrived.keys() == {str(one) for index, one in enumerate(streams) if index not in failed}


async def test_a_stream_that_is_not_there_is_an_outage_in_one_clause(aws_url: str) -> None:
    async with aws_client("kinesis", aws_url) as client:
        absent = KinesisInTests(client, "no-such-stream")
        with pytest.raises(SinkUnavailable, match="Kinesis has no such stream"):
            await absent.put([record(uuid4(), 1)])
        with pytest.raises(SinkUnavailable, match="Kinesis has no such stream"):
            await absent.shards()


async def test_kinesis_out_of_reach_is_an_outage() -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(aws_client("kinesis", "http://127.0.0.1:9"))
        with pytest.raises(SinkUnavailable, match="Kinesis cannot be reached"):
            await KinesisInTests(client, "events").put([record(uuid4(), 1)])
