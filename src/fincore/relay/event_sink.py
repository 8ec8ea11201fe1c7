"""A stream outside PostgreSQL that takes records of events."""

from collections.abc import Sequence
from typing import Protocol

from fincore.domain.errors import FinCoreError
from fincore.relay.event_call import ShardOf, StreamLimits
from fincore.relay.stream_record import StreamRecord


class SinkUnavailable(FinCoreError):
    """The engine cannot be reached or refuses for now: whether it took anything is not known. Repeat the call."""


class EventSink(Protocol):
    """Takes records at least once. Records with one partition key stay in the order of the calls that took them."""

    @property
    def limits(self) -> StreamLimits:
        """What it takes; the caller keeps to it."""
        ...

    async def put(self, records: Sequence[StreamRecord]) -> frozenset[int]:
        """Send some records; return the indexes of those that did not get in. Raises `SinkUnavailable`."""
        ...

    async def shards(self) -> ShardOf:
        """Which shard carries which key, as of now; it changes where the stream is split or merged. Raises `SinkUnavailable`."""
        ...
