"""Does jobs of which messages tell: claims the row of each, does it, writes down the result, and then deletes the message.

The row decides, the message only wakes. Two deliveries never both do a job, and a message that is lost is sent again while its job is due.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

import structlog

from fincore.domain.job import JobKind
from fincore.observability.failpoints import failpoint
from fincore.postgres.shared_fetch import SharedFetch
from fincore.write.queue.handling import handled
from fincore.write.queue.job_claims import Claimed, JobClaims
from fincore.write.queue.job_messages import JobMessage, JobMessages, calls_of
from fincore.write.queue.port import PURGE_ROWS_MAX, ClaimedJob, Done, Handler, JobId, JobRunner

_log = structlog.get_logger(__name__)

WAIT_SECONDS: Final = 5
"""How long one call waits for messages, and so how long it may go on after `stop`: messages that came to a call which was broken off would stay hidden."""
POLLERS_MAX: Final = 4
JOBS_PER_POLLER: Final = 20
"""Calls that wait for messages at a time: one for so many jobs that may be done at once."""
STOP_GRACE_SECONDS: Final = WAIT_SECONDS + 3.0
"""After so long a call that waits for messages is broken off, where the queue does not answer."""
PAUSE_SECONDS_MIN: Final = 0.1
PAUSE_SECONDS_MAX: Final = 5.0
"""The pause before the next call after an outage; it doubles while the outage lasts."""


class _AtHand(NamedTuple):
    """A job that is being done, its message, and when it was claimed, by the loop's clock."""

    job: ClaimedJob
    receipt: str
    claimed_at: float


