"""PgQueuer's access to the database, with what a payment system cannot accept taken out."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain import models
from pgqueuer.domain.types import JOB_STATUS, HealthCheckId, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.driver import NotifyCallback
from pgqueuer.ports.repository import EntrypointExecutionParameter

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.queue.job_rows import MAY_HAVE_RUN
from fincore.write.queue.pgqueuer_schema import BUILDERS

_SQL = load_sql("fincore.write.queue", "pgqueuer.sql")
_log = structlog.get_logger(__name__)

# PgQueuer logs whole exceptions and notifications with all they hold. What matters is logged here, in our words.
logging.getLogger("pgqueuer").disabled = True

CLAIM_INTERVAL_SECONDS: Final = 0.004
"""The least time between two claims while the last one came back less than half full. A claim costs PostgreSQL about
as much as ten jobs: under load it pays to let a few gather. An idle queue is never kept waiting by it."""
LOOK_INTERVAL_SECONDS: Final = 0.1
"""The least time between two looks for jobs that come due later. In between the worker claims again after as long a pause at most."""

_Finished = tuple[models.Job, JOB_STATUS, models.TracebackRecord | None]


class ListeningDriver(AsyncpgPoolDriver):
    """A pool that reports the loss of its listening session at once: PgQueuer alone would take up to 20 s.

    `announcements` counts what it heard: at the least one for each transaction that put a job in.
    """

    def __init__(self, pool: Pool, on_loss: Callable[[], None]) -> None:
        super().__init__(pool)
        self._on_loss = on_loss
        self._lost = False
        self.listening = asyncio.Event()
        self.announcements = 0

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        def heard(payload: str | bytes | bytearray) -> None:
            self.announcements += 1
            callback(payload)

        await super().add_listener(channel, heard)
        if self._listener_connection is not None:
            self._listener_connection.add_termination_listener(self._terminated)
        self.listening.set()

    async def __aexit__(self, *error: object) -> None:
        if self._listener_connection is not None:
            if self._lost:
                # The pool let go of it when it was lost; there is nothing to give back.
                self._listener_connection = None
            else:
                self._listener_connection.remove_termination_listener(self._terminated)
        await super().__aexit__(*error)

    def _terminated(self, _connection: object) -> None:
        self._lost = True
        self._on_loss()


class TamedQueries(Queries):
    """PgQueuer's statements, so that a claimed job is never deleted or held for want of a connection."""

    def __init__(self, driver: ListeningDriver) -> None:
        super().__init__(driver, *BUILDERS)
        self._driver = driver
        self._claim_not_before = 0.0
        self._look_not_before = 0.0
        self._claimed_all_at: int | None = None

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[models.Job]:
        """Claim due jobs, a few milliseconds after a claim that found little.

        PgQueuer claims until a claim finds nothing. One that found less than it asked for has found all, unless a job was announced since.
        """
        claimed_all_at, self._claimed_all_at = self._claimed_all_at, None
        if claimed_all_at == self._driver.announcements:
            return []
        wait_seconds = self._claim_not_before - time.monotonic()
        if wait_seconds > 0:
            await asyncio.sleep(wait_seconds)
        heard = self._driver.announcements
        jobs = await super().dequeue(
            batch_size, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout
        )
        if 0 < len(jobs) < batch_size:
            self._claimed_all_at = heard
        if 0 < len(jobs) < batch_size / 2:
            self._claim_not_before = time.monotonic() + CLAIM_INTERVAL_SECONDS
        return jobs

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """Whether jobs are due, which PgQueuer asks before each wait, and the same of later ones if there are none.

        Soon after the last look the answer is a yes without a look: PgQueuer then waits for no longer than until the next one.
        """
        now = time.monotonic()
        if now < self._look_not_before:
            return 1
        self._look_not_before = now + LOOK_INTERVAL_SECONDS
        return await super().eligible_queued_work(entrypoints)

    async def log_jobs(self, job_status: list[_Finished]) -> None:
        """Write what became of jobs.

        One that was cancelled in mid-air stays claimed, to be taken over: PgQueuer would count it as finished.
        """
        held = [(job, record) for job, status, record in job_status if status == "failed"]
        finished = [entry for entry in job_status if entry[1] not in ("failed", "canceled")]
        try:
            if held:
                reasons = [record.exception_message if record else "" for _, record in held]
                await self.driver.execute(
                    _SQL.hold_jobs,
                    [job.id for job, _ in held],
                    reasons,
                    [job.queue_manager_id for job, _ in held],
                )
            if finished:
                await super().log_jobs(finished)
        except Exception as error:
            _log.warning("queue.results_not_written", jobs=len(job_status), error=type(error).__name__)
            raise

    async def retry_job(
        self, job: models.Job, delay: timedelta, traceback_record: models.TracebackRecord | None
    ) -> None:
        """Put a job back, with what is known of this claim.

        If that fails it stays claimed, to be taken over: PgQueuer would hold it for a person.
        """
        try:
            await self.driver.execute(
                _SQL.retry_job,
                job.id,
                delay,
                traceback_record.model_dump_json() if traceback_record else None,
                MAY_HAVE_RUN in (job.headers or {}),
                job.queue_manager_id,
            )
        except Exception as error:  # noqa: BLE001 -- no failure to write may turn a retry into a dead letter
            _log.warning("queue.retry_not_written", job_id=job.id, error=type(error).__name__)

    async def update_heartbeat(self, job_ids: list[JobId]) -> None:
        """Say that the worker of these jobs is alive."""
        try:
            await super().update_heartbeat(job_ids)
        except Exception as error:
            _log.warning("queue.heartbeat_not_written", jobs=len(job_ids), error=type(error).__name__)
            raise

    async def notify_health_check(self, health_check_event_id: HealthCheckId) -> None:
        """Probe the listening session once it listens: PgQueuer's first probe can come before, and then fails."""
        await self._driver.listening.wait()
        await super().notify_health_check(health_check_event_id)
