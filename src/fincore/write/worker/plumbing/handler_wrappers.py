"""All handlers of the worker, by kind of job, made to survive a database that is away for a while."""

import random
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from fincore.domain.errors import Overloaded
from fincore.domain.job import JobKind
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.write.queue.port import ClaimedJob, Done, Handler, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing.metrics import JOBS

_log = structlog.get_logger(__name__)

_LABELS: Final[Mapping[type[JobResult], str]] = {Done: "done", RetryIn: "retried", Hold: "held"}
"""The results as labels of metrics."""

OUTAGE_PAUSE_SECONDS: Final = 2.0
"""The longest pause of a job that met a database that was away; drawn, so that jobs come back spread out."""


def outlasting_outages(handler: Handler, *, draw: Callable[[], float] = random.random) -> Handler:
    """The handler, but an outage of the database means again later; any other exception stays one, and holds the job."""

    async def handle(job: ClaimedJob) -> JobResult:
        try:
            return await handler(job)
        except Overloaded as error:
            return _again(job, error, str(error))
        except Exception as error:
            outage = outage_of(error)
            if outage is None:
                raise
            return _again(job, error, OUTAGES[outage])

    def _again(job: ClaimedJob, error: Exception, reason: str) -> RetryIn:
        _log.warning(
            "worker.database_outage",
            kind=job.kind,
            job_id=job.job_id,
            reason=reason,
            error=type(error).__name__,
        )
        return RetryIn(OUTAGE_PAUSE_SECONDS * draw(), reason)

    return handle


def counted(kind: JobKind, handler: Handler) -> Handler:
    """The handler, its results counted."""

    async def handle(job: ClaimedJob) -> JobResult:
        try:
            result = await handler(job)
        except Exception:
            JOBS.labels(kind, "raised").inc()
            raise
        JOBS.labels(kind, _LABELS[type(result)]).inc()
        return result

    return handle
