"""What `fincore jobs` can do: jobs that FinCore has given up."""

import sys
from typing import Annotated

from cyclopts import App, Parameter

from fincore.cli.arguments import Job, Limit
from fincore.cli.terminal import moment_text, on_stores, show, show_table

jobs = App(name="jobs", help="Jobs that FinCore has given up: list them, try them again.")


@jobs.command(name="dead")
def dead_jobs(*, limit: Limit = 50) -> None:
    """List the jobs that FinCore has given up and holds for a person, newest first, with the reason.

    Once the cause is mended, `fincore jobs requeue` lets FinCore try them again.
    """
    held = on_stores(lambda stores: stores.jobs.held(limit=limit), "eventstore")
    show_table(
        ("id", "kind", "payload", "attempts", "held", "reason"),
        [
            (
                job.job_id,
                job.kind,
                job.payload.decode(),
                str(job.attempts),
                moment_text(job.held_at),
                job.reason,
            )
            for job in held
        ],
    )


@jobs.command(name="requeue")
def requeue_jobs(
    job_id: Job, *more_job_ids: Annotated[Job, Parameter(help="The ids of further ones.")]
) -> None:
    """Try dead jobs again, as if they were new. A job may safely be done twice."""
    job_ids = (job_id, *more_job_ids)
    count = on_stores(lambda stores: stores.jobs.requeue(job_ids), "eventstore")
    others = "" if count == len(job_ids) else ": `fincore jobs dead` lists those that can be"
    show(f"requeued {count} of {len(job_ids)}{others}")
    sys.exit(0 if count == len(job_ids) else 1)
