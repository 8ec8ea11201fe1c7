"""One call of a handler, as every queue makes it: what it raises holds the job."""

from typing import Final

import structlog

from fincore.write.queue.port import ClaimedJob, Handler, Hold, JobResult

_log = structlog.get_logger(__name__)

REASON_CHARACTERS_MAX: Final = 500


async def handled(handler: Handler, job: ClaimedJob) -> JobResult:
    """What becomes of a job. An exception holds it with the exception as the reason; a reason is cut to `REASON_CHARACTERS_MAX`."""
    try:
        result = await handler(job)
    except Exception as error:  # noqa: BLE001 -- a handler may raise anything; the job is kept, the worker lives
        _log.exception("queue.handler_raised", kind=job.kind, job_id=job.job_id)
        return Hold(f"{type(error).__name__}: {error}"[:REASON_CHARACTERS_MAX])
    if isinstance(result, Hold):
        _log.warning("queue.job_held", kind=job.kind, job_id=job.job_id, reason=result.reason)
        return Hold(result.reason[:REASON_CHARACTERS_MAX])
    return result
