"""The risk engine of a process: its rules kept up to date, its store within the bound of the settings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.risk_store import running_risk_store
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pool import Pool
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.instrument_store import PostgresEarlierCards
from fincore.write.risk.rule_cache import RiskRuleCache
from fincore.write.risk.rule_versions import RiskRuleVersions


@contextlib.asynccontextmanager
async def running_risk_rules(pool: Pool) -> AsyncIterator[RiskRuleCache]:
    """The risk rules, read before and kept up to date.

    Versions that cannot be used do not end the process: the failure mode counts, and a metric tells of it.
    """
    rules = RiskRuleCache(RiskRuleVersions(pool))
    try:
        await rules.refresh()
    except ConfigurationError as error:
        rules.looks.tell_unusable(error)
    running = asyncio.create_task(rules.looks.run())
    try:
        yield rules
    finally:
        running.cancel()


@contextlib.asynccontextmanager
async def running_engine(
    stores: Stores, clock: AgeClock, settings: Settings
) -> AsyncIterator[InProcessEngine]:
    """The engine of this process, over its store; at the end the attempts that still wait are counted."""
    async with (
        running_risk_store(stores, clock, settings) as store,
        running_risk_rules(stores.eventstore) as rules,
    ):
        yield InProcessEngine(
            rules,
            store,
            PostgresEarlierCards(stores.risk),
            clock,
            timeout_seconds=settings.risk_timeout_ms / 1_000,
            failure_mode=settings.risk_failure_mode,
        )
