"""What the roles have in common inside: a running writer, measuring for `/metrics`, stopping in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from fincore.eventstore.metrics import COMMITS_WAITING
from fincore.eventstore.writer import Enqueue, Writer
from fincore.postgres.failures import is_outage
from fincore.postgres.pool import Pool

SAMPLE_INTERVAL_SECONDS: Final = 2.0
"""How often lags and depths are measured."""


@contextlib.asynccontextmanager
async def running_writer(pool: Pool, enqueue: Enqueue) -> AsyncIterator[Writer]:
    """The write door of this process; at the end it writes what still waits."""
    writer = Writer(pool, enqueue)
    COMMITS_WAITING.set_function(lambda: writer.commits_waiting)
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.close()
        await running


@contextlib.asynccontextmanager
async def sampled(measure: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Measure something for `/metrics` every few seconds; a database that is away is waited for."""

    async def sample() -> None:
        while True:
            try:
                await measure()
            except Exception as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(SAMPLE_INTERVAL_SECONDS)

    sampling = asyncio.create_task(sample())
    try:
        yield
    finally:
        sampling.cancel()


async def run_until(stop: asyncio.Event, work: Awaitable[None], finish: Callable[[], None]) -> None:
    """Run `work`; when told to stop, ask it to finish and wait for it."""
    running = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    finish()
    await running
