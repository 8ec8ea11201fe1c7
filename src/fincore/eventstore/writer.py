"""The writer: a process writes the Commits that queued up while the batches before were being written.

There is no timer. A lone Commit is written at once; under load the batches grow by themselves, so that the price of a
durable transaction is shared (group commit).
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Generic, TypeVar

import asyncpg
import structlog

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.event_codec import EventCodec
from fincore.eventstore.commit import (
    Commit,
    CommitResult,
    Committed,
    Conflict,
    IdempotencyKey,
    StoredResponse,
)
from fincore.eventstore.commit_rows import claims_of, columns_of, refusable_of, refusal_of, stored_response_of
from fincore.eventstore.commit_spans import followed, link_commits, tell_result, tell_size, traced
from fincore.observability import failpoints
from fincore.observability.tracing.span import CURRENT, SLOW_SECONDS
from fincore.observability.tracing.tracer import begin, begin_for_many, is_tracing
from fincore.postgres.failures import OUTAGES, is_outage, outage_of
from fincore.postgres.job_insertion import JobInsertion
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.postgres.shared_fetch import SharedFetch

_SQL = load_sql("fincore.eventstore", "writer.sql")
_log = structlog.get_logger(__name__)

COMMITS_WAITING_MAX: Final = 10_000
"""Commits queued in one process; one more is answered `Overloaded`."""
BATCH_COMMITS_MAX: Final = 500
"""Commits in one transaction."""
BATCHES_UNDER_WAY_MAX: Final = 2
"""Transactions of one process at the same time."""
SECOND_BATCH_COMMITS_MIN: Final = 32
"""Commits that must wait before a second batch sets out beside the first: fewer are better carried by the next."""
RECONNECTS_MAX: Final = 7
"""Tries to write one batch while PostgreSQL is away, about ten seconds in all."""
RECONNECT_DELAY_SECONDS: Final = 0.1
"""The pause before the second try; each further one is twice as long."""
RECONNECT_SECONDS_MAX: Final = 10.0
"""How long after the first try another one may begin: where the server hangs, each try takes as long as a statement may."""

_JOBS: Final = "--jobs--"
"""The line of `insert_batch` that stands where the queue's part goes."""
_PARAMETERS: Final = 31
"""Of `insert_batch` by itself."""

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)

_Waiting = tuple[Commit[E], "asyncio.Future[CommitResult]"]


