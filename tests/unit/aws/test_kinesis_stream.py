"""How the adapter of Kinesis reads answers that the emulator never gives: shards that were split, and results that are missing."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from fincore.aws.kinesis_stream import KinesisStream
from fincore.domain.ids import EventId, StreamId
from fincore.relay.event_sink import SinkUnavailable
from fincore.relay.stream_record import Place, StreamRecord, outgoing, record_of

TOP = 2**128 - 1


class Answers:
    """A client that gives answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: Mapping[str, Any]) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    async def put_records(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request)
        return self._answers.pop(0)

    async def list_shards(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request)
        return self._answers.pop(0)


def shard(shard_id: str, start: int, end: int, *, is_closed: bool = False) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": "1"} | ({"EndingSequenceNumber": "9"} if is_closed else {})
    return {
        "ShardId": shard_id,
        "HashKeyRange": {"StartingHashKey": str(start), "EndingHashKey": str(end)},
        "SequenceNumberRange": numbers,
    }


def records(count: int) -> list[StreamRecord]:
    return [
        record_of(
            [
                outgoing(
                    Place(1, number),
                    StreamId(UUID(int=number)),
                    1,
                    event_id=EventId(UUID(int=number)),
                    event_type="charge.created",
                    schema_version=1,
                    data="{}",
                    recorded_at=datetime(2026, 11, 27, tzinfo=UTC),
                )
            ]
        )
        for number in range(count)
    ]


async def test_shards_that_were_split_carry_no_keys() -> None:
    half = TOP // 2 + 1
    client = Answers(
        {"Shards": [shard("parent", 0, TOP, is_closed=True), shard("high", half, TOP)], "NextToken": "more"},
        {"Shards": [shard("low", 0, half - 1)]},
    )
    shard_of = await KinesisStream(client, "events").shards()
    for key in map(str, range(50)):
        first_bit = hashlib.md5(key.encode(), usedforsecurity=False).digest()[0] >> 7
        assert shard_of(key) == ("high" if first_bit else "low")
    assert client.asked == [{"StreamName": "events"}, {"NextToken": "more"}]


async def test_stream_without_an_open_shard_is_an_outage() -> None:
    client = Answers({"Shards": [shard("parent", 0, TOP, is_closed=True)]})
    with pytest.raises(SinkUnavailable, match="no open shard"):
        await KinesisStream(client, "events").shards()


async def test_records_without_a_sequence_number_are_sent_again() -> None:
    results = [{"SequenceNumber": "1", "ShardId": "a"}, {"ErrorCode": "InternalFailure"}, {}]
    stream = KinesisStream(Answers({"FailedRecordCount": 0, "Records": results}), "events")
    assert await stream.put(records(3)) == {1, 2}


async def test_all_records_are_sent_again_where_results_are_missing() -> None:
    stream = KinesisStream(Answers({"Records": [{"SequenceNumber": "1"}]}), "events")
    assert await stream.put(records(2)) == {0, 1}
