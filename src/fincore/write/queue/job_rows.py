"""Jobs as rows of PgQueuer's table: their numbers, and a row that was claimed as a `ClaimedJob`."""

import re
from collections.abc import Mapping
from typing import Final, cast

from fincore.domain.job import JobKind
from fincore.observability.tracing.trace_context import TRACEPARENT
from fincore.write.queue.port import ClaimedJob, JobId

MAY_HAVE_RUN: Final = "may_have_run"
"""The header of a job of which an earlier claim may have taken effect. A trigger of the table sets it too."""

_JOB_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
"""A job's id as text; a longer number is above what PgQueuer gives out in the life of any installation."""


def number_of(job_id: str) -> int | None:
    """The number of a job; None for a text that is no id of PgQueuer's."""
    return int(job_id) if _JOB_NUMBER.fullmatch(job_id) else None


def claimed_job(
    number: int, kind: str, payload: bytes | None, attempts: int, headers: Mapping[str, object]
) -> ClaimedJob:
    """A row that was just claimed. `attempts` counts the retries before."""
    traceparent = headers.get(TRACEPARENT)
    return ClaimedJob(
        job_id=JobId(str(number)),
        kind=cast("JobKind", kind),
        payload=payload or b"",
        attempt=attempts + 1,
        may_have_run=MAY_HAVE_RUN in headers,
        traceparent=traceparent if isinstance(traceparent, str) else None,
    )
