"""What operations are told of runs and days without their reports: many at once, or one of which no report can be gathered. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from fincore.domain.counting import counted
from fincore.domain.ids import RunId
from fincore.reconciliation.notification.notice import Notice, notice_of
from fincore.reconciliation.notification.report_notices import break_findings, break_steps
from fincore.reconciliation.report.day_report import ClassSum
from fincore.reconciliation.report.run_report import BreakReport


def skipped_runs_notice(
    last_run_id: RunId,
    cut_off: datetime,
    opened: Sequence[ClassSum],
    named: Sequence[BreakReport],
    *,
    runs: int,
    reopened: int,
) -> Notice:
    """Runs that are told as a sum, up to the one that is named: the breaks that they opened, of which some may be closed since."""
    new = sum(one.breaks for one in opened)
    return notice_of(
        about=f"runs:{last_run_id}",
        kind="run",
        occurred_at=cut_off,
        subject=f"Reconciliation: {counted(runs, 'earlier run')} opened {counted(new, 'break') if new else 'no breaks'}",
        findings=break_findings(opened, named, reopened=reopened),
        figures=[("runs", f"{runs:,}"), ("last run", last_run_id)],
        next_steps=[*break_steps(opened, reopened=reopened), f"fincore reconcile report {last_run_id}"],
        needs_person=bool(new or reopened),
    )


def run_without_report_notice(run_id: RunId, cut_off: datetime, *, runs: int = 1) -> Notice:
    """A run, or the last of several, of which the news cannot be gathered."""
    return notice_of(
        about=f"run:{run_id}" if runs == 1 else f"runs:{run_id}",
        kind="run",
        occurred_at=cut_off,
        subject=f"Reconciliation: what {counted(runs, 'run')} found cannot be gathered",
        findings=[f"The log line reconciliation.notice_without_report has the error of {run_id}"],
        figures=[("runs", f"{runs:,}"), ("run", run_id)],
        next_steps=["fincore reconcile breaks", f"fincore reconcile report {run_id}"],
        needs_person=True,
    )


def skipped_days_notice(first_day: date, last_day: date, *, days: int) -> Notice:
    """Days that are over and of which no report was looked at; the notices of their runs tell what breaks they opened."""
    return notice_of(
        about=f"days:{last_day}",
        kind="day",
        occurred_at=datetime.combine(last_day, time(), UTC),
        subject=f"Reconciliation: {counted(days, 'day')} from {first_day} to {last_day} not told one by one",
        findings=[f"Whether the reports of {first_day} to {last_day} tie to the ledger was not looked at"],
        next_steps=[f"fincore reconcile report --day={one}" for one in (first_day, last_day)],
        needs_person=True,
    )


def day_without_report_notice(day: date) -> Notice:
    """A day that is over and of which the report cannot be gathered."""
    return notice_of(
        about=f"day:{day}",
        kind="day",
        occurred_at=datetime.combine(day, time(), UTC),
        subject=f"Reconciliation of {day}: its report cannot be gathered",
        findings=[f"The log line reconciliation.notice_without_report has the error of day:{day}"],
        next_steps=[f"fincore reconcile report --day={day}"],
        needs_person=True,
    )
