"""What routing needs in a process: the live rules and the breakers of accounts, kept up to date while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fincore.postgres.pool import Pool
from fincore.write.routing.breaker import BreakerPolicy
from fincore.write.routing.breaker_store import BreakerStore
from fincore.write.routing.breakers import Breakers
from fincore.write.routing.open_breakers import OpenBreakers
from fincore.write.routing.rule_cache import RuleCache
from fincore.write.routing.rule_store import RuleStore


@asynccontextmanager
async def running_rules(pool: Pool) -> AsyncIterator[RuleCache]:
    """The live routing rules, read before and kept up to date. Raises `ConfigurationError` for a version that cannot be used."""
    rules = RuleCache(RuleStore(pool))
    await rules.refresh()
    running = asyncio.create_task(rules.looks.run())
    try:
        yield rules
    finally:
        running.cancel()


@asynccontextmanager
async def running_breakers(pool: Pool) -> AsyncIterator[Breakers]:
    """The breakers of this process, in agreement with those of the others; at the end it tells what it has seen."""
    policy = BreakerPolicy()
    breakers = Breakers(BreakerStore(pool, policy), policy)
    running = asyncio.create_task(breakers.run())
    try:
        yield breakers
    finally:
        running.cancel()
        await asyncio.wait((running,))
        await breakers.sync()


@asynccontextmanager
async def running_open_breakers(pool: Pool) -> AsyncIterator[OpenBreakers]:
    """Which breakers are open, kept up to date, for a process that calls no PSP."""
    breakers = OpenBreakers(BreakerStore(pool, BreakerPolicy()))
    running = asyncio.create_task(breakers.run())
    try:
        yield breakers
    finally:
        running.cancel()
