"""Carries due jobs to a queue outside PostgreSQL: it reserves them, sends while it holds no transaction, and gives back what did not get in.

A message holds the id of a job and nothing else. Any number of relays may run. One that dies between the two steps delays its jobs until their
messages are taken to be lost; a message that is lost on its way is sent again likewise.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from fincore.observability.failpoints import failpoint
from fincore.postgres.failures import outage_of
from fincore.relay.event_sink import SinkUnavailable
from fincore.relay.job_sink import DueJobs, JobSink
from fincore.relay.metrics import JOB_MESSAGES

_log = structlog.get_logger(__name__)

BATCH_JOBS_MAX: Final = 200
CALLS_AT_ONCE_MAX: Final = 8
UNDER_WAY_MAX: Final = 2_000
"""Messages that no worker has answered: more than workers take in a second or two would only grow old outside."""
IDLE_DELAY_SECONDS_MIN: Final = 0.005
IDLE_DELAY_SECONDS_MAX: Final = 0.05
FAILURE_DELAY_SECONDS_MIN: Final = 0.05
FAILURE_DELAY_SECONDS_MAX: Final = 10.0
"""The pause after an outage, or after messages that did not get in; it doubles while any fails."""
FORGET_INTERVAL_SECONDS: Final = 60.0


class JobRelay:
    """One queue's relay."""

    def __init__(
        self,
        due: DueJobs,
        sink: JobSink,
        *,
        batch_jobs_max: int = BATCH_JOBS_MAX,
        under_way_max: int = UNDER_WAY_MAX,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._due = due
        self._sink = sink
        self._batch_jobs_max = batch_jobs_max
        self._under_way_max = under_way_max
        self._seconds = seconds
        self._forget_at = 0.0
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE_MAX)
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Send due jobs until `stop`, through outages of either side, with a bounded, growing pause."""
        idle_seconds = IDLE_DELAY_SECONDS_MIN
        failure_seconds = FAILURE_DELAY_SECONDS_MIN
        while not self._stopping.is_set():
            try:
                sent = await self.advance()
            except Exception as error:
                if not isinstance(error, SinkUnavailable) and outage_of(error) is None:
                    raise
                _log.warning("relay.jobs_interrupted", error=repr(error))
                await self._pause(failure_seconds)
                failure_seconds = min(failure_seconds * 2, FAILURE_DELAY_SECONDS_MAX)
                continue
            failure_seconds = FAILURE_DELAY_SECONDS_MIN
            if sent:
                idle_seconds = IDLE_DELAY_SECONDS_MIN
            else:
                await self._pause(idle_seconds)
                idle_seconds = min(idle_seconds * 2, IDLE_DELAY_SECONDS_MAX)

    def stop(self) -> None:
        """Let `run` return after the calls under way."""
        self._stopping.set()

    async def advance(self) -> int:
        """Send the next due jobs; return how many messages got in.

        Raises `SinkUnavailable` where any did not, and what PostgreSQL raises; the jobs without a message are due at once.
        """
        if self._seconds() >= self._forget_at:
            await self._due.forget()
            self._forget_at = self._seconds() + FORGET_INTERVAL_SECONDS
        jobs_max = min(self._batch_jobs_max, self._under_way_max - await self._due.under_way())
        job_ids = await self._due.reserve(jobs_max=jobs_max) if jobs_max > 0 else []
        if not job_ids:
            return 0
        size = self._sink.jobs_per_call
        parts = [job_ids[start : start + size] for start in range(0, len(job_ids), size)]
        results = await asyncio.gather(*map(self._send, parts), return_exceptions=True)
        unsent: list[str] = []
        errors: list[BaseException] = []
        for part, failed in zip(parts, results, strict=True):
            if isinstance(failed, BaseException):
                errors.append(failed)
                unsent += part
            else:
                unsent += [part[index] for index in sorted(failed)]
        JOB_MESSAGES.labels("taken").inc(len(job_ids) - len(unsent))
        if unsent:
            JOB_MESSAGES.labels("repeated").inc(len(unsent))
            await self._due.release(unsent)
            raise errors[0] if errors else SinkUnavailable(f"{len(unsent)} messages did not get in")
        return len(job_ids)

    async def lag_seconds(self) -> float:
        """How long the job has been due that waits longest for its first message."""
        return await self._due.lag_seconds()

    async def _send(self, job_ids: Sequence[str]) -> frozenset[int]:
        async with self._calls:
            failpoint("relay_jobs", "before")
            failed = await self._sink.send(job_ids)
            failpoint("relay_jobs", "after")
            return failed

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
