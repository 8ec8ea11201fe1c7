"""Which events go into the next call to a stream, and what a call that failed in part leaves to send. Pure.

A stream that takes many records at once may take some and refuse others, in no order. So a call holds one record at most of each stream of
events, and the events after a record wait until that record is in: what arrives of a stream is always in order, without a gap.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

import msgspec

from fincore.domain.ids import StreamId
from fincore.relay.stream_record import (
    ENVELOPE_BYTES_MAX,
    OutgoingEvent,
    Place,
    StreamRecord,
    pointer_to,
    record_of,
)

ShardOf = Callable[[str], str]
"""The shard that carries a partition key."""

_KEY_BYTES: Final = 36
"""A partition key is a UUID as text."""
_SEPARATOR_BYTES: Final = 1


class StreamLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream takes: at once, in one record, and by one shard in a second. Records count with their partition keys."""

    records_per_call: int
    bytes_per_call: int
    bytes_per_record: int
    shard_records_per_second: int
    shard_bytes_per_second: int


class EventCall(NamedTuple):
    """The records of a call, and the events that wait for the next one, in log order."""

    records: tuple[StreamRecord, ...]
    rest: tuple[OutgoingEvent, ...]


class AfterCall(NamedTuple):
    """The events that are still to be sent, in log order, and the place up to which all have been."""

    unsent: tuple[OutgoingEvent, ...]
    reached: Place


class _Record:
    """A record in the making."""

    def __init__(self, shard: str) -> None:
        self.shard = shard
        self.events: list[OutgoingEvent] = []
        self.size_bytes = ENVELOPE_BYTES_MAX + _KEY_BYTES
        self.is_pointer = False


class _Call:
    """A call in the making."""

    def __init__(self, limits: StreamLimits, shard_of: ShardOf) -> None:
        self._limits = limits
        self._shard_of = shard_of
        self._size_bytes = 0
        self._shard_bytes: dict[str, int] = {}
        self._shard_records: dict[str, int] = {}
        self.records: dict[StreamId, _Record] = {}

    def takes(self, event: OutgoingEvent) -> bool:
        """Add an event to the record of its stream, unless something is in the way."""
        limits = self._limits
        record = self.records.get(event.stream_id)
        is_new = record is None
        if record is None:
            if len(self.records) >= limits.records_per_call:
                return False
            record = _Record(self._shard_of(str(event.stream_id)))
            if self._shard_records.get(record.shard, 0) >= limits.shard_records_per_second:
                return False
        size_bytes = len(event.body) + _SEPARATOR_BYTES
        if is_new and record.size_bytes + size_bytes > limits.bytes_per_record:
            record.is_pointer = True
            size_bytes = 0
        elif record.is_pointer or record.size_bytes + size_bytes > limits.bytes_per_record:
            return False
        added_bytes = size_bytes + (record.size_bytes if is_new else 0)
        shard_bytes = self._shard_bytes.get(record.shard, 0) + added_bytes
        if (
            self._size_bytes + added_bytes > limits.bytes_per_call
            or shard_bytes > limits.shard_bytes_per_second
        ):
            return False
        record.events.append(event)
        record.size_bytes += size_bytes
        self._size_bytes += added_bytes
        self._shard_bytes[record.shard] = shard_bytes
        if is_new:
            self.records[event.stream_id] = record
            self._shard_records[record.shard] = self._shard_records.get(record.shard, 0) + 1
        return True


def plan_call(events: Sequence[OutgoingEvent], limits: StreamLimits, shard_of: ShardOf) -> EventCall:
    """The next call of some events in log order: as many as the limits allow, in order within each stream.

    It is empty only where there are no events: the first one always fits, in the worst case as a pointer.
    """
    call = _Call(limits, shard_of)
    waiting: set[StreamId] = set()
    rest: list[OutgoingEvent] = []
    for event in events:
        if event.stream_id in waiting or not call.takes(event):
            waiting.add(event.stream_id)
            rest.append(event)
    records = tuple(
        pointer_to(record.events[0]) if record.is_pointer else record_of(record.events)
        for record in call.records.values()
    )
    return EventCall(records, tuple(rest))


def after_call(batch: Sequence[OutgoingEvent], call: EventCall, failed: Collection[int]) -> AfterCall:
    """What is left of a batch after a call of which the records at the indexes `failed` did not get in.

    `batch` is everything that was read, in log order; what `call` does not hold of it and has not left to `rest` was sent before.
    """
    again = [event for index in failed for event in call.records[index].events]
    unsent = tuple(sorted((*again, *call.rest), key=lambda event: event.place))
    if not unsent:
        return AfterCall((), batch[-1].place)
    before = [event.place for event in batch if event.place < unsent[0].place]
    return AfterCall(unsent, before[-1] if before else Place(0, 0))
