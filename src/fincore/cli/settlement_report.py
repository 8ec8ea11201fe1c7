"""What `fincore reconcile report` does: shows the report of a run or of a day, or writes it as files."""

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from cyclopts import Parameter

from fincore.cli.output_file import written_to
from fincore.cli.settlement_day_text import day_text
from fincore.cli.settlement_report_text import report_text
from fincore.cli.stores import on_stores
from fincore.cli.terminal import show
from fincore.domain.errors import UsageError
from fincore.domain.ids import RunId
from fincore.reconciliation.report.day_reports import checked_day
from fincore.reconciliation.report.forms import REPORT_FORMATS, ReportFormat, rendered, rendered_day
from fincore.reconciliation.report.reports import checked_report

EXIT_UNSOUND: Final = 1
LEDGERDB: Final = "ledgerdb"

YEAR_MIN: Final = 2010
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def report(
    run: str | None = None,
    /,
    *,
    day: str | None = None,
    report_format: Annotated[ReportFormat | None, Parameter(name="--format")] = None,
    output: Path | None = None,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show the report of a run, the last one unless another is named, or of a day; exit with 1 if it does not tie to the ledger, is not the report of then, or tells of a day without a run.

    Every figure is as of the run, or of the last run of the day, however much later it is asked for.

    Parameters
    ----------
    run
        The run, `run_...`, as `fincore reconcile run` prints it.
    day
        In place of one run all runs of a day by UTC, such as 2026-11-26.
    report_format
        Print it as json, csv or html in place of text.
    output
        Write it into this directory, which must be there, as report-run_....json, .csv and .html (report-2026-11-26.json of a day); only that of --format, where given.
    force
        Replace files that are there.

    """
    if run is not None and day is not None:
        raise UsageError("name a run or a --day, not both")
    if output is not None and not output.is_dir():
        raise UsageError("--output must name a directory that is there: make it, or name another one")
    shown = _of_run(run) if day is None else _of_day(_day(day))
    if output is not None:
        for one in REPORT_FORMATS if report_format is None else (report_format,):
            file = output / f"report-{shown.name}.{one}"
            with written_to(file, may_replace=force) as write:
                write(shown.as_file(one))
            show(str(file))
    elif report_format is not None:
        with written_to(None, may_replace=False) as write:
            write(shown.as_file(report_format))
    if output is not None or report_format is None:
        show(shown.text)
    if not shown.is_sound:
        sys.exit(EXIT_UNSOUND)


class Shown(NamedTuple):
    """A report: what its files are called after, as text, and as the text of a file."""

    name: str
    is_sound: bool
    text: str
    as_file: Callable[[ReportFormat], str]


def _of_run(run: str | None) -> Shown:
    checked = on_stores(
        lambda stores: checked_report(stores.ledgerdb, None if run is None else RunId(run)), LEDGERDB
    )
    return Shown(
        checked.report.run_id, checked.is_sound, report_text(checked), lambda form: rendered(checked, form)
    )


def _of_day(day: date) -> Shown:
    checked = on_stores(lambda stores: checked_day(stores.ledgerdb, day), LEDGERDB)
    return Shown(
        checked.report.day.isoformat(),
        checked.is_sound,
        day_text(checked),
        lambda form: rendered_day(checked, form),
    )


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or day.year < YEAR_MIN:
        raise UsageError(f"--day must be a day from {YEAR_MIN} on, such as 2026-11-26")
    return day
