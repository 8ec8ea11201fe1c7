"""What `fincore reconcile report` does: shows a run's report, or writes it as files."""

import sys
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from cyclopts import Parameter

from fincore.cli.output_file import written_to
from fincore.cli.settlement_report_text import report_text
from fincore.cli.stores import on_stores
from fincore.cli.terminal import show
from fincore.domain.errors import UsageError
from fincore.domain.ids import RunId
from fincore.reconciliation.report.report_csv import report_csv
from fincore.reconciliation.report.report_html import report_html
from fincore.reconciliation.report.reports import checked_report
from fincore.reconciliation.report.run_report import CheckedReport, report_json

EXIT_UNSOUND: Final = 1
LEDGERDB: Final = "ledgerdb"

ReportFormat = Literal["json", "csv", "html"]
REPORT_FORMATS: Final[tuple[ReportFormat, ...]] = get_args(ReportFormat)


def report(
    run: str | None = None,
    /,
    *,
    report_format: Annotated[ReportFormat | None, Parameter(name="--format")] = None,
    output: Path | None = None,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show the report of a run, the last one unless another is named; exit with 1 if it does not tie to the ledger or is not the report of then.

    Every figure is as of the run, however much later it is asked for.

    Parameters
    ----------
    run
        The run, `run_...`, as `fincore reconcile run` prints it.
    report_format
        Print it as json, csv or html in place of text.
    output
        Write it into this directory, which must be there, as report-run_....json, .csv and .html; only that of --format, where given.
    force
        Replace files that are there.

    """
    if output is not None and not output.is_dir():
        raise UsageError("--output must name a directory that is there: make it, or name another one")
    checked = on_stores(
        lambda stores: checked_report(stores.ledgerdb, None if run is None else RunId(run)), LEDGERDB
    )
    if output is not None:
        for one in REPORT_FORMATS if report_format is None else (report_format,):
            file = output / f"report-{checked.report.run_id}.{one}"
            with written_to(file, may_replace=force) as write:
                write(rendered(checked, one))
            show(str(file))
    elif report_format is not None:
        with written_to(None, may_replace=False) as write:
            write(rendered(checked, report_format))
    if output is not None or report_format is None:
        show(report_text(checked))
    if not checked.is_sound:
        sys.exit(EXIT_UNSOUND)


def rendered(checked: CheckedReport, report_format: ReportFormat) -> str:
    """The report as the text of a file."""
    match report_format:
        case "json":
            return report_json(checked.report).decode()
        case "csv":
            return report_csv(checked.report, checked.sha256)
        case "html":
            return report_html(checked.report, checked.sha256, checked.flaw)
