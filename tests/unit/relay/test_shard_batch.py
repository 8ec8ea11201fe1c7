"""What a consumer does with records of a shard: each event applied once and in order, also where some were repeated, lost or came early."""

from datetime import UTC, datetime
from random import Random
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.ids import StreamId
from fincore.relay.shard_batch import (
    ToLoad,
    Verdict,
    in_parts,
    plan_shard_batch,
    verdict,
)
from fincore.relay.stream_record import FORM_VERSION, Relayed, RelayedEvent, UnknownForm, read_record

ONE, OTHER = StreamId(UUID(int=1)), StreamId(UUID(int=2))


def record(stream_id: StreamId, first: int, last: int, *, is_pointer: bool = False) -> Relayed:
    """A record with some versions of a stream."""
    events = tuple(
        RelayedEvent(
            tx=7,
            pos=version,
            version=version,
            event_id=UUID(int=version),
            type="charge.created",
            schema_version=1,
            data=msgspec.Raw(b"{}"),
            recorded_at=datetime(2026, 11, 27, tzinfo=UTC),
        )
        for version in range(first, last + 1)
    )
    return Relayed(
        form=FORM_VERSION,
        stream_id=stream_id,
        first_version=first,
        last_version=last,
        tx=7,
        pos=last,
        events=None if is_pointer else events,
    )


@pytest.mark.parametrize(
    ("position", "whole", "pointer"),
    [
        (6, "skip", "skip"),
        (5, "skip", "skip"),
        (4, "apply", "load"),
        (3, "apply", "load"),
        (2, "apply", "load"),
        (1, "load before", "load"),
        (0, "load before", "load"),
    ],
)
def test_a_record_is_judged_by_the_position_of_its_stream(
    position: int, whole: Verdict, pointer: Verdict
) -> None:
    assert verdict(record(ONE, 3, 5), position) == whole
    assert verdict(record(ONE, 3, 5, is_pointer=True), position) == pointer


def test_records_of_one_batch_build_on_each_other() -> None:
    plan = plan_shard_batch(
        [
            record(ONE, 2, 3),
            record(OTHER, 1, 1),
            record(ONE, 2, 3),
            record(ONE, 6, 7),
            record(ONE, 4, 5),
            record(ONE, 8, 8, is_pointer=True),
        ],
        {ONE: 2, OTHER: 0},
    )
    assert [(one.stream_id, one.event.version) for one in plan.apply] == [
        (ONE, 3),
        (OTHER, 1),
        (ONE, 6),
        (ONE, 7),
    ]
    assert plan.load == (ToLoad(ONE, 4, 5), ToLoad(ONE, 8, 8))
    assert (plan.until, plan.skipped) == ({ONE: 8, OTHER: 1}, 2)


def test_a_stream_that_does_not_move_has_no_new_position() -> None:
    assert plan_shard_batch([record(ONE, 1, 2)], {ONE: 2}) == ((), (), {}, 1)


@given(st.integers(0, 2**32))
def test_each_version_has_one_effect_however_records_come(seed: int) -> None:
    """Records overlap, repeat, are lost, come out of order, and hold no events; batches end anywhere."""
    random = Random(seed)
    records = []
    for stream_id in (ONE, OTHER):
        for _ in range(random.randint(1, 12)):
            first = random.randint(1, 12)
            last = min(12, first + random.randint(0, 3))
            records.append(record(stream_id, first, last, is_pointer=random.random() < 0.2))
    random.shuffle(records)
    positions = {ONE: 0, OTHER: 0}
    had: dict[StreamId, list[int]] = {ONE: [], OTHER: []}
    while records:
        batch = [records.pop() for _ in range(min(len(records), random.randint(1, 6)))]
        plan = plan_shard_batch(batch, positions)
        effects = [(one.stream_id, one.event.version) for one in plan.apply]
        effects += [
            (one.stream_id, version)
            for one in plan.load
            for version in range(one.first_version, one.last_version + 1)
        ]
        for stream_id, version in sorted(effects):
            had[stream_id].append(version)
        for stream_id, version in plan.until.items():
            assert version > positions[stream_id]
        positions |= plan.until
        reached = {one.stream_id: one.last_version for one in batch}
        assert all(positions[StreamId(stream_id)] >= last for stream_id, last in reached.items())
    assert had == {stream_id: list(range(1, version + 1)) for stream_id, version in positions.items()}


@given(st.lists(st.integers(1, 9), max_size=12), st.integers(1, 12))
def test_parts_hold_all_records_in_order_within_the_bound(sizes: list[int], events_max: int) -> None:
    records = [record(ONE, 1, size) for size in sizes]
    parts = in_parts(records, events_max=events_max)
    assert [one for part in parts for one in part] == records
    assert all(len(part) == 1 or sum(one.last_version for one in part) <= events_max for part in parts)


@pytest.mark.parametrize(
    "changes",
    [
        {"first_version": 0},
        {"first_version": 4},
        {"last_version": 2**31},
        {"last_version": 4},
        {"tx": -1},
        {"pos": 2**63},
        {"events": []},
        {"events": None, "last_version": 2},
    ],
    ids=str,
)
def test_a_record_that_contradicts_itself_is_none(changes: dict[str, object]) -> None:
    plain = msgspec.json.decode(msgspec.json.encode(record(ONE, 3, 3)))
    assert read_record(msgspec.json.encode(plain)).first_version == 3
    with pytest.raises(UnknownForm):
        read_record(msgspec.json.encode(plain | changes))
