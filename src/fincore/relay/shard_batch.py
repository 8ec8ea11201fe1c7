"""What a consumer does with the records of a shard: which events it applies, skips, or loads from the log first. Pure.

Records of one stream come in order, each at least once. After a failure, or where shards were split, older ones come again; where a record is
lost, the next one comes too early.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, assert_never

from fincore.domain.ids import StreamId
from fincore.relay.stream_record import Relayed, RelayedEvent

BATCH_EVENTS_MAX: Final = 1_000
"""Events that are applied in one transaction."""

Verdict = Literal["skip", "apply", "load before", "load"]
"""All of a record is known; its new events are applied; what is missing before it is loaded, and then it is applied; all is loaded."""


class ToApply(NamedTuple):
    """An event as a record holds it."""

    stream_id: StreamId
    event: RelayedEvent


class ToLoad(NamedTuple):
    """Events of a stream that are read from the log: from a version to another."""

    stream_id: StreamId
    first_version: int
    last_version: int


class ShardPlan(NamedTuple):
    """What to do with some records. `until`: where each stream that moves stands afterwards; `skipped` records say nothing new."""

    apply: tuple[ToApply, ...]
    load: tuple[ToLoad, ...]
    until: Mapping[StreamId, int]
    skipped: int


def verdict(record: Relayed, position: int) -> Verdict:
    """What becomes of a record, where its stream stands at a position.

    | the record | its events are there | are too large for it |
    |---|---|---|
    | ends at the position or before | skip | skip |
    | goes on from the position | apply | load |
    | begins after a gap | load before | load |
    """
    if record.last_version <= position:
        return "skip"
    if record.events is None:
        return "load"
    return "apply" if record.first_version <= position + 1 else "load before"


def plan_shard_batch(records: Iterable[Relayed], positions: Mapping[StreamId, int]) -> ShardPlan:
    """What to do with the records of a shard, in their order; `positions` has each of their streams."""
    apply: list[ToApply] = []
    load: list[ToLoad] = []
    until: dict[StreamId, int] = {}
    skipped = 0
    for record in records:
        stream_id = StreamId(record.stream_id)
        position = until.get(stream_id, positions[stream_id])
        found = verdict(record, position)
        match found:
            case "skip":
                skipped += 1
                continue
            case "load":
                load.append(ToLoad(stream_id, position + 1, record.last_version))
            case "load before":
                load.append(ToLoad(stream_id, position + 1, record.first_version - 1))
            case "apply":
                pass
            case _:
                assert_never(found)
        apply += [ToApply(stream_id, event) for event in record.events or () if event.version > position]
        until[stream_id] = record.last_version
    return ShardPlan(tuple(apply), tuple(load), until, skipped)


def in_parts(records: Sequence[Relayed], *, events_max: int = BATCH_EVENTS_MAX) -> list[Sequence[Relayed]]:
    """The records in their order, in parts of so many events at most; a record of more is a part of its own."""
    parts: list[list[Relayed]] = []
    events = 0
    for record in records:
        size = record.last_version - record.first_version + 1
        if not parts or events + size > events_max:
            parts.append([])
            events = 0
        parts[-1].append(record)
        events += size
    return list(parts)
