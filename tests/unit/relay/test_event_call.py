"""What goes into a call to a stream, also after failures: each stream in order, without a gap, within every limit."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.ids import EventId, StreamId
from fincore.relay.event_call import StreamLimits, after_call, plan_call
from fincore.relay.shard_pace import WINDOW_SECONDS, ShardPace
from fincore.relay.stream_record import (
    ENVELOPE_BYTES_MAX,
    OutgoingEvent,
    Place,
    UnknownForm,
    outgoing,
    pointer_to,
    read_record,
    record_of,
)

LIMITS = StreamLimits(
    records_per_call=3,
    bytes_per_call=2_400,
    bytes_per_record=1_000,
    shard_records_per_second=2,
    shard_bytes_per_second=1_500,
)


def event(pos: int, stream: int, version: int, padding: int = 0) -> OutgoingEvent:
    """An event of a stream, with JSON of a chosen length."""
    return outgoing(
        Place(7, pos),
        StreamId(UUID(int=stream)),
        version,
        event_id=EventId(UUID(int=pos)),
        event_type="charge.created",
        schema_version=1,
        data=f'{{"note":"{"x" * padding}"}}',
        recorded_at=datetime(2026, 11, 27, tzinfo=UTC),
    )


def a_log(streams_and_paddings: Sequence[tuple[int, int]]) -> list[OutgoingEvent]:
    """Events in log order, each the next one of its stream."""
    versions: dict[int, int] = defaultdict(int)
    found = []
    for pos, (stream, padding) in enumerate(streams_and_paddings, 1):
        versions[stream] += 1
        found.append(event(pos, stream, versions[stream], padding))
    return found


def shard_of(partition_key: str) -> str:
    return f"shard {int(partition_key[-1], 16) % 2}"


LOGS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([0, 10, 300, 500, 2_000])), min_size=1, max_size=40
).map(a_log)


@given(log=LOGS, seed=st.integers(0, 2**32))
def test_failures_in_part_leave_each_stream_in_order(log: list[OutgoingEvent], seed: int) -> None:
    random = Random(seed)
    unsent: Sequence[OutgoingEvent] = log
    reached = Place(0, 0)
    arrived: list[OutgoingEvent] = []
    while unsent:
        call = plan_call(unsent, LIMITS, shard_of)
        assert call.records
        failed = {index for index in range(len(call.records)) if random.random() < 0.4}
        arrived += [
            one for index, record in enumerate(call.records) if index not in failed for one in record.events
        ]
        left = after_call(log, call, failed)
        unsent, reached = left.unsent, max(reached, left.reached)
        assert {one.place for one in log if one.place <= reached} <= {one.place for one in arrived}
        assert sorted(one.place for one in (*arrived, *unsent)) == [one.place for one in log]
    assert reached == log[-1].place
    of_stream: dict[StreamId, list[int]] = defaultdict(list)
    for one in arrived:
        of_stream[one.stream_id].append(one.version)
    for versions in of_stream.values():
        assert versions == list(range(1, len(versions) + 1))


@given(log=LOGS)
def test_a_call_keeps_to_every_limit(log: list[OutgoingEvent]) -> None:
    unsent: Sequence[OutgoingEvent] = log
    while unsent:
        call = plan_call(unsent, LIMITS, shard_of)
        sizes = [record.size_bytes for record in call.records]
        assert 1 <= len(sizes) <= LIMITS.records_per_call
        assert sum(sizes) <= LIMITS.bytes_per_call
        assert max(sizes) <= LIMITS.bytes_per_record
        assert len({record.partition_key for record in call.records}) == len(call.records)
        for shard in ("shard 0", "shard 1"):
            of_shard = [one.size_bytes for one in call.records if shard_of(one.partition_key) == shard]
            assert len(of_shard) <= LIMITS.shard_records_per_second
            assert sum(of_shard) <= LIMITS.shard_bytes_per_second
        unsent = call.rest


@given(log=LOGS, pauses=st.lists(st.floats(0, 0.7), min_size=1, max_size=40))
def test_a_shard_never_gets_more_in_a_second_than_it_takes(
    log: list[OutgoingEvent], pauses: list[float]
) -> None:
    pace, now = ShardPace(LIMITS), 100.0
    given_at: list[tuple[float, str, int]] = []
    unsent: Sequence[OutgoingEvent] = log
    for number in range(len(log)):
        call = plan_call(unsent, LIMITS, shard_of)
        now += pace.delay_seconds(call.records, shard_of, now)
        given_at += [(now, shard_of(one.partition_key), one.size_bytes) for one in call.records]
        unsent = call.rest
        if not unsent:
            break
        now += pauses[number % len(pauses)]
    assert not unsent
    for begin, shard, _ in given_at:
        # Two sums of the same floats may differ in their last digits.
        second = [
            size
            for at, other, size in given_at
            if other == shard and begin <= at < begin + WINDOW_SECONDS - 1e-6
        ]
        assert len(second) <= LIMITS.shard_records_per_second
        assert sum(second) <= LIMITS.shard_bytes_per_second


def test_a_shard_that_rested_takes_a_call_at_once() -> None:
    pace = ShardPace(LIMITS)
    call = plan_call(a_log([(0, 0), (2, 0)]), LIMITS, shard_of)
    assert pace.delay_seconds(call.records, shard_of, 10.0) == 0
    assert pace.delay_seconds(call.records, shard_of, 10.25) == pytest.approx(0.75)
    assert pace.delay_seconds(call.records, shard_of, 13.0) == 0


def test_an_event_over_the_limit_becomes_a_pointer_of_its_own() -> None:
    log = a_log([(1, 10), (1, 2_000), (1, 10), (2, 10)])
    first = plan_call(log, LIMITS, shard_of)
    assert [len(record.events) for record in first.records] == [1, 1]
    second = plan_call(first.rest, LIMITS, shard_of)
    (pointer,) = second.records
    relayed = read_record(pointer.data)
    assert relayed.events is None
    assert (relayed.first_version, relayed.last_version, relayed.pos) == (2, 2, 2)
    (last,) = plan_call(second.rest, LIMITS, shard_of).records
    assert read_record(last.data).first_version == 3


def test_a_record_gives_back_what_the_log_holds() -> None:
    record = record_of([event(4, 9, 2, 5), event(6, 9, 3)])
    relayed = read_record(record.data)
    assert (relayed.stream_id, relayed.first_version, relayed.last_version) == (UUID(int=9), 2, 3)
    assert (relayed.tx, relayed.pos) == (7, 6)
    assert relayed.events is not None
    assert [(one.version, bytes(one.data)) for one in relayed.events] == [
        (2, b'{"note":"xxxxx"}'),
        (3, b'{"note":""}'),
    ]


def test_the_envelope_bound_holds_for_the_largest_places() -> None:
    largest = OutgoingEvent(Place(2**63 - 1, 2**63 - 1), StreamId(UUID(int=2**128 - 1)), 2**31 - 1, b"null")
    assert len(pointer_to(largest).data) <= ENVELOPE_BYTES_MAX


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"form":1}', b"\xff"])
def test_a_record_of_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(UnknownForm):
        read_record(data)


def test_a_record_of_a_later_form_is_refused_by_its_number() -> None:
    data = record_of([event(1, 1, 1)]).data.replace(b'"form":1', b'"form":2')
    with pytest.raises(UnknownForm, match="has the form 2"):
        read_record(data)
