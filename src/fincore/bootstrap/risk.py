"""The risk role: the log into the counters of outcomes that risk rules read."""

import asyncio

from fincore.bootstrap.consumer import run_consumer
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.risk_engine import running_risk_rules
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.write.risk.outcome_counter import BATCH_INTERVAL_SECONDS, OutcomeCounter
from fincore.write.risk.outcomes import pairs_of


async def run(_: Settings, stores: Stores, __: AgeClock, stop: asyncio.Event) -> None:
    """Count what becomes of charges, as far as rules ask for it, until `stop`."""
    async with running_risk_rules(stores.eventstore) as rules:
        consumer = OutcomeCounter(lambda: pairs_of(rules.counters))
        await run_consumer(stores, stores.risk, consumer, stop, batch_interval_seconds=BATCH_INTERVAL_SECONDS)
