"""The ledger role: the log into the books, and what is booked under seal."""

import asyncio

from fincore.bootstrap.consumer import run_consumer
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import run_until
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.postgres.database_clock import running_clock
from fincore.read.ledger.ledger_service import BATCH_EVENTS_MAX, BATCH_INTERVAL_SECONDS, LedgerService
from fincore.read.ledgerdb.sealer import Sealer


async def run(_: Settings, stores: Stores, __: AgeClock, stop: asyncio.Event) -> None:
    """Book and seal until `stop`."""
    async with running_clock(stores.ledgerdb, store="ledgerdb") as books_clock:
        sealer = Sealer(stores.ledgerdb, books_clock)
        await asyncio.gather(
            run_consumer(
                stores,
                stores.ledgerdb,
                LedgerService(),
                stop,
                batch_events_max=BATCH_EVENTS_MAX,
                batch_interval_seconds=BATCH_INTERVAL_SECONDS,
            ),
            run_until(stop, sealer.run(), sealer.stop),
        )
