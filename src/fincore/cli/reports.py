"""What `fincore reports` can do: held reports of PSPs, listed, released, read again."""

from typing import Annotated

from cyclopts import App, Parameter

from fincore.backoffice import held_reports
from fincore.backoffice.held_reports import Selection
from fincore.cli.arguments import By, Charge, Limit, PspEvent, Reason, ReportKind
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.errors import UsageError
from fincore.domain.ids import ChargeId

reports = App(name="reports", help=COMMANDS["reports"].help)

All = Annotated[bool, Parameter(name="--all", negative="", help="All held reports.")]


@reports.command(name="list")
def list_held(*, limit: Limit = 100) -> None:
    """List the held reports, oldest first, with the reason. Their charges cannot be refunded.

    A report that names no charge is held in the inbox; `fincore jobs requeue` has the worker read it again.
    """
    held = on_stores(
        lambda stores: held_reports.list_held(stores.eventstore, stores.jobs, limit=limit), "eventstore"
    )
    show_table(
        ("charge", "account", "event", "kind", "reason", "held since", "detail"),
        [
            (
                report.charge_id,
                f"{report.psp}:{report.psp_account}",
                report.psp_event_id,
                report.report_type,
                report.reason,
                moment_text(report.held_at),
                report.detail,
            )
            for report in held.reports
        ]
        + [
            (
                "-",
                f"{webhook.psp}:{webhook.psp_account}",
                webhook.psp_event_id,
                "-",
                f"job {job.job_id}",
                moment_text(job.held_at),
                job.reason,
            )
            for webhook, job in held.in_inbox
        ],
    )


@reports.command(name="release")
def release(
    *,
    by: By,
    reason: Reason,
    charge: Charge | None = None,
    event: PspEvent | None = None,
    kind: ReportKind | None = None,
    every: All = False,
) -> None:
    """Release held reports once you have dealt with them. Your name and reason are stored with each."""
    selection = _selection(charge, event, kind, every=every)
    released = on_stores(
        lambda stores: held_reports.release(
            stores.eventstore, stores.writer, stores.clock, selection, by=by, reason=reason
        ),
        "eventstore",
    )
    show(f"released {len(released)}")


@reports.command(name="read-again")
def read_again(
    *,
    charge: Charge | None = None,
    event: PspEvent | None = None,
    kind: ReportKind | None = None,
    every: All = False,
) -> None:
    """Have the worker read held reports again, as after an upgrade. One that it understands is recorded and released."""
    selection = _selection(charge, event, kind, every=every)
    asked = on_stores(
        lambda stores: held_reports.read_again(stores.eventstore, stores.writer, selection), "eventstore"
    )
    show(f"to be read again: {len(asked)}")


def _selection(charge: ChargeId | None, event: str | None, kind: str | None, *, every: bool) -> Selection:
    named = any(one is not None for one in (charge, event, kind))
    if named is every:
        raise UsageError("choose reports with --charge, --event or --kind, or all of them with --all")
    return Selection(charge, event, kind)
