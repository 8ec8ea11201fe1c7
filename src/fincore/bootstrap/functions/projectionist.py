"""Functions that keep the query view: by the records of a stream's shards, and as a doorbell."""

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
from fincore.read.projectionist.projectionist import Projectionist
from fincore.relay.doorbell import Doorbell
from fincore.relay.shard_consumer import ShardConsumer


class _Kept(NamedTuple):
    shards: ShardConsumer[LogEvent]
    doorbell: Doorbell[LogEvent]


@asynccontextmanager
async def _opened() -> AsyncIterator[_Kept]:
    async with installed("projectionist") as found:
        consumer, target = Projectionist(), found.stores.paymentdb
        subscription = Subscription(found.log, target, consumer, positions=StreamPositions(consumer.name))
        yield _Kept(ShardConsumer(found.log, target, consumer), Doorbell(found.log, subscription))


_ENVIRONMENT: Final = LambdaEnvironment(_opened, ended=METRICS.write)


def by_shard(event: object, context: LambdaContext) -> Answer:
    """Handler of a mapping from the stream."""
    return _ENVIRONMENT.run(partial(_by_shard, event), context)


def by_doorbell(event: object, context: LambdaContext) -> Answer:
    """Handler of a schedule; it may be mapped to the stream, too."""
    return _ENVIRONMENT.run(partial(_by_doorbell, event), context)


async def _by_shard(event: object, kept: _Kept, deadline: Deadline) -> Answer:
    return await take_batch(kept.shards.take, event, deadline)


async def _by_doorbell(event: object, kept: _Kept, deadline: Deadline) -> Answer:
    return await ring(kept.doorbell, event, deadline)
