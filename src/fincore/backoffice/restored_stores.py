"""The stores after a restore from dumps: where each read model stands beside the restored log."""

from collections.abc import Mapping
from typing import NamedTuple

from fincore.eventstore.restored import Standing, standing_of
from fincore.postgres.pool import Pool


class ConsumerStanding(NamedTuple):
    """A consumer, the store with its checkpoint, and where it stands in the log."""

    consumer: str
    store: str
    standing: Standing


async def standings(log: Pool, targets: Mapping[str, tuple[str, Pool]]) -> list[ConsumerStanding]:
    """Where each consumer stands. `targets`: consumer -> its store, by name and as a pool."""
    return [
        ConsumerStanding(consumer, store, await standing_of(log, target, consumer))
        for consumer, (store, target) in targets.items()
    ]
