"""The projectionist role: the log into the query view."""

import asyncio

from fincore.bootstrap.consumer import run_consumer
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.read.projectionist.projectionist import Projectionist


async def run(_: Settings, stores: Stores, __: AgeClock, stop: asyncio.Event) -> None:
    """Fold events into views until `stop`."""
    await run_consumer(stores, stores.paymentdb, Projectionist(), stop, is_given_shards=True)
