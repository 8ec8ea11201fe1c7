"""Functions that make deliveries of webhooks out of events, which the role `notify` sends: by the records of a stream's shards, and as a doorbell."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from fincore.aws.deadline import Deadline, LambdaContext
from fincore.aws.doorbell_function import ring
from fincore.aws.kinesis_batch import Answer
from fincore.aws.lambda_environment import LambdaEnvironment
from fincore.aws.shard_function import take_batch
from fincore.bootstrap.functions.installed import installed
from fincore.bootstrap.functions.printed_metrics import METRICS
from fincore.domain.log_events import LogEvent
from fincore.eventstore.stream_positions import StreamPositions
from fincore.eventstore.subscription import Subscription
from fincore.notify.fan_out import FanOut
from fincore.postgres.database_clock import DatabaseClock
from fincore.relay.doorbell import Doorbell
from fincore.relay.shard_consumer import ShardConsumer


class _Kept(NamedTuple):
    shards: ShardConsumer[LogEvent]
    doorbell: Doorbell[LogEvent]
    clock: DatabaseClock


@asynccontextmanager
async def _opened() -> AsyncIterator[_Kept]:
    async with installed("notify") as found:
        consumer, target = FanOut(found.clock), found.stores.notify
        subscription = Subscription(found.log, target, consumer, positions=StreamPositions(consumer.name))
        doorbell = Doorbell(found.log, subscription)
        yield _Kept(ShardConsumer(found.log, target, consumer), doorbell, found.clock)


_ENVIRONMENT: Final = LambdaEnvironment(_opened, ended=METRICS.write)


def by_shard(event: object, context: LambdaContext) -> Answer:
    """Handler of a mapping from the stream."""
    return _ENVIRONMENT.run(partial(_by_shard, event), context)


def by_doorbell(event: object, context: LambdaContext) -> Answer:
    """Handler of a schedule; it may be mapped to the stream, too."""
    return _ENVIRONMENT.run(partial(_by_doorbell, event), context)


async def _by_shard(event: object, kept: _Kept, deadline: Deadline) -> Answer:
    # The process was frozen for any time since it last read the clock.
    await kept.clock.measure_anew()
    return await take_batch(kept.shards.take, event, deadline)


async def _by_doorbell(event: object, kept: _Kept, deadline: Deadline) -> Answer:
    await kept.clock.measure_anew()
    return await ring(kept.doorbell, event, deadline)
