"""The counters of attempts in DynamoDB. The attempts of a process are counted many in one transaction.

DynamoDB tells no time: the clock is that of the event store's server, one for all processes, as in PostgreSQL. While that clock is
not trusted, nothing is counted: by two times far apart, processes would end in turn what the others have counted.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import structlog

from fincore.domain.clock import AgeClock
from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.write.risk.attempt_queue import (
    OBSERVATIONS_OF_ONE_MAX,
    OBSERVATIONS_WAITING_MAX,
    AttemptQueue,
    Owner,
    Waiting,
)
from fincore.write.risk.counted_batch import count_batch, items_of, parts_of
from fincore.write.risk.dynamodb_table import ITEMS_MAX, DynamoTable
from fincore.write.risk.metrics import ATTEMPTS_CONTENDED, ATTEMPTS_UNCOUNTED
from fincore.write.risk.observation_rows import question_of
from fincore.write.risk.rings import ATTEMPTS_KEPT_FOR
from fincore.write.risk.store import Counter, Membership, Observation, Readings

_log = structlog.get_logger(__name__)

BATCHES_UNDER_WAY_MAX: Final = 4
"""Transactions of one process at a time, none of them about an item of another one."""
TRIES_MAX: Final = 12
"""Tries to count one batch. Who asked may have gone on by then; the attempt counts all the same."""
PAUSE_SECONDS: Final = 0.01
"""The pause before the second try, at most; each further one may be twice as long. It is drawn, so that processes do not meet again."""
PAUSE_SECONDS_MAX: Final = 1.0
TRIES_SECONDS_MAX: Final = 10.0
"""How long after the first try another one may begin."""
VERSION_BYTES: Final = 8
ITEMS_KEPT_SECONDS: Final = 86_400
"""How long after an item counts nothing any more DynamoDB may delete it: more than any clock that is trusted is wrong by."""


class DynamoRiskStore:
    """A `RiskStore` that knows counters of attempts alone: what else it is asked stays without an answer."""

    def __init__(
        self,
        table: DynamoTable,
        clock: AgeClock,
        *,
        observations_waiting_max: int = OBSERVATIONS_WAITING_MAX,
        observations_of_one_max: int = OBSERVATIONS_OF_ONE_MAX,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._table = table
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._queue = AttemptQueue(waiting_max=observations_waiting_max, of_one_max=observations_of_one_max)
        self._busy: set[bytes] = set()
        self._lanes: set[asyncio.Task[None]] = set()
        self._lanes_writing = 0

    async def observe(
        self, observation: Observation, counters: Collection[Counter], _: Collection[Membership]
    ) -> Readings:
        """Count an attempt and read its counters, as the port says.

        The attempt is also counted where the caller gives up waiting for the answer.
        """
        question = question_of(observation, counters, ())
        if not question.steps:
            return question.readings({})
        loop = asyncio.get_running_loop()
        parts = parts_of(question, items_max=ITEMS_MAX)
        waiting = [Waiting(part, items_of(part), loop.create_future()) for part in parts]
        try:
            self._now_seconds()
            self._queue.add(Owner(observation.merchant_id, observation.livemode), waiting)
        except (Overloaded, StoreUnavailable):
            ATTEMPTS_UNCOUNTED.inc()
            raise
        self._start_lane()
        answers: dict[int, int] = {}
        for answered in await asyncio.gather(*(one.answer for one in waiting)):
            for place, count in answered.items():
                answers[place] = max(count, answers.get(place, count))
        return question.readings(answers)

    async def close(self) -> None:
        """Wait until what was asked for is counted."""
        while self._lanes:
            await asyncio.wait(self._lanes)

    def _start_lane(self) -> None:
        if self._lanes_writing >= BATCHES_UNDER_WAY_MAX:
            return
        self._lanes_writing += 1
        lane = asyncio.create_task(self._write_batches())
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)

    async def _write_batches(self) -> None:
        try:
            # What comes in this turn of the loop goes along.
            await asyncio.sleep(0)
            while batch := self._queue.take(self._busy, items_max=ITEMS_MAX):
                held = set(_items(batch))
                self._busy |= held
                try:
                    await self._settle(batch, held)
                finally:
                    self._busy -= held
        finally:
            # Not when the task is seen to be done: an observation that comes between would wait for no lane.
            self._lanes_writing -= 1

    async def _settle(self, batch: Sequence[Waiting], held: set[bytes]) -> None:
        """Count a batch and answer it, or fail it. What is about no contended item is counted first, and its items let go of.

        `held` are the items that no other batch of this process may be about.
        """
        give_up_at = time.monotonic() + TRIES_SECONDS_MAX
        for tried in range(1, TRIES_MAX + 1):
            try:
                contended = await self._count(batch)
                reason = "others count in the same counters, or DynamoDB takes no more for them"
            except StoreUnavailable as error:
                contended = _items(batch)
                reason = str(error)
            except Exception as error:  # noqa: BLE001 -- a lane outlives any batch; its callers get the error
                await self._settle_alone(batch, held, error)
                return
            if not contended:
                return
            if tried == TRIES_MAX or time.monotonic() >= give_up_at:
                break
            ATTEMPTS_CONTENDED.inc(len(batch))
            held_up = [one for one in batch if not contended.isdisjoint(one.items)]
            if clear := [one for one in batch if contended.isdisjoint(one.items)]:
                await self._settle(clear, set())
                free = _items(clear) - _items(held_up)
                self._busy -= free & held
                held -= free
                # What waits for these items has no lane: each found them busy.
                self._start_lane()
                batch = held_up
            await asyncio.sleep(self._pause(tried))
        _log.error("risk.attempts_uncounted", attempts=len(batch), reason=reason)
        _fail(batch, StoreUnavailable(f"the attempts could not be counted: {reason}"))

    async def _settle_alone(self, batch: Sequence[Waiting], held: set[bytes], error: Exception) -> None:
        """One by one, so that what cannot be counted fails none of its neighbours."""
        if len(batch) == 1:
            _log.error("risk.attempts_uncounted", attempts=1, error=repr(error))
            _fail(batch, error)
            return
        for waiting in batch:
            await self._settle([waiting], held)

    def _pause(self, tried: int) -> float:
        longest = min(self._pause_seconds * 2 ** (tried - 1), PAUSE_SECONDS_MAX)
        return random.uniform(0, longest)  # noqa: S311 -- no secret depends on it

    def _now_seconds(self) -> int:
        """Seconds since 1970. Raises `StoreUnavailable` while the clock is not trusted."""
        if (reason := self._clock.distrust()) is not None:
            raise StoreUnavailable(f"attempts are not counted by a clock that is not trusted: {reason}")
        return int(self._clock.now().timestamp())

    async def _count(self, batch: Sequence[Waiting]) -> frozenset[bytes]:
        """Try once; return the items for which nothing could be counted: none where all is counted and answered."""
        found = await self._table.read(_items(batch))
        if found.unread:
            return found.unread
        # The time is told after the items were read: what others counted by then is not of a later bucket.
        counted = count_batch(
            [one.question for one in batch],
            found.items,
            now_seconds=self._now_seconds(),
            attempts_kept_for=ATTEMPTS_KEPT_FOR,
        )
        contended = await self._table.write(
            counted.writes,
            counted.relied_on,
            found=found.items,
            version=secrets.token_bytes(VERSION_BYTES),
            kept_seconds=ITEMS_KEPT_SECONDS,
        )
        if not contended:
            for one, answer in zip(batch, counted.answers, strict=True):
                if not one.answer.done():
                    one.answer.set_result(dict(answer))
        return contended


def _items(batch: Iterable[Waiting]) -> frozenset[bytes]:
    return frozenset[bytes]().union(*(one.items for one in batch))


def _fail(batch: Sequence[Waiting], error: Exception) -> None:
    ATTEMPTS_UNCOUNTED.inc(len(batch))
    for one in batch:
        if not one.answer.done():
            one.answer.set_exception(error)
