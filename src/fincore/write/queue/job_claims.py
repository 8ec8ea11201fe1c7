"""Claims of jobs by their ids, for workers that are told of them by messages.

The row is what is claimed: of two deliveries of a message, or two messages about a job, one gets it. A result counts only while its claimer
still has the job.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple, assert_never
from uuid import UUID, uuid4

import msgspec

from fincore.domain.job import JobKind
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.queue.job_rows import claimed_job, number_of
from fincore.write.queue.port import ClaimedJob, Done, Handler, Hold, JobId, JobResult, RetryIn

_CLAIMS = load_sql("fincore.write.queue", "job_claims.sql")
_RESULTS = load_sql("fincore.write.queue", "pgqueuer.sql")

ABANDONED: Final = (
    "each worker that took the job ended without a result, and the queue of messages gave up delivering it"
)
"""The reason of a job that is held because its message became a dead letter."""


class Claimed(NamedTuple):
    """What a claim got, and which of the jobs are left to workers that know their kind. There is nothing to do about all others."""

    jobs: list[ClaimedJob]
    of_unknown_kind: frozenset[str]


class JobClaims:
    """The jobs of one claimer. A claimer that sends no heartbeat for `heartbeat_timeout_seconds` loses its jobs to others.

    `delivered_again_seconds`: when at the latest a message is delivered again after its receiver died.
    """

    def __init__(
        self, pool: Pool, *, heartbeat_timeout_seconds: float, delivered_again_seconds: float
    ) -> None:
        self._pool = pool
        self._heartbeat_timeout = timedelta(seconds=heartbeat_timeout_seconds)
        self._delivered_again = timedelta(seconds=delivered_again_seconds)
        self._claimer: UUID = uuid4()

    async def claim(self, job_ids: Sequence[str], handlers: Mapping[JobKind, Handler]) -> Claimed:
        """Claim those jobs of some that are due and of a kind that is handled. A text that is no job's id is as a job that is done."""
        numbers = sorted({number for job_id in job_ids if (number := number_of(job_id)) is not None})
        if numbers:
            failpoint("job_claim", "before")
        rows = await self._pool.fetch(
            _CLAIMS.claim,
            numbers,
            list(handlers),
            self._claimer,
            self._heartbeat_timeout,
            self._delivered_again,
        )
        jobs = [
            claimed_job(
                row["id"],
                row["entrypoint"],
                row["payload"],
                row["attempts"],
                # PgQueuer stores a JSON null where there are none.
                msgspec.json.decode(row["headers"] or "null") or {},
            )
            for row in rows
            if row["is_claimed"]
        ]
        if jobs:
            failpoint("job_claim", "after")
        return Claimed(jobs, frozenset(str(row["id"]) for row in rows if not row["is_claimed"]))

    async def beat(self, job_ids: Sequence[JobId]) -> None:
        """Say that the claimer of these jobs is alive."""
        await self._pool.execute(_CLAIMS.beat, _numbers(job_ids), self._claimer, self._delivered_again)

    async def finish(self, job_ids: Sequence[JobId]) -> None:
        """Delete jobs that are done; not those that were taken over."""
        failpoint("job_result", "before")
        await self._pool.execute(_CLAIMS.finish, sorted(_numbers(job_ids)), self._claimer)
        failpoint("job_result", "after")

    async def put_back_or_hold(self, job: ClaimedJob, result: RetryIn | Hold) -> None:
        """Write down a result that keeps the job; not if it was taken over."""
        (number,) = _numbers([job.job_id])
        match result:
            case RetryIn():
                await self._pool.execute(
                    _RESULTS.retry_job,
                    number,
                    timedelta(seconds=result.delay_seconds),
                    None,
                    job.may_have_run or not result.nothing_ran,
                    self._claimer,
                )
            case Hold():
                await self._pool.execute(_RESULTS.hold_jobs, [number], [result.reason], [self._claimer])
            case _:
                assert_never(result)

    async def write(self, job: ClaimedJob, result: JobResult) -> None:
        """Write down what became of one job."""
        if isinstance(result, Done):
            await self.finish([job.job_id])
        else:
            await self.put_back_or_hold(job, result)

    async def hold_abandoned(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Keep those jobs for a person that were claimed and left; return them. One that no worker has taken is due as before."""
        numbers = [number for job_id in job_ids if (number := number_of(job_id)) is not None]
        rows = await self._pool.fetch(_CLAIMS.hold_abandoned, numbers, ABANDONED, self._heartbeat_timeout)
        return frozenset(str(row["id"]) for row in rows)


def _numbers(job_ids: Sequence[JobId]) -> list[int]:
    return [int(job_id) for job_id in job_ids]
