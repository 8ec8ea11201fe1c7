"""What is wrapped around every handler: a repeat after an outage of the database, the count of results, a span, and ids of PSPs."""

import random
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from fincore.domain.errors import Overloaded
from fincore.domain.job import JobKind
from fincore.observability.tracing.tracer import begin_after, is_tracing
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.write.psp.request_ids import noted_request_ids
from fincore.write.queue.port import ClaimedJob, Done, Handler, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing.metrics import JOBS

_log = structlog.get_logger(__name__)

_LABELS: Final[Mapping[type[JobResult], str]] = {Done: "done", RetryIn: "retried", Hold: "held"}
"""The results as labels of metrics, and in spans."""

OUTAGE_PAUSE_SECONDS: Final = 2.0
"""The longest pause of a job that met an outage of the database; drawn, so that jobs come back spread out."""


def repeated_after_outage(handler: Handler, *, draw: Callable[[], float] = random.random) -> Handler:
    """The handler, repeated later after an outage of the database; any other exception is raised, and holds the job."""

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
    raised = JOBS.labels(kind, "raised")
    by_result = {result: JOBS.labels(kind, label) for result, label in _LABELS.items()}

    async def handle(job: ClaimedJob) -> JobResult:
        try:
            result = await handler(job)
        except Exception:
            raised.inc()
            raise
        by_result[type(result)].inc()
        return result

    return handle


def noted(handler: Handler) -> Handler:
    """The handler, with the ids of PSPs' answers kept for the events that it records."""

    async def handle(job: ClaimedJob) -> JobResult:
        with noted_request_ids():
            return await handler(job)

    return handle


def traced(kind: JobKind, handler: Handler) -> Handler:
    """The handler in a span after that of the commit which wrote the job. A job that is held failed."""
    name = f"job {kind}"

    async def handle(job: ClaimedJob) -> JobResult:
        if not is_tracing():
            return await handler(job)
        with begin_after("job", name, job.traceparent) as span:
            span.set("fincore.job.kind", kind)
            span.set("fincore.job.id", job.job_id)
            span.set("fincore.job.attempt", job.attempt)
            result = await handler(job)
            span.set("fincore.job.result", _LABELS[type(result)])
            if isinstance(result, Hold):
                span.fail("held")
            return result

    return handle
