"""The ledger role: the log into the books."""

import asyncio

from fincore.bootstrap.consumer import run_consumer
from fincore.bootstrap.databases import Stores
from fincore.read.ledger.ledger_service import LedgerService
from fincore.settings import Settings


async def run(_: Settings, stores: Stores, stop: asyncio.Event) -> None:
    """Book events until `stop`."""
    await run_consumer(stores, stores.ledgerdb, LedgerService(), stop)
