"""The port every job queue fits by shape."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.job import Job, JobKind
from fincore.postgres.pool import Connection


class ClaimedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job in the hands of this worker. `attempt` counts from 1 and grows each time the handler asked for a retry.

    A job taken over from a worker that died keeps its attempt number.
    """

    job_id: int
    kind: JobKind
    payload: bytes
    attempt: int


class Done(msgspec.Struct, frozen=True):
    """The job is finished."""


class RetryIn(msgspec.Struct, frozen=True):
    """The job is to be done again after a pause."""

    delay_seconds: float
    reason: str


class Hold(msgspec.Struct, frozen=True):
    """The job cannot be done; keep it for a person, with the reason (a dead letter)."""

    reason: str


JobResult = Done | RetryIn | Hold
Handler = Callable[[ClaimedJob], Awaitable[JobResult]]
"""Does one job. An exception it raises holds the job with the exception as its reason."""


class HeldJob(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as an operator sees it."""

    job_id: int
    kind: str
    payload: bytes
    attempts: int
    reason: str
    held_at: datetime


class JobQueue(Protocol):
    """A durable queue: a job is done at least once, by one worker at a time while that worker's heartbeat lives."""

    async def enqueue(self, connection: Connection, jobs: Sequence[Job]) -> None:
        """Add jobs inside the transaction of `connection`: they exist if and only if it commits.

        A job is left out while another one with its `dedupe_key` is queued, also for later, or being done; a held one
        does not count.
        """
        ...

    async def work(self, handlers: Mapping[JobKind, Handler], *, concurrency: int) -> None:
        """Do due jobs, at most `concurrency` at a time, until `stop`; survive lost connections."""
        ...

    def stop(self) -> None:
        """Claim no more; let `work` return when the jobs at hand are finished."""
        ...

    async def held(self, *, limit: int) -> list[HeldJob]:
        """The dead letters, newest first."""
        ...

    async def requeue(self, job_ids: Sequence[int]) -> int:
        """Make held jobs due again, as if new; return how many were held."""
        ...

    async def depths(self) -> Mapping[str, int]:
        """How many jobs are `queued`, `scheduled` (due later), `picked` and `held`."""
        ...


class JobText(msgspec.Struct, frozen=True):
    """What a queue stores as text, and the place where it lies, such as `queue.pgqueuer, job 12`."""

    place: str
    text: str


class JobInspection(Protocol):
    """What a check of the stores may ask a queue, whatever keeps its jobs. It reads and never writes."""

    async def charges_with_jobs(self, charge_ids: Collection[ChargeId]) -> set[ChargeId]:
        """Which of some charges have a job of their own: waiting, being done, or held."""
        ...

    async def refunds_with_jobs(self, refund_ids: Collection[RefundId]) -> set[RefundId]:
        """Which of some refunds have a job of their own: waiting, being done, or held."""
        ...

    def texts_matching(self, pattern: str) -> AsyncGenerator[JobText, None]:
        """Every stored text, of jobs and of what was logged about them, in which a POSIX regular expression is found."""
        ...
