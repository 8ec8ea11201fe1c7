"""What a function answers to a batch of Kinesis: all, a part, or an error; and that it keeps within the time of its invocation."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import pytest

from fincore.aws.deadline import RESERVE_SECONDS, Deadline
from fincore.aws.kinesis_batch import ALL_TAKEN, NoRecords, shard_records
from fincore.aws.lambda_environment import FunctionFailed, LambdaEnvironment
from fincore.aws.shard_function import NothingTaken, take_batch
from fincore.domain.errors import StoreUnavailable
from fincore.relay.shard_batch import BATCH_EVENTS_MAX
from fincore.relay.shard_consumer import Taken
from fincore.relay.stream_record import FORM_VERSION, Relayed
from fixtures.kinesis_mapping import kinesis_event, sequence_number


class Context:
    """A context in which time stands still."""

    def __init__(self, milliseconds: int = 30_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def pointer(stream: int, *, versions: int = 1) -> bytes:
    """A record of many events, without them."""
    return msgspec.json.encode(
        Relayed(
            form=FORM_VERSION,
            stream_id=UUID(int=stream),
            first_version=1,
            last_version=versions,
            tx=1,
            pos=stream,
            events=None,
        )
    )


class Taker:
    """Takes records, but for one part, which lasts as long as the time that is left."""

    def __init__(self, *, slow_part: int | None = None) -> None:
        self.parts: list[list[int]] = []
        self._slow_part = slow_part

    async def __call__(self, records: Sequence[Relayed]) -> Taken:
        if len(self.parts) == self._slow_part:
            await asyncio.Event().wait()
        self.parts.append([record.stream_id.int for record in records])
        return Taken(applied=len(records))


async def take(taker: Taker, records: Sequence[bytes], *, milliseconds: int = 30_000) -> object:
    return await take_batch(taker, kinesis_event(3, records), Deadline(Context(milliseconds)))


async def test_all_records_are_taken_in_their_order() -> None:
    taker = Taker()
    assert await take(taker, [pointer(1), pointer(2)]) == ALL_TAKEN
    assert taker.parts == [[1, 2]]


@pytest.mark.parametrize("strange", [b"{}", b"\xff", msgspec.json.encode({"form": 2}), b""], ids=repr)
async def test_records_before_one_of_another_form_are_taken(strange: bytes) -> None:
    taker = Taker()
    assert await take(taker, [pointer(1), strange, pointer(2)]) == {
        "batchItemFailures": [{"itemIdentifier": sequence_number(3, 1)}]
    }
    assert taker.parts == [[1]]
    with pytest.raises(NothingTaken, match="none that this version of FinCore reads"):
        await take(taker, [strange, pointer(2)])
    assert taker.parts == [[1]]


async def test_what_the_time_allows_is_taken() -> None:
    records = [pointer(number, versions=BATCH_EVENTS_MAX) for number in (1, 2, 3)]
    taker = Taker(slow_part=1)
    soon = int(RESERVE_SECONDS * 1_000) + 10
    assert await take(taker, records, milliseconds=soon) == {
        "batchItemFailures": [{"itemIdentifier": sequence_number(3, 1)}]
    }
    assert taker.parts == [[1]]
    with pytest.raises(NothingTaken, match="raise the time-out"):
        await take(Taker(slow_part=0), records, milliseconds=soon)


async def test_a_timeout_of_the_database_is_no_end_of_time() -> None:
    async def times_out(_: Sequence[Relayed]) -> Taken:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await take_batch(times_out, kinesis_event(3, [pointer(1)]), Deadline(Context()))


@pytest.mark.parametrize("event", [{}, {"Records": [{}]}, {"Records": None}, [], None], ids=repr)
def test_an_event_without_records_of_kinesis_is_refused(event: Any) -> None:
    with pytest.raises(NoRecords, match="ReportBatchItemFailures"):
        shard_records(event)


class Opened:
    """Something that opens once it has failed to, and counts."""

    def __init__(self) -> None:
        self.times = 0

    async def __aenter__(self) -> int:
        self.times += 1
        if self.times == 1:
            raise ConnectionRefusedError
        return self.times

    async def __aexit__(self, *_: object) -> None:
        raise AssertionError("it is kept")


def test_what_was_opened_is_kept_between_invocations() -> None:
    opened = Opened()
    ends: list[int] = []
    environment = LambdaEnvironment(lambda: opened, ended=lambda: ends.append(opened.times))

    async def work(kept: int, deadline: Deadline) -> tuple[int, asyncio.AbstractEventLoop]:
        assert deadline.seconds_left() == 30 - RESERVE_SECONDS
        return kept, asyncio.get_running_loop()

    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        environment.run(work, Context())
    first, again = environment.run(work, Context()), environment.run(work, Context())
    assert first == again
    assert first[0] == 2

    async def fail(_: int, __: Deadline) -> None:
        raise ValueError("4242424242424242")

    with pytest.raises(FunctionFailed) as failed:
        environment.run(fail, Context())
    assert "4242" not in str(failed.value)
    assert failed.value.__cause__ is None
    # Each invocation has an end, also one that failed.
    assert len(ends) == 4
