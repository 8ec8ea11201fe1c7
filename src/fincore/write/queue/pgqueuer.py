"""The job queue on PgQueuer: jobs are rows beside the log, claimed in batches, kept alive by heartbeats."""

import asyncio
import functools
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final, assert_never, get_args

import asyncpg
import structlog
from pgqueuer.core.executors import EntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as ClaimedRow

from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.job import Job, JobKind
from fincore.postgres.job_insertion import Column, JobInsertion
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.write.queue.handling import handled
from fincore.write.queue.job_rows import MAY_HAVE_RUN, claimed_job, number_of
from fincore.write.queue.pgqueuer_schema import SETTINGS
from fincore.write.queue.pgqueuer_session import ListeningDriver, TamedQueries
from fincore.write.queue.port import (
    JOBS_OF_CHARGE_MAX,
    PURGE_ROWS_MAX,
    Backlog,
    ChargeJobState,
    Done,
    Handler,
    HeldCount,
    HeldJob,
    HeldPlace,
    Hold,
    JobId,
    JobText,
    RetryIn,
)

_SQL = load_sql("fincore.write.queue", "pgqueuer.sql")
_log = structlog.get_logger(__name__)

BATCH_JOBS_MAX: Final = 50
"""Jobs in one claim; fewer where the concurrency is below twice that."""
RESTART_PAUSE_MIN_SECONDS: Final = 0.1
RESTART_PAUSE_MAX_SECONDS: Final = 5.0
"""The pause before working again after the database was lost; it doubles while the database stays away."""
CANCELS_MAX: Final = 10
CANCEL_PAUSE_SECONDS: Final = 0.5
"""Handlers that outlive the drain time-out are cancelled this often, with a pause in which they may end."""
TEXTS_AT_A_TIME: Final = 1_000
"""Stored texts held in memory at a time while all of them are searched."""
SEARCH_SECONDS_MAX: Final = 900.0
"""How long one statement that searches all stored texts may take."""


class _Held(Exception):
    """Tells PgQueuer to hold the job; its text is the reason."""


