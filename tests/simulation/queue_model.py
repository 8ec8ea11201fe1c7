"""A job queue in memory: at least once, in any order, by two workers at a time where one was taken for dead."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from fincore.domain.clock import Clock
from fincore.domain.job import Job, JobKind
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobId, JobResult, RetryIn


class QueuedJob:
    """A job that is not done. `held` is why it waits for a person."""

    def __init__(self, job_id: JobId, job: Job, now: datetime) -> None:
        self.job_id = job_id
        self.kind: JobKind = job.kind
        self.payload = job.payload
        self.attempt = 1
        self.due_at = now + timedelta(seconds=job.delay_seconds)
        self.held: str | None = None
        self.is_claimed = False
        self.may_have_run = False

    def __repr__(self) -> str:
        return f"job {self.job_id} {self.kind} attempt {self.attempt}"


class QueueModel:
    """Jobs that wait. A claimed job stays in: only its result takes it out, so a worker that dies loses none.

    A result counts also where another worker has claimed the job meanwhile: PgQueuer goes by the id of the job.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._jobs: dict[JobId, QueuedJob] = {}

    def put(self, jobs: Sequence[Job]) -> None:
        """Add jobs."""
        for job in jobs:
            job_id = JobId(str(next(self._ids)))
            self._jobs[job_id] = QueuedJob(job_id, job, self._clock.now())

    @property
    def jobs(self) -> list[QueuedJob]:
        """All that is not done, also what waits for a person."""
        return list(self._jobs.values())

    @property
    def waiting(self) -> list[QueuedJob]:
        """What is to be done, now or later, the oldest first."""
        return [job for job in self._jobs.values() if job.held is None]

    @property
    def due(self) -> list[QueuedJob]:
        """What may be done now."""
        return [job for job in self.waiting if job.due_at <= self._clock.now()]

    @property
    def held(self) -> list[QueuedJob]:
        """The dead letters."""
        return [job for job in self._jobs.values() if job.held is not None]

    @property
    def next_due_at(self) -> datetime | None:
        """When the next job is due that is not held."""
        return min((job.due_at for job in self.waiting), default=None)

    @staticmethod
    def claim(job: QueuedJob) -> ClaimedJob:
        """The job as a worker sees it."""
        job.may_have_run = job.may_have_run or job.is_claimed
        job.is_claimed = True
        return ClaimedJob(
            job_id=job.job_id,
            kind=job.kind,
            payload=job.payload,
            attempt=job.attempt,
            may_have_run=job.may_have_run,
        )

    def settle(self, job_id: JobId, result: JobResult | Exception) -> None:
        """What a worker made of a job; an exception holds it."""
        job = self._jobs.get(job_id)
        if job is None:
            return
        job.is_claimed = False
        job.may_have_run = job.may_have_run or not (isinstance(result, RetryIn) and result.nothing_ran)
        match result:
            case Done():
                del self._jobs[job_id]
            case RetryIn():
                job.attempt += 1
                job.due_at = self._clock.now() + timedelta(seconds=result.delay_seconds)
            case Hold():
                job.held = result.reason
            case Exception():
                job.held = f"{type(result).__name__}: {result}"

    def requeue(self) -> None:
        """Make every dead letter due again, as if new."""
        for job in self.held:
            self.requeue_one(job)

    def requeue_one(self, job: QueuedJob) -> None:
        """Make a dead letter due again, as if new."""
        job.held = None
        job.attempt = 1
        job.due_at = self._clock.now()
