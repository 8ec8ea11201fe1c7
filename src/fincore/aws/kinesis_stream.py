"""A stream of Kinesis as a sink for events: `PutRecords`, which may take some records and refuse others."""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from fincore.aws.refusals import said_by
from fincore.relay.event_call import ShardOf, StreamLimits
from fincore.relay.event_sink import SinkUnavailable
from fincore.relay.stream_record import StreamRecord

KINESIS_LIMITS: Final = StreamLimits(
    records_per_call=500,
    bytes_per_call=5 * 1024 * 1024,
    bytes_per_record=1024 * 1024,
    shard_records_per_second=1_000,
    shard_bytes_per_second=1024 * 1024,
)
"""Quotas of Kinesis Data Streams. AWS takes larger calls and records today; not every reader and emulator does."""


class KinesisClient(Protocol):
    """What is used of the client that aiobotocore makes. Each raises `ClientError` and `BotoCoreError` of botocore."""

    async def put_records(self, **request: Any) -> Mapping[str, Any]: ...
    async def list_shards(self, **request: Any) -> Mapping[str, Any]: ...


class KinesisStream:
    """The port EventSink on a stream by its name, through a client that repeats nothing by itself."""

    def __init__(self, client: KinesisClient, name: str) -> None:
        self._client = client
        self._name = name

    @property
    def limits(self) -> StreamLimits:
        """What Kinesis takes."""
        return KINESIS_LIMITS

    async def put(self, records: Sequence[StreamRecord]) -> frozenset[int]:
        """Send some records; return the indexes of those that did not get in. Raises `SinkUnavailable`."""
        entries = [{"Data": record.data, "PartitionKey": record.partition_key} for record in records]
        try:
            answer = await self._client.put_records(StreamName=self._name, Records=entries)
        except (BotoCoreError, ClientError, OSError) as error:
            raise SinkUnavailable(said_by("Kinesis", error)) from None
        results = answer.get("Records", ())
        if len(results) != len(records):
            # Nothing is known of what has no result: it is sent again.
            return frozenset(range(len(records)))
        return frozenset(index for index, result in enumerate(results) if not result.get("SequenceNumber"))

    async def shards(self) -> ShardOf:
        """Which open shard carries which key. Raises `SinkUnavailable`."""
        shards: list[tuple[int, str]] = []
        request: dict[str, Any] = {"StreamName": self._name}
        try:
            while True:
                page = await self._client.list_shards(**request)
                shards += [
                    (int(shard["HashKeyRange"]["StartingHashKey"]), shard["ShardId"])
                    for shard in page.get("Shards", ())
                    if "EndingSequenceNumber" not in shard.get("SequenceNumberRange", {})
                ]
                if not page.get("NextToken"):
                    break
                request = {"NextToken": page["NextToken"]}
        except (BotoCoreError, ClientError, OSError) as error:
            raise SinkUnavailable(said_by("Kinesis", error)) from None
        if not shards:
            raise SinkUnavailable("Kinesis names no open shard of the stream")
        shards.sort()
        starts = [start for start, _ in shards]

        def shard_of(partition_key: str) -> str:
            hashed = int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest())
            return shards[max(0, bisect_right(starts, hashed) - 1)][1]

        return shard_of
