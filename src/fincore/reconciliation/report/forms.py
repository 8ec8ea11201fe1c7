"""The forms in which reports of runs and days are written, one text each for all readers. Pure."""

from typing import Final, Literal, get_args

from fincore.reconciliation.report.day_csv import day_csv
from fincore.reconciliation.report.day_html import day_html
from fincore.reconciliation.report.day_report import CheckedDay, day_report_json
from fincore.reconciliation.report.report_csv import report_csv
from fincore.reconciliation.report.report_html import report_html
from fincore.reconciliation.report.run_report import CheckedReport, report_json

ReportFormat = Literal["json", "csv", "html"]
REPORT_FORMATS: Final[tuple[ReportFormat, ...]] = get_args(ReportFormat)


def rendered(checked: CheckedReport, report_format: ReportFormat) -> str:
    """The report of a run as the text of a file."""
    match report_format:
        case "json":
            return report_json(checked.report).decode()
        case "csv":
            return report_csv(checked.report, checked.sha256)
        case "html":
            return report_html(checked.report, checked.sha256, checked.flaw)


def rendered_day(checked: CheckedDay, report_format: ReportFormat) -> str:
    """The report of a day as the text of a file."""
    match report_format:
        case "json":
            return day_report_json(checked.report).decode()
        case "csv":
            return day_csv(checked.report, checked.sha256)
        case "html":
            return day_html(checked)
