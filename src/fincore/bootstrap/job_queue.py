"""The job queue of this installation: the one place that builds its adapter."""

from typing import Final

from fincore.postgres.pool import Pool
from fincore.write.queue.port import JobQueue

HEARTBEAT_TIMEOUT_SECONDS: Final = 15.0
"""Silence after which the jobs of a worker are given to others, where the settings do not say."""


def job_queue(pool: Pool, *, heartbeat_timeout_seconds: float = HEARTBEAT_TIMEOUT_SECONDS) -> JobQueue:
    """The queue in the database of `pool`; the pool's role is `fincore_service`."""
    # Most roles neither enqueue nor work: they do not load PgQueuer.
    from fincore.write.queue.pgqueuer import PgQueuerQueue

    return PgQueuerQueue(pool, heartbeat_timeout_seconds=heartbeat_timeout_seconds)
