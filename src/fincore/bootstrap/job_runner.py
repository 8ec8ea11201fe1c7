"""How the workers of this installation get their jobs: from PostgreSQL, or by messages of SQS about them."""

import contextlib
from collections.abc import AsyncIterator
from math import ceil
from typing import Final

from fincore.bootstrap.settings import Settings
from fincore.postgres.pool import Pool
from fincore.write.queue.port import JobRunner

HIDDEN_TIMEOUTS: Final = 2
"""Heartbeat time-outs for which a message is hidden from other workers; it is prolonged long before."""
BEATS_PER_TIMEOUT: Final = 4


@contextlib.asynccontextmanager
async def open_job_runner(settings: Settings, pool: Pool, rows: JobRunner) -> AsyncIterator[JobRunner]:
    """What does the jobs of a worker. `rows` does them from PostgreSQL."""
    if settings.job_queue is None:
        yield rows
        return
    from fincore.bootstrap.job_messages import open_job_messages
    from fincore.write.queue.job_claims import JobClaims
    from fincore.write.queue.message_runner import MessageRunner

    timeout_seconds = settings.worker_heartbeat_timeout_seconds
    hidden_seconds = ceil(timeout_seconds * HIDDEN_TIMEOUTS)
    async with open_job_messages(settings, settings.job_queue) as messages:
        yield MessageRunner(
            JobClaims(
                pool,
                heartbeat_timeout_seconds=timeout_seconds,
                delivered_again_seconds=hidden_seconds + timeout_seconds,
            ),
            messages,
            rows,
            hidden_seconds=hidden_seconds,
            beat_seconds=timeout_seconds / BEATS_PER_TIMEOUT,
        )