class Writer(Generic[E_contra]):
    """Writes Commits of every aggregate in `events`, many in one transaction. `run` must be running for `commit` to return."""

    def __init__(
        self,
        pool: Pool,
        queue: JobInsertion,
        events: EventCodec[E_contra],
        *,
        commits_waiting_max: int = COMMITS_WAITING_MAX,
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._insert_batch_with_jobs = _SQL.insert_batch.replace(
            _JOBS, f"{queue.numbered_after(_PARAMETERS)},"
        )
        self._events = events
        self._commits_waiting_max = commits_waiting_max
        self._waiting: deque[_Waiting[E_contra]] = deque()
        self._under_way = 0
        self._claimed: set[object] = set()
        self._responses: SharedFetch[IdempotencyKey, StoredResponse] = SharedFetch(self._find_responses)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False

    @property
    def commits_waiting(self) -> int:
        """How many Commits are not durable yet: those of the batches under way, and those that wait for the next."""
        return self._under_way + len(self._waiting)

    async def commit(self, commit: Commit[E_contra]) -> CommitResult:
        """Make a Commit durable and say what became of it.

        Raises `Overloaded` when too many wait, `StoreUnavailable` when PostgreSQL stayed away past the bound: the
        Commit may or may not be written then, and repeating it with the same idempotency key is safe.
        """
        outer = CURRENT.get()
        if outer is None or outer.is_chosen:
            return await (self._commit_in_span(commit) if is_tracing() else self._commit(commit))
        # In a trace that was not chosen, only what failed or was slow has a span: it is made when that is known.
        traceparent = outer.traceparent_inside()
        began = time.perf_counter()
        try:
            result = await self._commit(followed(commit, traceparent))
        except BaseException as error:
            span = outer.inside("commit", "commit", traceparent, began=began)
            tell_size(span, commit)
            span.end(error)
            raise
        if time.perf_counter() - began >= SLOW_SECONDS["commit"]:
            span = outer.inside("commit", "commit", traceparent, began=began)
            tell_size(span, commit)
            tell_result(span, result)
            span.end()
        return result

    async def _commit_in_span(self, commit: Commit[E_contra]) -> CommitResult:
        # Nothing is done inside the span but to wait, so it need not be the current one.
        span = begin("commit", "commit")
        try:
            result = await self._commit(traced(commit, span))
        except BaseException as error:
            span.end(error)
            raise
        tell_result(span, result)
        span.end()
        return result

    async def _commit(self, commit: Commit[E_contra]) -> CommitResult:
        if self._closing or len(self._waiting) >= self._commits_waiting_max:
            raise Overloaded("the write queue")
        if self._loop is None:  # asked for once: Python asks the system for it each time
            self._loop = asyncio.get_running_loop()
        future: asyncio.Future[CommitResult] = self._loop.create_future()
        self._waiting.append((commit, future))
        self._wake.set()
        return await future

    async def find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        """What an idempotency key got, or None if it was never used."""
        return await self._responses.find(key)

    async def _find_responses(
        self, keys: Sequence[IdempotencyKey]
    ) -> Mapping[IdempotencyKey, StoredResponse]:
        columns = [[getattr(key, name) for key in keys] for name in IdempotencyKey.__struct_fields__]
        rows = await self._pool.fetch(_SQL.find_responses, *columns)
        return {
            IdempotencyKey(row["merchant_id"], row["livemode"], row["key"]): stored_response_of(row)
            for row in rows
        }

    async def purge_idempotency_keys(self, *, kept_for: timedelta, rows_max: int = 10_000) -> int:
        """Forget idempotency keys used longer ago, by the database's clock; return how many, at most `rows_max`."""
        status = await self._pool.execute(_SQL.purge_idempotency_keys, kept_for, rows_max)
        return int(status.rpartition(" ")[2])

    async def run(self) -> None:
        """Write batches until `close`; under load two at a time, one gathering while the other is made durable."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(BATCHES_UNDER_WAY_MAX):
                lanes.create_task(self._write_batches())

    async def _write_batches(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._next_batch():
                if self._waiting:
                    self._wake.set()
                self._under_way += len(batch)
                with begin_for_many("batch", "commit batch") as span:
                    await self._write(batch)
                    link_commits(span, [commit for commit, _ in batch])
                self._under_way -= len(batch)
                self._claimed.difference_update(claim for commit, _ in batch for claim in claims_of(commit))
            if self._closing:
                self._wake.set()
                return

    def close(self) -> None:
        """Take no more Commits and let `run` return once those waiting are written."""
        self._closing = True
        self._wake.set()

    def _next_batch(self) -> list[_Waiting[E_contra]]:
        """The longest run of waiting Commits that claim nothing twice, and nothing of a batch under way; it is under way then."""
        if self._claimed and len(self._waiting) < SECOND_BATCH_COMMITS_MIN:
            return []
        batch: list[_Waiting[E_contra]] = []
        while self._waiting and len(batch) < BATCH_COMMITS_MAX:
            claims = claims_of(self._waiting[0][0])
            if not self._claimed.isdisjoint(claims):
                break
            self._claimed.update(claims)
            batch.append(self._waiting.popleft())
        return batch

    async def _write(self, batch: list[_Waiting[E_contra]]) -> None:
        delay_seconds = RECONNECT_DELAY_SECONDS
        give_up_at = time.monotonic() + RECONNECT_SECONDS_MAX
        for tries_left in reversed(range(RECONNECTS_MAX)):
            batch = [waiting for waiting in batch if not waiting[1].done()]
            try:
                await self._write_connected(batch)
            except Exception as error:  # noqa: BLE001 -- the writer outlives any batch; its callers get the error
                outage = outage_of(error)
                if outage is None:
                    _fail(batch, error)
                    return
                # The batch may be committed, only its acknowledgement lost: the next try recognises its own events.
                _log.warning(
                    "eventstore.batch_interrupted",
                    commits=len(batch),
                    outage=outage,
                    error=repr(error),
                    tries_left=tries_left,
                )
                if not tries_left or time.monotonic() >= give_up_at:
                    unavailable = StoreUnavailable(f"{OUTAGES[outage]}: repeat the request")
                    unavailable.__cause__ = error
                    _fail(batch, unavailable)
                    return
                await asyncio.sleep(delay_seconds)
                delay_seconds *= 2
            else:
                return

    async def _write_connected(self, batch: list[_Waiting[E_contra]]) -> None:
        """Write a batch; without those refused if it fails; and if it fails again, one Commit at a time."""
        if await self._written(batch):
            return
        batch = await self._without_refused(batch)
        if not batch or await self._written(batch):
            return
        for waiting in batch:
            await self._write_alone(waiting)

    async def _written(self, batch: list[_Waiting[E_contra]]) -> bool:
        try:
            await self._insert([commit for commit, _ in batch])
        except Exception as error:
            if is_outage(error):
                raise
            return False
        for _, future in batch:
            _set_result(future, Committed())
        return True

    async def _write_alone(self, waiting: _Waiting[E_contra]) -> None:
        """The last resort: one Commit in its own transaction, so that a loser never fails its neighbours."""
        commit, future = waiting
        try:
            await self._insert([commit])
        except (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError):
            if await self._without_refused([waiting]):
                _set_result(future, Conflict())
        except Exception as error:
            if is_outage(error):
                raise
            _fail([waiting], error)
        else:
            _set_result(future, Committed())

    async def _without_refused(self, batch: list[_Waiting[E_contra]]) -> list[_Waiting[E_contra]]:
        """Answer the Commits of a batch that cannot be written; return the others."""
        rows = await self._pool.fetch(_SQL.refused_commits, *refusable_of([commit for commit, _ in batch]))
        for row in rows:
            _set_result(batch[row["commit_no"]][1], refusal_of(row))
        return [waiting for waiting in batch if not waiting[1].done()]

    async def _insert(self, commits: list[Commit[E_contra]]) -> None:
        _may_die(commits, self._events, "before")
        columns = columns_of(commits, self._events)
        jobs = [job for commit in commits for job in commit.jobs]
        if jobs:
            await self._pool.execute(self._insert_batch_with_jobs, *columns, *self._queue.columns_of(jobs))
        else:  # a statement that could write jobs announces some, even where there are none
            await self._pool.execute(_SQL.insert_batch, *columns)
        _may_die(commits, self._events, "after")


def _may_die(commits: Sequence[Commit[E]], events: EventCodec[E], place: failpoints.Place) -> None:
    if failpoints.is_any_armed():
        for commit in commits:
            for name in _names(commit, events):
                failpoints.failpoint(f"commit.{name}", place)


def _names(commit: Commit[E], events: EventCodec[E]) -> tuple[str, ...]:
    """A Commit as failpoints call it."""
    if commit.events:
        first, *others = (events.type_of(one.event) for one in commit.events)
        return (first, *(name for name in others if name in failpoints.NEVER_FIRST))
    return ("webhook" if commit.webhook else "response",)


def _set_result(future: "asyncio.Future[CommitResult]", result: CommitResult) -> None:
    if not future.done():
        future.set_result(result)


def _fail(batch: list[_Waiting[E]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
