"""A function that keeps the books, always as a doorbell: entries are numbered and chained by one writer, in the order of the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from fincore.aws.deadline import Deadline, LambdaContext
from fincore.aws.doorbell_function import ring
from fincore.aws.kinesis_batch import Answer
from fincore.aws.lambda_environment import LambdaEnvironment
from fincore.bootstrap.functions.installed import installed
from fincore.bootstrap.functions.printed_metrics import METRICS
from fincore.domain.log_events import LogEvent
from fincore.eventstore.subscription import Subscription
from fincore.postgres.database_clock import DatabaseClock, measured_clock
from fincore.read.ledger.ledger_service import BATCH_EVENTS_MAX, LedgerService
from fincore.read.ledgerdb.sealer import Sealer
from fincore.relay.doorbell import Doorbell


class _Kept(NamedTuple):
    doorbell: Doorbell[LogEvent]
    sealer: Sealer
    books_clock: DatabaseClock


@asynccontextmanager
async def _opened() -> AsyncIterator[_Kept]:
    async with installed("ledger") as found:
        ledgerdb = found.stores.ledgerdb
        clock = await measured_clock(ledgerdb, store="ledgerdb")
        subscription = Subscription(found.log, ledgerdb, LedgerService(), batch_events_max=BATCH_EVENTS_MAX)
        yield _Kept(Doorbell(found.log, subscription), Sealer(ledgerdb, clock), clock)


_ENVIRONMENT: Final = LambdaEnvironment(_opened, ended=METRICS.write)


def by_doorbell(event: object, context: LambdaContext) -> Answer:
    """Handler of a mapping from the stream, and of a schedule."""
    return _ENVIRONMENT.run(partial(_by_doorbell, event), context)


async def _by_doorbell(event: object, kept: _Kept, deadline: Deadline) -> Answer:
    answer = await ring(kept.doorbell, event, deadline)
    try:
        async with asyncio.timeout(deadline.seconds_left()) as bound:
            await kept.books_clock.measure_anew()
            await kept.sealer.try_to_seal()
    except TimeoutError:
        # What is booked stays so, and is sealed the next time.
        if not bound.expired():
            raise
    return answer
