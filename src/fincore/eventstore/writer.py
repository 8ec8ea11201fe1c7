"""The writer: a process writes the Commits that queued up while the batches before were being written.

There is no timer. A lone Commit is written at once; under load the batches grow by themselves, so that the price of a
durable transaction is shared (group commit).
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import asyncpg
import msgspec
import structlog

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.events import encode_event, event_type
from fincore.domain.job import Job
from fincore.eventstore.commit import (
    AlreadyReceived,
    Commit,
    CommitResult,
    Committed,
    Conflict,
    IdempotencyKey,
    ReferenceTaken,
    Replayed,
    StoredResponse,
)
from fincore.observability import failpoints
from fincore.postgres.failures import OUTAGES, is_outage, outage_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

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

Enqueue = Callable[[Connection, Sequence[Job]], Awaitable[None]]
"""Puts jobs into the queue inside the transaction of the given connection."""

_Waiting = tuple[Commit, "asyncio.Future[CommitResult]"]


class Writer:
    """Writes Commits, many in one transaction. `run` must be running for `commit` to return."""

    def __init__(
        self, pool: Pool, enqueue: Enqueue, *, commits_waiting_max: int = COMMITS_WAITING_MAX
    ) -> None:
        self._pool = pool
        self._enqueue = enqueue
        self._commits_waiting_max = commits_waiting_max
        self._waiting: deque[_Waiting] = deque()
        self._claimed: set[object] = set()
        self._wake = asyncio.Event()
        self._closing = False

    @property
    def commits_waiting(self) -> int:
        """How many Commits wait to be written."""
        return len(self._waiting)

    async def commit(self, commit: Commit) -> CommitResult:
        """Make a Commit durable and say what became of it.

        Raises `Overloaded` when too many wait, `StoreUnavailable` when PostgreSQL stayed away past the bound: the
        Commit may or may not be written then, and repeating it with the same idempotency key is safe.
        """
        if self._closing or len(self._waiting) >= self._commits_waiting_max:
            raise Overloaded("the write queue")
        future: asyncio.Future[CommitResult] = asyncio.get_running_loop().create_future()
        self._waiting.append((commit, future))
        self._wake.set()
        return await future

    async def find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        """What an idempotency key got, or None if it was never used."""
        row = await self._pool.fetchrow(_SQL.find_response, key.merchant_id, key.livemode, key.key)
        return StoredResponse(**dict(row)) if row else None

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
                claims = [claim for commit, _ in batch for claim in _claims(commit)]
                self._claimed.update(claims)
                if self._waiting:
                    self._wake.set()
                await self._write(batch)
                self._claimed.difference_update(claims)
            if self._closing:
                self._wake.set()
                return

    def close(self) -> None:
        """Take no more Commits and let `run` return once those waiting are written."""
        self._closing = True
        self._wake.set()

    def _next_batch(self) -> list[_Waiting]:
        """The longest run of waiting Commits that claim nothing twice, and nothing of a batch under way."""
        if self._claimed and len(self._waiting) < SECOND_BATCH_COMMITS_MIN:
            return []
        batch: list[_Waiting] = []
        claimed = self._claimed.copy()
        while self._waiting and len(batch) < BATCH_COMMITS_MAX:
            claims = _claims(self._waiting[0][0])
            if not claimed.isdisjoint(claims):
                break
            claimed.update(claims)
            batch.append(self._waiting.popleft())
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
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

    async def _write_connected(self, batch: list[_Waiting]) -> None:
        """Write a batch; without those refused if it fails; and if it fails again, one Commit at a time."""
        if await self._written(batch):
            return
        batch = await self._without_refused(batch)
        if not batch or await self._written(batch):
            return
        for waiting in batch:
            await self._write_alone(waiting)

    async def _written(self, batch: list[_Waiting]) -> bool:
        try:
            await self._insert([commit for commit, _ in batch])
        except Exception as error:
            if is_outage(error):
                raise
            return False
        for _, future in batch:
            _set_result(future, Committed())
        return True

    async def _write_alone(self, waiting: _Waiting) -> None:
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

    async def _without_refused(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Answer the Commits of a batch that cannot be written; return the others."""
        appends = [(no, c) for no, (c, _) in enumerate(batch) if c.events]
        keys = [(no, c.idempotency[0]) for no, (c, _) in enumerate(batch) if c.idempotency]
        webhooks = [(no, c.webhook) for no, (c, _) in enumerate(batch) if c.webhook]
        claims = [(no, c.stream_id, claim) for no, (c, _) in enumerate(batch) for claim in c.references]
        rows = await self._pool.fetch(
            _SQL.refused_commits,
            [no for no, _ in appends],
            [c.stream_id for _, c in appends],
            [c.expected_version for _, c in appends],
            [c.events[0].event_id for _, c in appends],
            [no for no, _ in keys],
            [key.merchant_id for _, key in keys],
            [key.livemode for _, key in keys],
            [key.key for _, key in keys],
            [no for no, _ in webhooks],
            [webhook.psp for _, webhook in webhooks],
            [webhook.psp_account for _, webhook in webhooks],
            [webhook.psp_event_id for _, webhook in webhooks],
            [webhook.body_sha256 for _, webhook in webhooks],
            [no for no, _, _ in claims],
            [stream_id for _, stream_id, _ in claims],
            [claim.psp for _, _, claim in claims],
            [claim.psp_account for _, _, claim in claims],
            [claim.psp_reference for _, _, claim in claims],
        )
        for row in rows:
            _set_result(batch[row["commit_no"]][1], _refusal(row))
        return [waiting for waiting in batch if not waiting[1].done()]

    async def _insert(self, commits: list[Commit]) -> None:
        _may_die(commits, "before")
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.insert_batch, *_columns(commits))
            finals = [commit.final_response for commit in commits if commit.final_response]
            if finals:
                await connection.execute(
                    _SQL.replace_responses,
                    [key.merchant_id for key, _ in finals],
                    [key.livemode for key, _ in finals],
                    [key.key for key, _ in finals],
                    [response.response_status for _, response in finals],
                    [response.response_body for _, response in finals],
                )
            jobs = [job for commit in commits for job in commit.jobs]
            if jobs:
                await self._enqueue(connection, jobs)
        _may_die(commits, "after")


