"""The simulation's store on PostgreSQL: the real writer and log, and the consumers that follow them, once at the end."""

import asyncio
from contextlib import AsyncExitStack

from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.events import RecordedEvent
from fincore.domain.ids import StreamId
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Subscription
from fincore.eventstore.writer import Writer
from fincore.observability.invariants import check_all
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.queries import LedgerQueries
from fincore.read.projectionist.projectionist import Projectionist
from simulation.queue_model import QueueModel

FOLLOW_PAUSE_SECONDS = 0.01
"""Between looks at a log whose end another transaction of the server holds back for a moment."""


class StoreInPostgres:
    """One fresh database with all three stores in it. Fits `Store` by shape."""

    def __init__(self, dsn: str, queue: QueueModel) -> None:
        self._databases = Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)
        self._queue = queue
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Connect, and let the writer run."""
        opened = open_stores(self._databases, application_name="simulation", size_max=3)
        self._stores = await self._stack.enter_async_context(opened)
        self.inbox_pool: Pool = self._stores.eventstore
        self.log = EventLog(self._stores.eventstore)
        self.writer = Writer(self._stores.eventstore, self._queue.enqueue)
        self._writing = asyncio.create_task(self.writer.run())

    async def close(self) -> None:
        """Let the writer finish, and disconnect."""
        self.writer.close()
        await self._writing
        await self._stack.aclose()

    async def history(self) -> dict[StreamId, list[RecordedEvent]]:
        """Everything that ever happened, by stream."""
        rows = await self.inbox_pool.fetch("select distinct stream_id from eventstore.events")
        streams = sorted(StreamId(row["stream_id"]) for row in rows)
        return dict(zip(streams, await asyncio.gather(*map(self.log.load, streams)), strict=True))

    async def broken_laws(self) -> list[str]:
        """What breaks a law of FinCore's own once view and ledger have followed the log to its end."""
        await self._follow(self._stores.paymentdb, Projectionist())
        await self._follow(self._stores.ledgerdb, LedgerService())
        return [verdict.sentence for verdict in await check_all(self._stores) if not verdict.holds]

    async def clearing_minor(self) -> int:
        """What the books say the PSPs owe us."""
        rows = await LedgerQueries(self._stores.ledgerdb).trial_balance(livemode=False)
        return sum(row.balance_minor for row in rows if ":clearing:" in row.account)

    async def _follow(self, target: Pool, consumer: Consumer) -> None:
        subscription = Subscription(self.log, target, consumer)
        end = max(
            ((event.tx, event.pos) for events in (await self.history()).values() for event in events),
            default=(0, 0),
        )
        while await subscription.checkpoint() < end:
            if not await subscription.advance():
                await asyncio.sleep(FOLLOW_PAUSE_SECONDS)
