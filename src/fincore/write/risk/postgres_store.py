"""The risk store in PostgreSQL. The attempts of a process are counted many in one statement, like Commits are written.

Its pool need not wait for the disk: the Commit of a charge comes after its count in one log of PostgreSQL, so the charge is never
durable and its count lost.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.risk.metrics import ATTEMPTS_UNCOUNTED
from fincore.write.risk.observation_rows import Question, columns_of, question_of
from fincore.write.risk.rings import ATTEMPTS_KEPT_FOR
from fincore.write.risk.store import Counter, Membership, Observation, Readings

_SQL = load_sql("fincore.write.risk", "postgres_store.sql")
_log = structlog.get_logger(__name__)

OBSERVATIONS_WAITING_MAX: Final = 10_000
"""Observations queued in one process; one more is answered `Overloaded`."""
BATCH_OBSERVATIONS_MAX: Final = 200
"""Observations in one statement."""
REPETITIONS_PASSED_MAX: Final = 1_000
"""Repetitions of an attempt that stay in the queue while what comes after them is taken for a statement."""
BATCHES_UNDER_WAY_MAX: Final = 2
SECOND_BATCH_OBSERVATIONS_MIN: Final = 32
"""Observations that must wait before a second batch sets out beside the first: fewer are better carried by the next."""
TRIES_MAX: Final = 6
"""Tries to count one batch while PostgreSQL is away, about three seconds in all. Who asked may have gone on by then; the attempt
counts all the same."""
RETRY_DELAY_SECONDS: Final = 0.1
"""The pause before the second try; each further one is twice as long."""
RETRY_SECONDS_MAX: Final = 10.0
"""How long after the first try another one may begin: where the server hangs, each try takes as long as a statement may."""

LAPSED_KEPT_FOR: Final = timedelta(0)
"""Counters are deleted as soon as they count nothing any more."""

_Waiting = tuple[Question, "asyncio.Future[Readings]"]


class PostgresRiskStore:
    """Counts and reads through `pool`. `now` takes the place of the server's clock where a test steps through time."""

    def __init__(
        self,
        pool: Pool,
        *,
        now: Callable[[], datetime] | None = None,
        observations_waiting_max: int = OBSERVATIONS_WAITING_MAX,
        retry_delay_seconds: float = RETRY_DELAY_SECONDS,
    ) -> None:
        self._pool = pool
        self._now = now
        self._observations_waiting_max = observations_waiting_max
        self._retry_delay_seconds = retry_delay_seconds
        self._waiting: deque[_Waiting] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._lanes_writing = 0

    async def observe(
        self, observation: Observation, counters: Collection[Counter], memberships: Collection[Membership]
    ) -> Readings:
        """Count an attempt and read what is asked, as the port says.

        The attempt is also counted where the caller gives up waiting for the answer.
        """
        question = question_of(observation, counters, memberships)
        if question.is_empty:
            return question.readings({})
        if len(self._waiting) >= self._observations_waiting_max:
            ATTEMPTS_UNCOUNTED.inc()
            raise Overloaded("the queue of the risk store")
        future: asyncio.Future[Readings] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        self._start_lane()
        return await future

    async def close(self) -> None:
        """Wait until what was asked for is counted."""
        while self._lanes:
            await asyncio.wait(self._lanes)

    async def purge_attempts(self, *, kept_for: timedelta = ATTEMPTS_KEPT_FOR, rows_max: int) -> int:
        """Forget which attempts were counted, at most `rows_max`; return how many."""
        status = await self._pool.execute(_SQL.purge_attempts, self._told_time(), kept_for, rows_max)
        return int(status.rpartition(" ")[2])

    async def purge_counters(self, *, kept_for: timedelta = LAPSED_KEPT_FOR, rows_max: int) -> int:
        """Delete counters that have counted nothing for that long, at most `rows_max` of each kind; return how many of the kind with most."""
        deleted: int = await self._pool.fetchval(_SQL.purge_rings, self._told_time(), kept_for, rows_max)
        return deleted

    def _told_time(self) -> datetime | None:
        return None if self._now is None else self._now()

    def _start_lane(self) -> None:
        if self._lanes_writing >= BATCHES_UNDER_WAY_MAX:
            return
        if self._lanes_writing and len(self._waiting) < SECOND_BATCH_OBSERVATIONS_MIN:
            return
        self._lanes_writing += 1
        lane = asyncio.create_task(self._write_batches())
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)

    async def _write_batches(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                if batch := self._next_batch():
                    await self._write(batch)
        finally:
            # Not when the task is seen to be done: an observation that comes between would wait for no lane.
            self._lanes_writing -= 1

    async def _gather(self) -> None:
        """Let what comes in this turn of the loop go along, and as long as each turn brings more: a statement has a price of its own."""
        seen = 0
        while seen < len(self._waiting) < BATCH_OBSERVATIONS_MAX:
            seen = len(self._waiting)
            await asyncio.sleep(0)

    def _next_batch(self) -> list[_Waiting]:
        """The observations that wait longest, with each attempt once: a repetition stays for a later statement."""
        batch: list[_Waiting] = []
        repeated: list[_Waiting] = []
        claimed: set[bytes] = set()
        while (
            self._waiting and len(batch) < BATCH_OBSERVATIONS_MAX and len(repeated) < REPETITIONS_PASSED_MAX
        ):
            waiting = self._waiting.popleft()
            claim = waiting[0].claim
            if claim in claimed:
                repeated.append(waiting)
                continue
            if claim is not None:
                claimed.add(claim)
            batch.append(waiting)
        self._waiting.extendleft(reversed(repeated))
        return batch

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        delay_seconds = self._retry_delay_seconds
        give_up_at = time.monotonic() + RETRY_SECONDS_MAX
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                await self._count(batch)
            except Exception as error:  # noqa: BLE001 -- a lane outlives any batch; its callers get the error
                outage = outage_of(error)
                if outage is None:
                    await self._write_alone(batch, error)
                    return
                # The batch may be counted, only its answer lost: the next try finds its attempts counted.
                if not tries_left or time.monotonic() >= give_up_at:
                    _log.error("risk.attempts_uncounted", attempts=len(batch), outage=outage)
                    unavailable = StoreUnavailable(OUTAGES[outage])
                    unavailable.__cause__ = error
                    _fail(batch, unavailable)
                    return
                await asyncio.sleep(delay_seconds)
                delay_seconds *= 2
            else:
                return

    async def _write_alone(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One by one, so that what cannot be counted fails none of its neighbours."""
        if len(batch) == 1:
            _log.error("risk.attempts_uncounted", attempts=1, error=repr(error))
            _fail(batch, error)
            return
        for waiting in batch:
            await self._write([waiting])

    async def _count(self, batch: Sequence[_Waiting]) -> None:
        questions = [question for question, _ in batch]
        rows = await self._pool.fetch(
            _SQL.observe, self._told_time(), ATTEMPTS_KEPT_FOR, *columns_of(questions)
        )
        values: list[dict[int, int]] = [{} for _ in batch]
        owners = [number for number, question in enumerate(questions) for _ in question.asked]
        firsts = [0]
        for question in questions:
            firsts.append(firsts[-1] + len(question.asked))
        for place, value in rows:
            owner = owners[place]
            found, at = values[owner], place - firsts[owner]
            found[at] = max(value, found.get(at, value))
        for (question, future), answers in zip(batch, values, strict=True):
            if not future.done():
                future.set_result(question.readings(answers))


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    ATTEMPTS_UNCOUNTED.inc(len(batch))
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
