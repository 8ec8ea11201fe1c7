"""What `fincore jobs` can do: dead jobs, which failed for good."""

import sys
from typing import Annotated

from cyclopts import App, Parameter

from fincore.cli.arguments import Job, Limit
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table

jobs = App(name="jobs", help=COMMANDS["jobs"].help)


@jobs.command(name="dead")
def dead_jobs(*, limit: Limit = 50) -> None:
    """List the dead jobs, newest first: each failed for good and waits for a person.

    Once the cause in `reason` is fixed, run `fincore jobs requeue`.
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
    """Make dead jobs due again, as if they were new. It is safe to do a job twice."""
    job_ids = (job_id, *more_job_ids)
    count = on_stores(lambda stores: stores.jobs.requeue(job_ids), "eventstore")
    others = "" if count == len(job_ids) else ": `fincore jobs dead` lists the dead jobs"
    show(f"requeued {count} of {len(job_ids)}{others}")
    sys.exit(0 if count == len(job_ids) else 1)
