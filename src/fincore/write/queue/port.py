"""What FinCore asks of a job queue, in three ports: enqueue inside a commit, work, and dead letters.

A queue delivers a job at least once, to one worker at a time while that worker's heartbeat lives.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, NewType, Protocol

import msgspec

from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.job import JobKind
from fincore.postgres.job_insertion import JobInsertion
from fincore.postgres.pool import Connection

PURGE_ROWS_MAX: Final = 10_000
JOBS_OF_CHARGE_MAX: Final = 200
"""A charge has a job for what it waits for, and one for each of its refunds that is under way: few."""

JobId = NewType("JobId", str)
"""A job as its queue calls it: opaque text, which only that queue can read."""


class ClaimedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that this worker has claimed. `attempt` counts from 1 and grows each time the handler asked for a retry.

    A job taken over from a worker that died keeps its attempt number. `may_have_run`: an earlier claim of the job ended in
    another way than by a `RetryIn` that says `nothing_ran`: its worker died, was taken for dead, raised, or may have
    called a PSP. Once true it stays true, also when the job is held and requeued. `traceparent` is the job's, until it is held.
    """

    job_id: JobId
    kind: JobKind
    payload: bytes
    attempt: int
    may_have_run: bool
    traceparent: str | None = None


class Done(msgspec.Struct, frozen=True):
    """The job is finished."""


class RetryIn(msgspec.Struct, frozen=True):
    """The job is to be done again after a pause. `nothing_ran`: it is known that no call of this claim took effect."""

    delay_seconds: float
    reason: str
    nothing_ran: bool = False


class Hold(msgspec.Struct, frozen=True):
    """The job cannot be done; keep it for a person, with the reason (a dead letter)."""

    reason: str


JobResult = Done | RetryIn | Hold
Handler = Callable[[ClaimedJob], Awaitable[JobResult]]
"""Does one job. An exception it raises holds the job with the exception as its reason."""


class HeldJob(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as an operator sees it."""

    job_id: JobId
    kind: str
    payload: bytes
    attempts: int
    reason: str
    held_at: datetime


class HeldPlace(NamedTuple):
    """A dead letter as a place in their list, which goes on after it also once it is gone. A job that is held again has another place."""

    held_at: datetime
    job_id: JobId


class HeldCount(NamedTuple):
    """How many dead letters there are, counted up to a bound, and since when the oldest is held; None where there is none."""

    jobs: int
    oldest_at: datetime | None


class Backlog(NamedTuple):
    """How many jobs of a kind are due and not begun, counted up to a bound, and since when the first is due."""

    kind: str
    jobs: int
    oldest_due_at: datetime


class JobText(msgspec.Struct, frozen=True):
    """What a queue stores as text, and where it is stored, such as `queue.pgqueuer, job 12`."""

    place: str
    text: str


class JobEnqueuer(Protocol):
    """Takes jobs in, for every process that commits."""

    @property
    def insertion(self) -> JobInsertion:
        """What adds jobs as a part of the statement that writes their events: they exist if and only if its transaction commits.

        A queue elsewhere writes them there into a table that is read on into it. A job is left out while another one with its
        `dedupe_key` is queued, also for later, or being done; a held one does not count.
        """
        ...


class JobRunner(Protocol):
    """Does jobs, for the worker."""

    async def work(self, handlers: Mapping[JobKind, Handler], *, concurrency: int) -> None:
        """Do due jobs, at most `concurrency` at a time, until `stop`; survive lost connections."""
        ...

    def stop(self) -> None:
        """Claim no more; let `work` return when the claimed jobs are finished."""
        ...

    async def purge_log(self, *, kept_for: timedelta, rows_max: int = PURGE_ROWS_MAX) -> int:
        """Forget what was done with jobs longer ago, by the database's clock; return how many rows.

        `rows_max` bounds each table.
        """
        ...


class ChargeJobState(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a charge, or of a refund or an abandoned attempt of it, as staff see it.

    `status`: it waits until `due_at` (`queued`), a worker does it (`picked`), or it is held for a person, for a `held_reason`.
    """

    kind: JobKind
    status: Literal["queued", "picked", "held"]
    due_at: datetime
    tries: int
    refund_id: RefundId | None = None
    attempt: int | None = None
    held_reason: str | None = None


class JobInspection(Protocol):
    """Reads what a queue holds, for checks of the stores. It never writes."""

    async def depths(self) -> Mapping[str, int]:
        """How many jobs are `queued`, `scheduled` (due later), `picked` and `held`."""
        ...

    async def backlog(self, *, counted_max: int) -> list[Backlog]:
        """The kinds of which jobs are due and not begun, each counted up to `counted_max`; kinds without one are left out."""
        ...

    async def charges_with_jobs(self, charge_ids: Collection[ChargeId]) -> set[ChargeId]:
        """Which of some charges have a job of their own: waiting, being done, or held."""
        ...

    async def attempts_with_jobs(self, charge_ids: Collection[ChargeId]) -> set[tuple[ChargeId, int]]:
        """Which abandoned attempts of some charges, by their numbers, have a job: waiting, being done, or held."""
        ...

    async def refunds_with_jobs(self, refund_ids: Collection[RefundId]) -> set[RefundId]:
        """Which of some refunds have a job of their own: waiting, being done, or held."""
        ...

    async def jobs_of_charge(self, charge_id: ChargeId) -> list[ChargeJobState]:
        """All jobs that name a charge, those that are due first at the head; at most `JOBS_OF_CHARGE_MAX`."""
        ...

    def texts_matching(self, pattern: str) -> AsyncGenerator[JobText, None]:
        """Every stored text, of jobs and of what was logged about them, in which a POSIX regular expression is found."""
        ...


class DeadLetters(JobInspection, Protocol):
    """Jobs held for a person, for operators, with all that can be read of the queue."""

    async def held(
        self, *, limit: int, kind: JobKind | None = None, after: HeldPlace | None = None
    ) -> list[HeldJob]:
        """The dead letters, newest first; only those of a kind, and only those that come after a place, if given."""
        ...

    async def find_held(self, job_id: JobId) -> HeldJob | None:
        """One dead letter; None where no held job has the id."""
        ...

    async def count_held(self, *, counted_max: int) -> HeldCount:
        """How many dead letters there are, at most `counted_max`, and how old the oldest of all is."""
        ...

    async def requeue(self, job_ids: Sequence[JobId]) -> int:
        """Make held jobs due again, as if new; return how many were held."""
        ...

    async def replay(self, place: HeldPlace, *, within: Connection) -> HeldJob | None:
        """Make one dead letter due again, as if new, inside a transaction of the event store, and return it.

        None where no job is held since then: it was done again meanwhile, and may have been held anew.
        """
        ...

    async def discard(self, place: HeldPlace, *, within: Connection) -> HeldJob | None:
        """Delete one dead letter for good inside a transaction, and return it; None as of `replay`.

        The caller keeps it with who discarded it and why, and knows that nothing waits for the job.
        """
        ...


class JobQueue(JobEnqueuer, JobRunner, DeadLetters, Protocol):
    """A whole queue, as an installation builds it; each user is given the port that it needs."""
