"""The simulation's store on PostgreSQL: the real writer and log, and the consumers that follow them, twice each."""

import asyncio
import contextlib
from contextlib import AsyncExitStack

from fincore.audit.invariants import check_all
from fincore.audit.invariants.open_charges_have_work import OPEN_CHARGES_HAVE_WORK
from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.clock import Clock
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Fenced, Subscription
from fincore.notify.endpoint import Owner
from fincore.notify.endpoints import Endpoints
from fincore.notify.fan_out import FanOut
from fincore.notify.secret_cipher import SecretCipher
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.queries import LedgerQueries
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, JobTakingWriter
from simulation.queue_model import QueueModel

FOLLOW_PAUSE_SECONDS = 0.01
"""Between looks at a log, while another transaction of the server holds back its end for a moment."""


CONSUMERS = 3
RUNNERS = 2
"""Processes of one consumer, where one should be: only one of them may have any effect."""
BATCH_EVENTS_MAX = 4
SECRETS_KEY = bytes(range(32))


class StoreInPostgres:
    """One fresh database with all three stores in it, and a merchant that wants every webhook. Fits `Store` by shape."""

    def __init__(self, dsn: str, queue: QueueModel, clock: Clock) -> None:
        self._databases = Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)
        self._queue = queue
        self._clock = clock
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Connect, and let the writer run."""
        opened = open_stores(self._databases, application_name="simulation", size_max=3)
        self._stores = await self._stack.enter_async_context(opened)
        self.inbox_pool: Pool = self._stores.eventstore
        self.log = EventLog(self._stores.eventstore, CHARGE_EVENTS)
        self.writer = JobTakingWriter(self._stores.eventstore, self._queue.put, CHARGE_EVENTS)
        self._writing = asyncio.create_task(self.writer.run())
        consumers: list[tuple[Pool, Consumer[ChargeEvent]]] = [
            (self._stores.paymentdb, Projectionist()),
            (self._stores.ledgerdb, LedgerService()),
            (self._stores.notify, FanOut(self._clock)),
        ]
        self._runners = [
            [
                Subscription(self.log, pool, consumer, batch_events_max=BATCH_EVENTS_MAX)
                for _ in range(RUNNERS)
            ]
            for pool, consumer in consumers
        ]
        endpoints = Endpoints(self._stores.notify, SecretCipher(SECRETS_KEY), self._clock)
        async with self._stores.notify.acquire() as connection, connection.transaction():
            await endpoints.create(
                connection,
                Owner(MERCHANT, livemode=False),
                url="https://shop.example/hooks",
                description=None,
                event_types=("*",),
            )

    async def close(self) -> None:
        """Let the writer finish, and disconnect."""
        self.writer.close()
        await self._writing
        await self._stack.aclose()

    async def history(self) -> dict[StreamId, list[RecordedEvent[ChargeEvent]]]:
        """Everything that ever happened, by stream."""
        rows = await self.inbox_pool.fetch("select distinct stream_id from eventstore.events")
        streams = sorted(StreamId(row["stream_id"]) for row in rows)
        return dict(zip(streams, await asyncio.gather(*map(self.log.load, streams)), strict=True))

    async def follow(self, consumer: int, runner: int) -> None:
        """Let one process of one consumer take its next step."""
        with contextlib.suppress(Fenced):
            await self._runners[consumer][runner].advance()

    async def broken_invariants(self) -> list[str]:
        """What breaks an invariant of FinCore's own once view, ledger and webhooks have followed the log to its end.

        Whether a job works on a charge the oracle checks: the queue is a model, and no invariant can look into it.
        """
        end = max(
            ((event.tx, event.pos) for events in (await self.history()).values() for event in events),
            default=(0, 0),
        )
        for consumer, (runner, *_) in enumerate(self._runners):
            while await runner.checkpoint() < end:
                await self.follow(consumer, 0)
                await asyncio.sleep(FOLLOW_PAUSE_SECONDS)
        results = await check_all(self._stores)
        return [one.sentence for one in results if not one.holds and one.invariant != OPEN_CHARGES_HAVE_WORK]

    async def owed_minor(self) -> int:
        """What the books say the PSPs owe us, also what they put aside."""
        rows = await LedgerQueries(self._stores.ledgerdb).trial_balance(livemode=False)
        return sum(
            row.balance_minor for row in rows if ":clearing:" in row.account or ":held:" in row.account
        )
