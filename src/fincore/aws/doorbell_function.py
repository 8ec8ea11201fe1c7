"""A function that lets a consumer read the log until it has passed the records of a shard, or, invoked by a schedule, all there is."""

import asyncio
from typing import TypeVar

import structlog

from fincore.aws.deadline import Deadline
from fincore.aws.kinesis_batch import ALL_TAKEN, Answer, ShardRecord, again_from, is_of_kinesis, shard_records
from fincore.aws.shard_function import NothingTaken
from fincore.eventstore.subscription import Checkpoint
from fincore.relay.doorbell import Doorbell

_log = structlog.get_logger(__name__)

E = TypeVar("E")


async def ring(doorbell: Doorbell[E], event: object, deadline: Deadline) -> Answer:
    """Read the log on; return from which record on the event is to be given again.

    Raises `NothingTaken` where the time was over before the first record was passed, and as the consumer does.
    """
    records = shard_records(event) if is_of_kinesis(event) else []
    before, end = await doorbell.reached(), await doorbell.end()
    try:
        async with asyncio.timeout(deadline.seconds_left()) as bound:
            await doorbell.ring(max((_place(record, end) for record in records), default=end))
    except TimeoutError:
        if not bound.expired():
            raise
    else:
        return ALL_TAKEN
    reached = await doorbell.reached()
    _log.warning("doorbell.late", before=before, reached=reached, end=end)
    left = [record for record in records if _place(record, end) > reached]
    if not left:
        return ALL_TAKEN
    if left[0] is records[0] and reached == before:
        raise NothingTaken(
            "no event was read within the time of the invocation: raise the time-out of the function"
        )
    return again_from(left[0])


def _place(record: ShardRecord, end: Checkpoint) -> Checkpoint:
    """Where a record rings; one that cannot be read rings for all there is."""
    return end if record.relayed is None else Checkpoint(*record.relayed.place)
