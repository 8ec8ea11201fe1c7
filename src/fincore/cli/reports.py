"""The commands about held reports of PSPs: what `fincore reports` can do."""

from typing import Annotated

from cyclopts import App, Parameter

from fincore.backoffice import held_reports
from fincore.backoffice.held_reports import Selection
from fincore.cli.arguments import By, Charge, Limit, PspEvent, Reason, ReportKind
from fincore.cli.terminal import moment_text, on_stores, show, show_table
from fincore.domain.errors import UsageError
from fincore.domain.ids import ChargeId

reports = App(name="reports", help="Reports of PSPs that are held: FinCore cannot take them as they are.")

All = Annotated[bool, Parameter(name="--all", negative="", help="All of them.")]


@reports.command(name="list")
def list_held(*, limit: Limit = 100) -> None:
    """List the held reports, oldest first, with the reason. Refunds of these charges are refused.

    A report that names no charge waits in the inbox alone; `fincore jobs requeue` has it read again.
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
    """Release held reports once you have dealt with what they say. Kept with your name and reason."""
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
    """Have the worker read held reports again, as after an upgrade. One that is understood is recorded and released."""
    selection = _selection(charge, event, kind, every=every)
    asked = on_stores(
        lambda stores: held_reports.read_again(stores.eventstore, stores.writer, selection), "eventstore"
    )
    show(f"to be read again: {len(asked)}")


def _selection(charge: ChargeId | None, event: str | None, kind: str | None, *, every: bool) -> Selection:
    named = any(one is not None for one in (charge, event, kind))
    if named is every:
        raise UsageError("name what is meant with --charge, --event or --kind, or say --all")
    return Selection(charge, event, kind)
