"""Deleting rows after their retention, in bounded steps, by one process at a time."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

import msgspec
import structlog

from fincore.domain.clock import AgeClock
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.worker.plumbing.metrics import PURGED

_SQL = load_sql("fincore.write.worker.plumbing", "housekeeping.sql")
_log = structlog.get_logger(__name__)

ROWS_PER_STEP: Final = 10_000
STEPS_PER_ROUND_MAX: Final = 100
"""A round that has more to do goes on in the next one."""


class Purge(Protocol):
    """Deletes rows older than `kept_for` by the database's own clock, at most `rows_max`; returns how many."""

    async def __call__(self, *, kept_for: timedelta, rows_max: int) -> int: ...


class PurgeTask(msgspec.Struct, frozen=True, kw_only=True):
    """What is deleted, after how long, and how."""

    name: str
    kept_for: timedelta
    purge: Purge


class Housekeeping:
    """Does its tasks every `interval_seconds` until `stop`, unless another process does them or the clock is not trusted."""

    def __init__(
        self, pool: Pool, tasks: Sequence[PurgeTask], clock: AgeClock, *, interval_seconds: float = 60.0
    ) -> None:
        self._pool = pool
        self._tasks = tasks
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Round after round; a round that fails is logged and the next one tries again."""
        while not self._stopping.is_set():
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 -- purging may wait; the worker must not stop for it
                _log.warning("worker.housekeeping_failed", error=type(error).__name__)
            try:
                async with asyncio.timeout(self._interval_seconds):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let `run` return after the current step."""
        self._stopping.set()

    async def round(self) -> bool:
        """Do all tasks once; return False when another process does them, or nothing may be purged."""
        if (reason := self._clock.distrust()) is not None:
            _log.error("worker.housekeeping_refused", reason=reason)
            return False
        async with self._pool.acquire() as connection:
            if not await connection.fetchval(_SQL.try_lock):
                return False
            try:
                for task in self._tasks:
                    await self._do(task)
            finally:
                if not connection.is_closed():
                    await connection.execute(_SQL.unlock)
        return True

    async def _do(self, task: PurgeTask) -> None:
        for _ in range(STEPS_PER_ROUND_MAX):
            rows = await task.purge(kept_for=task.kept_for, rows_max=ROWS_PER_STEP)
            PURGED.labels(task.name).inc(rows)
            if rows < ROWS_PER_STEP or self._stopping.is_set():
                return
