"""The risk engine of a process: its rules kept up to date, its store within the bound of the settings; or the function that does its work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.risk_store import running_risk_store
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pool import Pool
from fincore.write.risk.engine import RiskEngine
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
async def engine_by(
    rules: RiskRuleCache, stores: Stores, clock: AgeClock, settings: Settings
) -> AsyncIterator[InProcessEngine]:
    """An engine in this process, over its store; at the end the attempts that still wait are counted."""
    async with running_risk_store(stores, clock, settings) as store:
        yield InProcessEngine(
            rules,
            store,
            PostgresEarlierCards(stores.risk),
            clock,
            timeout_seconds=settings.risk_timeout_ms / 1_000,
            failure_mode=settings.risk_failure_mode,
        )


@contextlib.asynccontextmanager
async def running_engine(
    stores: Stores, clock: AgeClock, settings: Settings
) -> AsyncIterator[InProcessEngine]:
    """The engine of this process. The card edge has no other: what is derived from a card's number does not leave it."""
    async with (
        running_risk_rules(stores.eventstore) as rules,
        engine_by(rules, stores, clock, settings) as engine,
    ):
        yield engine


@contextlib.asynccontextmanager
async def configured_engine(stores: Stores, clock: AgeClock, settings: Settings) -> AsyncIterator[RiskEngine]:
    """The function that the settings name, or the engine of this process. Raises `ConfigurationError`."""
    if settings.risk_function is None:
        async with running_engine(stores, clock, settings) as in_process:
            yield in_process
        return
    from fincore.bootstrap.risk_function import open_risk_function

    async with (
        running_risk_rules(stores.eventstore) as rules,
        open_risk_function(settings, settings.risk_function, rules) as function,
    ):
        yield function
