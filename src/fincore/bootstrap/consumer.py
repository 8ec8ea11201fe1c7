"""What the roles that follow the log have in common: a subscription, and its lag in `/metrics`."""

import asyncio

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import run_until, sampled
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.stream_names import stream_name
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.log import EventLog
from fincore.eventstore.metrics import CONSUMER_LAG, PARKED_STREAMS
from fincore.eventstore.stream_positions import StreamPositions
from fincore.eventstore.subscription import BATCH_EVENTS_MAX, BATCH_INTERVAL_SECONDS, Subscription
from fincore.postgres.pool import Pool


async def run_consumer(
    stores: Stores,
    target: Pool,
    consumer: Consumer[LogEvent],
    stop: asyncio.Event,
    *,
    batch_events_max: int = BATCH_EVENTS_MAX,
    batch_interval_seconds: float = BATCH_INTERVAL_SECONDS,
    is_given_shards: bool = False,
) -> None:
    """Follow the log with a consumer that writes its effects to `target`, until `stop`.

    One that `is_given_shards` may be given the same events by functions that read a stream.
    """
    subscription = Subscription(
        EventLog(stores.eventstore, LOG_EVENTS, name_of=stream_name),
        target,
        consumer,
        batch_events_max=batch_events_max,
        batch_interval_seconds=batch_interval_seconds,
        positions=StreamPositions(consumer.name) if is_given_shards else None,
    )

    async def measure() -> None:
        CONSUMER_LAG.labels(consumer.name).set(await subscription.lag_seconds())
        PARKED_STREAMS.labels(consumer.name).set(await subscription.parked())

    async with sampled(consumer.name, measure):
        await run_until(stop, subscription.run(), subscription.stop)
