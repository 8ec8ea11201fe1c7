"""A function that gives a consumer the records of a shard, part by part, until the batch or the time is over."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from fincore.aws.deadline import Deadline
from fincore.aws.kinesis_batch import ALL_TAKEN, Answer, again_from, shard_records
from fincore.domain.errors import FinCoreError
from fincore.relay.shard_batch import in_parts
from fincore.relay.shard_consumer import Taken
from fincore.relay.stream_record import Relayed

_log = structlog.get_logger(__name__)

Take = Callable[[Sequence[Relayed]], Awaitable[Taken]]
"""As `ShardConsumer.take`: what it returns of is durable."""


class NothingTaken(FinCoreError):
    """An invocation took no record: the batch is given again, and the error is counted."""


async def take_batch(take: Take, event: object, deadline: Deadline) -> Answer:
    """Take what an event brings; return from which record on it is to be given again.

    Raises `NothingTaken`, and what `take` raises: the whole batch is given again then, and what had its effect is skipped.
    """
    records = shard_records(event)
    known: list[Relayed] = []
    for record in records:
        if record.relayed is None:
            break
        known.append(record.relayed)
    taken, done, is_late = Taken(), 0, False
    for part in in_parts(known):
        try:
            async with asyncio.timeout(deadline.seconds_left()) as bound:
                taken += await take(part)
        except TimeoutError:
            if not bound.expired():
                raise
            is_late = True
            break
        done += len(part)
    _log.info("shards.taken", records=done, of=len(records), **taken._asdict())
    if done == len(records):
        return ALL_TAKEN
    if is_late:
        reason = (
            "the time of the invocation was over: raise the time-out of the function, or lower its batch size"
        )
    else:
        reason = (
            "a record is none that this version of FinCore reads: deploy the version of the relay, or find out what else "
            "writes to the stream"
        )
    if done == 0:
        raise NothingTaken(f"no record was taken, because {reason}")
    _log.warning("shards.taken_in_part", sequence_number=records[done].sequence_number, reason=reason)
    return again_from(records[done])
