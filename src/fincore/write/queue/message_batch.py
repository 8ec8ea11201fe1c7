"""Does the jobs of some messages within a time, for functions that are given messages and deleted when they return."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from fincore.domain.job import JobKind
from fincore.write.queue.handling import handled
from fincore.write.queue.job_claims import JobClaims
from fincore.write.queue.job_messages import JobMessage
from fincore.write.queue.port import ClaimedJob, Handler, JobId

_log = structlog.get_logger(__name__)

LEFT_SECONDS: Final = 2.0
"""What is kept of the time to write down results and to answer."""


class MessageBatch:
    """`beat_seconds`: how often the claims are prolonged meanwhile."""

    def __init__(
        self, claims: JobClaims, handlers: Mapping[JobKind, Handler], *, beat_seconds: float
    ) -> None:
        self._claims = claims
        self._handlers = handlers
        self._beat_seconds = beat_seconds

    async def do(self, messages: Sequence[JobMessage], *, seconds: float) -> list[str]:
        """Do the jobs of some messages, all at once; return the receipts of the messages that are to be delivered again.

        These are: what cannot be read, jobs of a kind that is not handled here, jobs of which the result could not be written, and jobs that were not done in time: they are
        broken off and left to be taken over. Raises what PostgreSQL raises where nothing could be claimed.
        """
        until = asyncio.get_running_loop().time() + seconds - LEFT_SECONDS
        claimed = await self._claims.claim([one.job_id for one in messages if one.job_id], self._handlers)
        jobs = {job.job_id: job for job in claimed.jobs}
        works: dict[str, asyncio.Task[bool]] = {}
        again: list[str] = []
        for message in messages:
            if message.job_id is None:
                _log.error("queue.message_unreadable")
                again.append(message.receipt)
            elif (job := jobs.pop(JobId(message.job_id), None)) is not None:
                works[message.receipt] = asyncio.create_task(self._do(job))
            elif message.job_id in claimed.of_unknown_kind:
                again.append(message.receipt)
        beating = asyncio.create_task(self._beat([job.job_id for job in claimed.jobs]))
        try:
            if works:
                left_seconds = until - asyncio.get_running_loop().time()
                await asyncio.wait(works.values(), timeout=max(0.0, left_seconds))
        finally:
            unfinished = [work for work in works.values() if not work.done()]
            for task in (beating, *unfinished):
                task.cancel()
            await asyncio.gather(beating, *unfinished, return_exceptions=True)
        if unfinished:
            _log.warning("queue.jobs_left_to_others", jobs=len(unfinished))
        return again + [receipt for receipt, work in works.items() if work.cancelled() or not work.result()]

    async def _do(self, job: ClaimedJob) -> bool:
        """Do one job; whether its result is written down."""
        result = await handled(self._handlers[job.kind], job)
        try:
            await self._claims.write(job, result)
        except Exception as error:  # noqa: BLE001 -- for any reason, the job is done again
            _log.warning("queue.result_not_written", job_id=job.job_id, error=type(error).__name__)
            return False
        return True

    async def _beat(self, job_ids: Sequence[JobId]) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                await self._claims.beat(job_ids)
            except Exception as error:  # noqa: BLE001 -- the next beat may succeed
                _log.warning("queue.heartbeat_not_written", jobs=len(job_ids), error=type(error).__name__)