class MessageRunner:
    """The port JobRunner on messages about jobs. `rows` forgets what PostgreSQL's side of the queue has logged.

    Messages are hidden from others for `hidden_seconds` and, like the claims, prolonged every `beat_seconds` while their jobs are done.
    `stop` waits for `drain_timeout_seconds` at most for jobs that are being done; they are then left to be taken over.
    """

    def __init__(
        self,
        claims: JobClaims,
        messages: JobMessages,
        rows: JobRunner,
        *,
        hidden_seconds: int,
        beat_seconds: float,
        drain_timeout_seconds: float = 30.0,
        stop_grace_seconds: float = STOP_GRACE_SECONDS,
    ) -> None:
        self._claims = claims
        self._messages = messages
        self._rows = rows
        self._hidden_seconds = hidden_seconds
        self._beat_seconds = beat_seconds
        self._drain_timeout_seconds = drain_timeout_seconds
        self._stop_grace_seconds = stop_grace_seconds
        self._at_hand: dict[JobId, _AtHand] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: SharedFetch[JobId, None] = SharedFetch(self._finish)
        self._deleted: SharedFetch[str, None] = SharedFetch(self._delete)
        self._database_is_doubted = False
        self._stopped_at = 0.0
        self._stopping = asyncio.Event()

    async def work(self, handlers: Mapping[JobKind, Handler], *, concurrency: int) -> None:
        """Do due jobs, at most `concurrency` at a time, until `stop`; survive outages of the messages and of the database."""
        slots = asyncio.Semaphore(concurrency)
        pollers = max(1, min(POLLERS_MAX, concurrency // JOBS_PER_POLLER))
        polling = [asyncio.create_task(self._poll(handlers, slots)) for _ in range(pollers)]
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.gather(*polling)
            if self._tasks:
                waited_seconds = asyncio.get_running_loop().time() - self._stopped_at
                await asyncio.wait(self._tasks, timeout=self._drain_timeout_seconds - waited_seconds)
        finally:
            left = [task for task in (*polling, beating, *self._tasks) if not task.done()]
            if self._tasks:
                _log.warning("queue.jobs_left_to_others", jobs=len(self._at_hand))
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def stop(self) -> None:
        """Claim no more; let `work` return when the claimed jobs are finished or the drain time-out is over."""
        if not self._stopping.is_set():
            self._stopped_at = asyncio.get_running_loop().time()
        self._stopping.set()

    async def purge_log(self, *, kept_for: timedelta, rows_max: int = PURGE_ROWS_MAX) -> int:
        """Forget what was done with jobs longer ago."""
        return await self._rows.purge_log(kept_for=kept_for, rows_max=rows_max)

    async def _poll(self, handlers: Mapping[JobKind, Handler], slots: asyncio.Semaphore) -> None:
        """Receive messages and begin their jobs until `stop`, as many at a time as there are slots."""
        pause_seconds = PAUSE_SECONDS_MIN
        while taken := await self._take(slots):
            begun = 0
            try:
                begun = await self._begin_next(handlers, slots, taken)
                pause_seconds = PAUSE_SECONDS_MIN
            except Exception as error:  # noqa: BLE001 -- the worker outlives any outage, and tells of any other error
                _log.warning("queue.messages_interrupted", error=repr(error)[:200])
                await self._pause(pause_seconds)
                pause_seconds = min(pause_seconds * 2, PAUSE_SECONDS_MAX)
            finally:
                for _ in range(taken - begun):
                    slots.release()

    async def _take(self, slots: asyncio.Semaphore) -> int:
        """Slots for the messages of one call, as soon as there is one; 0 after `stop`."""
        if not await self._unless_stopped(asyncio.create_task(slots.acquire())):
            return 0
        taken = 1
        while taken < self._messages.messages_per_call and not slots.locked():
            await slots.acquire()
            taken += 1
        return taken

    async def _begin_next(
        self, handlers: Mapping[JobKind, Handler], slots: asyncio.Semaphore, taken: int
    ) -> int:
        """Receive up to `taken` messages, claim their jobs and begin them; how many."""
        if self._database_is_doubted:
            # A message that is received in vain comes nearer to being a dead letter.
            await self._claims.claim([], handlers)
            self._database_is_doubted = False
        receiving = asyncio.create_task(
            self._messages.receive(
                messages_max=taken, wait_seconds=WAIT_SECONDS, hidden_seconds=self._hidden_seconds
            )
        )
        if not await self._unless_stopped(receiving, grace_seconds=self._stop_grace_seconds):
            return 0
        received = receiving.result()
        if self._stopping.is_set():
            await self._messages.extend([one.receipt for one in received], hidden_seconds=0)
            return 0
        if not received:
            return 0
        self._database_is_doubted = True
        claimed = await self._claims.claim([one.job_id for one in received if one.job_id], handlers)
        self._database_is_doubted = False
        return self._begin(handlers, slots, received, claimed)

    def _begin(
        self,
        handlers: Mapping[JobKind, Handler],
        slots: asyncio.Semaphore,
        received: Sequence[JobMessage],
        claimed: Claimed,
    ) -> int:
        """Begin the jobs that were claimed, and delete the messages that ask for nothing. Those that cannot be read are left."""
        # A job that is being done here was claimed anew where its heartbeat came too late: it goes on.
        jobs = {job.job_id: job for job in claimed.jobs if job.job_id not in self._at_hand}
        begun = len(jobs)
        for message in received:
            if message.job_id is None:
                _log.error("queue.message_unreadable")
            elif (job := jobs.pop(JobId(message.job_id), None)) is not None:
                hand = _AtHand(job, message.receipt, asyncio.get_running_loop().time())
                self._at_hand[job.job_id] = hand
                self._start(self._do(handlers[job.kind], hand, slots))
            elif message.job_id not in claimed.of_unknown_kind:
                self._start(self._forget_message(message.receipt))
        return begun

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, handler: Handler, hand: _AtHand, slots: asyncio.Semaphore) -> None:
        """One job. If its result cannot be written it stays claimed, to be taken over, and its message comes again."""
        job = hand.job
        try:
            result = await handled(handler, job)
            try:
                if isinstance(result, Done):
                    await self._finished.find(job.job_id)
                else:
                    await self._claims.put_back_or_hold(job, result)
            except Exception as error:  # noqa: BLE001 -- for any reason, the job is done again
                _log.warning("queue.result_not_written", job_id=job.job_id, error=type(error).__name__)
                return
        finally:
            self._at_hand.pop(job.job_id, None)
            slots.release()
        await self._forget_message(hand.receipt)

    async def _finish(self, job_ids: Sequence[JobId]) -> Mapping[JobId, None]:
        await self._claims.finish(job_ids)
        return {}

    async def _forget_message(self, receipt: str) -> None:
        await self._deleted.find(receipt)

    async def _delete(self, receipts: Sequence[str]) -> Mapping[str, None]:
        """Delete messages. One that could not be deleted comes again, and finds that nothing is to be done."""
        failpoint("job_message", "before")
        results = await asyncio.gather(
            *(self._messages.delete(part) for part in calls_of(receipts, self._messages.messages_per_call)),
            return_exceptions=True,
        )
        failpoint("job_message", "after")
        for error in results:
            if isinstance(error, BaseException):
                _log.warning("queue.messages_not_deleted", error=repr(error)[:200])
        return {}

    async def _beat(self) -> None:
        """Prolong the claims and hide the messages of jobs that take long, until cancelled."""
        while True:
            await asyncio.sleep(self._beat_seconds)
            before = asyncio.get_running_loop().time() - self._beat_seconds
            old = [hand for hand in self._at_hand.values() if hand.claimed_at <= before]
            if not old:
                continue
            try:
                await self._claims.beat([hand.job.job_id for hand in old])
                for part in calls_of([hand.receipt for hand in old], self._messages.messages_per_call):
                    await self._messages.extend(part, hidden_seconds=self._hidden_seconds)
            except Exception as error:  # noqa: BLE001 -- the next beat may succeed
                _log.warning("queue.heartbeat_not_written", jobs=len(old), error=type(error).__name__)

    async def _unless_stopped(self, task: "asyncio.Task[Any]", *, grace_seconds: float = 0.0) -> bool:
        """Whether a task ended before `stop`, or within a grace after it; else it is cancelled."""
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and grace_seconds:
            await asyncio.wait({task}, timeout=grace_seconds)
        stopping.cancel()
        if task.done():
            return grace_seconds > 0 or not self._stopping.is_set()
        task.cancel()
        await asyncio.wait({task})
        return False

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