class PgQueuerQueue:
    """The port JobQueue on PgQueuer. `pool` belongs to the role `fincore_service` and has two or more connections.

    A worker that sends no heartbeat for `heartbeat_timeout_seconds` loses its jobs to others. `stop` waits at most
    `drain_timeout_seconds` for handlers at work; what they did not finish is then taken over like that.
    `poll_interval_seconds` bounds how late a retry, a requeued job or a dead worker's job is noticed; new jobs are
    announced.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        heartbeat_timeout_seconds: float = 15.0,
        drain_timeout_seconds: float = 30.0,
        poll_interval_seconds: float = 0.5,
    ) -> None:
        self._pool = pool
        self._heartbeat_timeout = timedelta(seconds=heartbeat_timeout_seconds)
        self._drain_timeout_seconds = drain_timeout_seconds
        self._poll_interval = timedelta(seconds=poll_interval_seconds)
        self._stopping = asyncio.Event()

    @property
    def insertion(self) -> JobInsertion:
        """What adds jobs, as rows."""
        return JobInsertion(_SQL.queued_jobs, _columns_of)

    async def work(self, handlers: Mapping[JobKind, Handler], *, concurrency: int) -> None:
        """Do due jobs until `stop`.

        A lost session ends one run of PgQueuer and starts the next; claimed jobs go on meanwhile and are still
        counted against the concurrency.
        """
        slots = asyncio.Semaphore(concurrency)
        runs: set[asyncio.Task[None]] = set()
        stopping = asyncio.create_task(self._stopping.wait())
        pause_seconds = RESTART_PAUSE_MIN_SECONDS
        try:
            while not self._stopping.is_set():
                manager = self._manager(handlers, slots)
                run = asyncio.create_task(self._run(manager, concurrency))
                runs.add(run)
                run.add_done_callback(runs.discard)
                started = asyncio.get_running_loop().time()
                lost = asyncio.create_task(manager.shutdown.wait())
                await asyncio.wait({run, lost, stopping}, return_when=asyncio.FIRST_COMPLETED)
                manager.shutdown.set()
                if self._stopping.is_set():
                    break
                if asyncio.get_running_loop().time() - started > RESTART_PAUSE_MAX_SECONDS:
                    pause_seconds = RESTART_PAUSE_MIN_SECONDS
                _log.warning("queue.working_again", pause_seconds=pause_seconds)
                await asyncio.wait({stopping}, timeout=pause_seconds)
                pause_seconds = min(pause_seconds * 2, RESTART_PAUSE_MAX_SECONDS)
            if runs:
                await asyncio.wait(runs, timeout=self._drain_timeout_seconds)
        finally:
            stopping.cancel()
            await _abandon(runs)

    def stop(self) -> None:
        """Claim no more; let `work` return when the claimed jobs are finished or the drain time-out is over."""
        self._stopping.set()

    async def held(
        self, *, limit: int, kind: JobKind | None = None, after: HeldPlace | None = None
    ) -> list[HeldJob]:
        """The dead letters, newest first; of a kind, and after a place, if given. A place that is none of PgQueuer's has none after it."""
        arguments: list[object] = [limit]
        conditions = ""
        if kind is not None:
            arguments.append(kind)
            conditions += f"\n  and {_SQL.of_kind.format(kind=f'${len(arguments)}')}"
        if after is not None:
            if (number := number_of(after.job_id)) is None:
                return []
            arguments += [after.held_at, number]
            conditions += (
                f"\n  and {_SQL.after_held.format(at=f'${len(arguments) - 1}', id=f'${len(arguments)}')}"
            )
        rows = await self._pool.fetch(_SQL.held_jobs.format(conditions=conditions), *arguments)
        return [_held_job(row) for row in rows]

    async def find_held(self, job_id: JobId) -> HeldJob | None:
        """One dead letter; None where no held job has the id."""
        number = number_of(job_id)
        row = None if number is None else await self._pool.fetchrow(_SQL.held_job, number)
        return None if row is None else _held_job(row)

    async def count_held(self, *, counted_max: int) -> HeldCount:
        """How many dead letters there are, at most `counted_max`, and how old the oldest of all is."""
        row = await self._pool.fetchrow(_SQL.count_held, counted_max)
        return HeldCount(0, None) if row is None else HeldCount(row["held"], row["oldest_at"])

    async def requeue(self, job_ids: Sequence[JobId]) -> int:
        """Make held jobs due again, as if new; return how many were held. No job has an id that is not one of PgQueuer's."""
        numbers = [number for job_id in job_ids if (number := number_of(job_id)) is not None]
        return len(await self._pool.fetch(_SQL.requeue_jobs, numbers, None))

    async def replay(self, place: HeldPlace, *, within: Connection) -> HeldJob | None:
        """Make one dead letter due again inside a transaction, and return it; None where no job is held since then."""
        number = number_of(place.job_id)
        row = None if number is None else await within.fetchrow(_SQL.requeue_jobs, [number], place.held_at)
        return None if row is None else _held_job(row)

    async def discard(self, place: HeldPlace, *, within: Connection) -> HeldJob | None:
        """Delete one dead letter for good inside a transaction, and return it; None where no job is held since then."""
        number = number_of(place.job_id)
        row = None if number is None else await within.fetchrow(_SQL.discard_job, number, place.held_at)
        return None if row is None else _held_job(row)

    async def depths(self) -> Mapping[str, int]:
        """How many jobs are `queued`, `scheduled` (due later), `picked` and `held`."""
        found = {row["status"]: row["jobs"] for row in await self._pool.fetch(_SQL.depths)}
        names = {"queued": "queued", "scheduled": "scheduled", "picked": "picked", "failed": "held"}
        return {name: found.get(status, 0) for status, name in names.items()}

    async def backlog(self, *, counted_max: int) -> list[Backlog]:
        """The kinds of which jobs are due and not begun, each counted up to `counted_max`."""
        rows = await self._pool.fetch(_SQL.backlog, list(get_args(JobKind)), counted_max)
        return [Backlog(row["kind"], row["jobs"], row["oldest_due_at"]) for row in rows]

    async def purge_log(self, *, kept_for: timedelta, rows_max: int = PURGE_ROWS_MAX) -> int:
        """Forget what was done with jobs longer ago, by the database's clock; how many rows, at most `rows_max` a table."""
        statuses = [
            await self._pool.execute(statement, kept_for, rows_max)
            for statement in (_SQL.purge_log, _SQL.purge_statistics)
        ]
        return sum(int(status.rpartition(" ")[2]) for status in statuses)

    async def charges_with_jobs(self, charge_ids: Collection[ChargeId]) -> set[ChargeId]:
        """Which of some charges have a job of their own: waiting, being done, or held."""
        rows = await self._pool.fetch(_SQL.charges_with_jobs, list(charge_ids))
        return {ChargeId(row["charge_id"]) for row in rows}

    async def attempts_with_jobs(self, charge_ids: Collection[ChargeId]) -> set[tuple[ChargeId, int]]:
        """Which abandoned attempts of some charges, by their numbers, have a job: waiting, being done, or held."""
        rows = await self._pool.fetch(_SQL.attempts_with_jobs, list(charge_ids))
        return {(ChargeId(row["charge_id"]), row["attempt"]) for row in rows}

    async def refunds_with_jobs(self, refund_ids: Collection[RefundId]) -> set[RefundId]:
        """Which of some refunds have a job of their own: waiting, being done, or held."""
        rows = await self._pool.fetch(_SQL.refunds_with_jobs, list(refund_ids))
        return {RefundId(row["refund_id"]) for row in rows}

    async def jobs_of_charge(self, charge_id: ChargeId) -> list[ChargeJobState]:
        """All jobs that name a charge, those that are due first at the head; at most `JOBS_OF_CHARGE_MAX`."""
        rows = await self._pool.fetch(_SQL.jobs_of_charge, charge_id, JOBS_OF_CHARGE_MAX)
        return [ChargeJobState(**dict(row)) for row in rows]

    async def texts_matching(self, pattern: str) -> AsyncGenerator[JobText, None]:
        """Every stored text, of jobs and of what was logged about them, in which a POSIX regular expression is found."""
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            found = connection.cursor(
                _SQL.texts_matching, pattern, prefetch=TEXTS_AT_A_TIME, timeout=SEARCH_SECONDS_MAX
            )
            async for row in found:
                yield JobText(row["place"], row["content"].decode(errors="replace"))

    def _manager(self, handlers: Mapping[JobKind, Handler], slots: asyncio.Semaphore) -> QueueManager:
        def lost() -> None:
            manager.shutdown.set()

        manager = QueueManager(TamedQueries(ListeningDriver(self._pool, lost)), channel=SETTINGS.channel)
        for kind, handler in handlers.items():
            parameters = EntrypointExecutorParameters(
                func=functools.partial(_do, handler, slots), concurrency_limit=0, on_failure="hold"
            )
            manager.register_executor(kind, EntrypointExecutor(parameters))
        return manager

    async def _run(self, manager: QueueManager, concurrency: int) -> None:
        """One run of PgQueuer, until its shutdown or until the database is lost."""
        batch_jobs = max(1, min(BATCH_JOBS_MAX, concurrency // 2))
        try:
            await manager.run(
                dequeue_timeout=self._poll_interval,
                batch_size=batch_jobs,
                # PgQueuer needs a concurrency of two batches; with a concurrency of one the semaphore holds the second back.
                max_concurrent_tasks=max(concurrency, 2 * batch_jobs),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=self._heartbeat_timeout,
                log_aggregation_interval=timedelta(0),
            )
        except Exception as error:  # noqa: BLE001 -- `work` starts the next run after any error
            _log.warning("queue.run_ended", error=type(error).__name__, detail=str(error)[:200])


def _held_job(row: asyncpg.Record) -> HeldJob:
    return HeldJob(
        job_id=JobId(str(row["id"])),
        kind=row["entrypoint"],
        payload=row["payload"] or b"",
        attempts=row["attempts"] + 1,
        reason=row["reason"],
        held_at=row["updated"],
    )


def _columns_of(jobs: Sequence[Job]) -> tuple[Column, ...]:
    """The arguments of `queued_jobs`."""
    # In one order in every process: two transactions with the same keys wait and never deadlock.
    jobs = sorted(jobs, key=lambda job: job.dedupe_key or "")
    return (
        [job.kind for job in jobs],
        [job.payload for job in jobs],
        [job.delay_seconds for job in jobs],
        [job.dedupe_key for job in jobs],
        [job.traceparent for job in jobs],
    )


async def _do(handler: Handler, slots: asyncio.Semaphore, row: ClaimedRow) -> None:
    """One job, its result in PgQueuer's terms: return, RetryRequested, or an exception that holds it."""
    headers = row.headers or {}
    job = claimed_job(row.id, row.entrypoint, row.payload, row.attempts, headers)
    async with slots:
        result = await handled(handler, job)
    match result:
        case Done():
            return
        case RetryIn():
            if not result.nothing_ran:
                # `TamedQueries.retry_job` stores it with the retry.
                row.headers = {**headers, MAY_HAVE_RUN: True}
            raise RetryRequested(timedelta(seconds=result.delay_seconds), result.reason)
        case Hold():
            raise _Held(result.reason)
        case _:
            assert_never(result)


async def _abandon(runs: set[asyncio.Task[None]]) -> None:
    """Cancel what is still running. Its jobs stay claimed until their heartbeats time out."""
    if not runs:
        return
    _log.warning("queue.jobs_left_to_others")
    for _ in range(CANCELS_MAX):
        for run in runs:
            run.cancel()
        # PgQueuer's loop takes the first cancellation and then waits for its handlers, which take the next one.
        _, pending = await asyncio.wait(runs, timeout=CANCEL_PAUSE_SECONDS)
        if not pending:
            return