def _may_die(commits: Sequence[Commit], place: failpoints.Place) -> None:
    if failpoints.is_any_armed():
        for commit in commits:
            failpoints.failpoint(f"commit.{_named(commit)}", place)


def _named(commit: Commit) -> str:
    """A Commit as failpoints call it."""
    if commit.events:
        return event_type(commit.events[0].event)
    return "webhook" if commit.webhook else "response"


def _claims(commit: Commit) -> list[object]:
    """What a Commit claims for itself: its stream, its idempotency key, its webhook, what it names at a PSP."""
    claims: list[object] = list(commit.references)
    if commit.events:
        claims.append(commit.stream_id)
    if commit.idempotency:
        claims.append(commit.idempotency[0])
    if commit.final_response:
        claims.append(commit.final_response[0])
    if commit.webhook:
        claims.append((commit.webhook.psp, commit.webhook.psp_account, commit.webhook.psp_event_id))
    return claims


def _columns(commits: list[Commit]) -> tuple[list[object], ...]:
    """The arguments of `insert_batch`: one array per column."""
    events: tuple[list[object], ...] = ([], [], [], [], [], [], [])
    keys: tuple[list[object], ...] = ([], [], [], [], [], [], [], [])
    webhooks: tuple[list[object], ...] = ([], [], [], [], [], [], [])
    references: tuple[list[object], ...] = ([], [], [], [])
    for commit in commits:
        if commit.events:
            metadata = msgspec.json.encode(commit.provenance).decode()
            for version, new in enumerate(commit.events, start=commit.expected_version + 1):
                name, schema_version, data = encode_event(new.event)
                row = (commit.stream_id, version, new.event_id, name, schema_version, data.decode(), metadata)
                _append(events, row)
        if commit.idempotency:
            key, response = commit.idempotency
            _append(keys, (key.merchant_id, key.livemode, key.key, *msgspec.structs.astuple(response)))
        if commit.webhook:
            _append(webhooks, (*msgspec.structs.astuple(commit.webhook), commit.webhook.body_sha256))
        for claim in commit.references:
            _append(references, (*msgspec.structs.astuple(claim), commit.stream_id))
    return (*events, *keys, *webhooks, *references)


def _append(columns: tuple[list[object], ...], row: tuple[object, ...]) -> None:
    for column, value in zip(columns, row, strict=True):
        column.append(value)


def _refusal(row: asyncpg.Record) -> CommitResult:
    match row["reason"]:
        case "written":
            return Committed()
        case "conflict":
            return Conflict()
        case "received":
            return AlreadyReceived(is_same=row["is_same"])
        case "reference_taken":
            return ReferenceTaken(row["psp_reference"], row["owner"])
        case _:
            return Replayed(
                StoredResponse(
                    fingerprint=row["fingerprint"],
                    response_status=row["response_status"],
                    response_body=row["response_body"],
                    location=row["location"],
                    in_flight_until=row["in_flight_until"],
                )
            )


def _set_result(future: "asyncio.Future[CommitResult]", result: CommitResult) -> None:
    if not future.done():
        future.set_result(result)


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
