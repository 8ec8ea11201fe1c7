"""PayPal's settlement report (STL): rows of ten kinds, amounts without a sign, footers that must add up. Pure.

Layout: Settlement Report Specification 9.0.5, developer.paypal.com/docs/reports/sftp-reports/settlement-report. What PayPal's
documentation leaves open is refused, not guessed: the sentence names the line.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import BinaryIO, Final

from fincore.domain.currency import Currency
from fincore.reconciliation.formats.paypal_fields import count_of, moment_of
from fincore.reconciliation.formats.paypal_footers import (
    Footer,
    footer_of,
    require_balances,
    require_footers,
    require_no_more,
    require_sums,
    summed,
)
from fincore.reconciliation.formats.paypal_rows import (
    Place,
    RowKind,
    expected_rows,
    fields_of,
    following_place,
)
from fincore.reconciliation.formats.paypal_section import Section
from fincore.reconciliation.formats.records import Records
from fincore.reconciliation.parsed_file import (
    Expected,
    FileEnd,
    FileFacts,
    FileRefused,
    Reading,
    file_end,
    quoted,
)
from fincore.reconciliation.totals import StatedTotals, Sums, computed_totals

PARSER_VERSION: Final = 1
VERSIONS: Final = (9, 10)
"""Of the report's layout, as its header says."""


def read_paypal_stl(stream: BinaryIO, expected: Expected) -> Reading:
    """Read a report. Raises `FileRefused`."""
    report = _Report(expected)
    number = 0
    for number, row in Records(stream):
        # Nearly all rows are of a body.
        if report.place == "body" and row and row[0] == "SB":
            yield report.section.line_of(number, row)
        else:
            report.take(number, row)
    return report.end_of(number)


class _Report:
    """A report as far as it was read."""

    section: Section
    """The section that is read; the order of the rows brings it before what asks for it."""

    def __init__(self, expected: Expected) -> None:
        self.place: Place = "start"
        self._account_id = expected.account_id
        self._version: str | None = None
        self._sequence: int | None = None
        self._period: tuple[datetime, datetime] | None = None
        self._rows = 0
        self._sums: list[Sums] = []
        self._section_stated: dict[Currency, StatedTotals] = {}
        self._stated: dict[Currency, Footer] = {}
        self._report_stated: set[Currency] = set()
        self._continued = True
        self._extra_columns: tuple[str, ...] = ()
        self._takes: Mapping[RowKind, Callable[[int, list[str]], None]] = {
            "RH": self._report_header,
            "FH": self._file_header,
            "SH": self._section_header,
            "CH": self._column_header,
            "SF": self._section_footer,
            "SC": self._section_end,
            "RF": self._report_footer,
            "RC": self._report_end,
            "FF": self._file_footer,
        }

    def take(self, number: int, row: list[str]) -> None:
        """A row that is no body row in its place."""
        if not row and self.place == "end":
            return
        kind, place = following_place(number, self.place, row)
        self._takes[kind](number, fields_of(number, kind, row))
        self.place = place

    def end_of(self, number: int) -> FileEnd:
        """What is known at the end."""
        if self.place != "end":
            missing = expected_rows(self.place)
            raise FileRefused(number or None, f"the file ends here, where {missing} must follow")
        start, end = self._period or (None, None)
        return file_end(
            FileFacts(
                format="paypal_stl",
                version=self._version,
                account_id=self._account_id,
                period_start=start,
                period_end=end,
                sequence=self._sequence,
                continued=self._continued,
                extra_columns=self._extra_columns,
            ),
            {currency: footer.stated for currency, footer in self._stated.items()},
            self._sums,
        )

    def _report_header(self, number: int, fields: list[str]) -> None:
        _moment(number, fields[1])
        self._version = fields[4]
        if count_of(number, fields[4], "version") not in VERSIONS:
            known = " and ".join(map(str, VERSIONS))
            raise FileRefused(number, f"version {quoted(fields[4])} of the report is not known, only {known}")

    def _file_header(self, number: int, fields: list[str]) -> None:
        self._sequence = count_of(number, fields[1], "number of the file")
        if self._sequence < 1 or (self._sequence == 1 and self._version is None):
            raise FileRefused(number, "the first file of a report begins with RH (report header)")

    def _section_header(self, number: int, fields: list[str]) -> None:
        start, end = _moment(number, fields[1]), _moment(number, fields[2])
        if end <= start:
            raise FileRefused(number, "the period ends before it starts")
        if not fields[3]:
            raise FileRefused(number, "names no account")
        self._account_id = self._account_id or fields[3]
        if fields[3] != self._account_id:
            raise FileRefused(
                number,
                f"is about the account {quoted(fields[3])}, and must be about {quoted(self._account_id)}",
            )
        before = self._period or (start, end)
        self._period = (min(before[0], start), max(before[1], end))

    def _column_header(self, number: int, fields: list[str]) -> None:
        self.section = Section(number, fields)
        self._extra_columns = self.section.extra_columns
        self._section_stated = {}

    def _section_footer(self, number: int, fields: list[str]) -> None:
        footer = footer_of(number, fields)
        stated = footer.stated
        if stated.currency in self._section_stated:
            raise FileRefused(number, f"is a second footer of {stated.currency.upper()} in one section")
        require_sums(number, stated, computed_totals(self.section.sums()))
        self._section_stated[stated.currency] = stated
        self._stated[stated.currency] = summed(self._stated.get(stated.currency), footer)

    def _section_end(self, number: int, fields: list[str]) -> None:
        sums = self.section.sums()
        require_footers(number, self._section_stated, computed_totals(sums))
        _require_count(number, fields, self.section.rows, "section")
        self._sums += sums
        self._rows += self.section.rows

    def _report_footer(self, number: int, fields: list[str]) -> None:
        footer = footer_of(number, fields)
        stated = footer.stated
        if stated.currency in self._report_stated:
            raise FileRefused(number, f"is a second footer of {stated.currency.upper()} in one report")
        self._report_stated.add(stated.currency)
        computed = computed_totals(self._sums)
        if self._sequence != 1:
            # The footer is about the files before, too.
            require_no_more(number, stated, computed)
            return
        require_sums(number, stated, computed)
        require_balances(number, footer, self._stated.setdefault(stated.currency, footer))

    def _file_footer(self, number: int, fields: list[str]) -> None:
        _require_count(number, fields, self._rows, "file")

    def _report_end(self, number: int, fields: list[str]) -> None:
        self._continued = False
        if self._sequence == 1:
            require_footers(number, self._report_stated, computed_totals(self._sums))
            _require_count(number, fields, self._rows, "report")
        elif count_of(number, fields[1], "record count") < self._rows:
            raise FileRefused(number, "the report has fewer rows than this file alone")


def _require_count(number: int, fields: list[str], rows: int, what: str) -> None:
    stated = count_of(number, fields[1], "record count")
    if stated != rows:
        raise FileRefused(number, f"states {stated:,} rows of the {what}, which has {rows:,}")


def _moment(number: int, text: str) -> datetime:
    moment = moment_of(text)
    if moment is None:
        raise FileRefused(number, f"{quoted(text)} is no date such as 2026/01/06 00:00:30 -0800")
    return moment
