"""What the roles have in common inside: a running writer, measuring for `/metrics`, stopping in order."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import structlog

from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.eventstore.metrics import COMMITS_WAITING
from fincore.eventstore.writer import Writer
from fincore.observability.metrics import FIGURES_AGE_SECONDS
from fincore.postgres.failures import is_outage
from fincore.postgres.job_insertion import JobInsertion
from fincore.postgres.pool import Pool

_log = structlog.get_logger(__name__)

SAMPLE_INTERVAL_SECONDS: Final = 2.0
"""How often lags and depths are measured."""


@contextlib.asynccontextmanager
async def running_writer(pool: Pool, queue: JobInsertion) -> AsyncIterator[Writer[LogEvent]]:
    """The writer of this process; at the end it writes the commits that still wait."""
    writer = Writer(pool, queue, LOG_EVENTS)
    COMMITS_WAITING.set_function(lambda: writer.commits_waiting)
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.close()
        await running


@contextlib.asynccontextmanager
async def sampled(
    what: str, measure: Callable[[], Awaitable[None]], *, interval_seconds: float = SAMPLE_INTERVAL_SECONDS
) -> AsyncIterator[None]:
    """Measure something for `/metrics` every few seconds, also after a measurement has failed.

    Where it fails, the figures stay as they were, and their age grows: that is a figure, too.
    """
    measured_at = time.monotonic()
    FIGURES_AGE_SECONDS.labels(what).set_function(lambda: time.monotonic() - measured_at)

    async def sample() -> None:
        nonlocal measured_at
        while True:
            try:
                await measure()
                measured_at = time.monotonic()
            except Exception as error:  # noqa: BLE001 -- what fails once is measured again; its age tells of it
                if not is_outage(error):
                    _log.warning("metrics.unmeasured", what=what, error=repr(error))
            await asyncio.sleep(interval_seconds)

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
