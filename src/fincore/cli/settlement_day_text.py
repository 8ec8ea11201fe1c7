"""The report of a day as a person reads it in a terminal. Pure."""

from collections.abc import Iterator, Sequence

from fincore.cli.settlement_report_text import adjusted_text, files_text, open_breaks_text, uncleared_text
from fincore.cli.terminal import moment_text, table_text
from fincore.domain.counting import counted
from fincore.reconciliation.report.day_report import (
    CheckedDay,
    ClassSum,
    DayReport,
    count_text,
    movement_text,
)
from fincore.reconciliation.report.run_report import amount_text, tie_text


def day_text(checked: CheckedDay) -> str:
    """The headline, what happened in the day, the equations of the day, and the hash."""
    report = checked.report
    parts = [_heading(report)]
    if report.runs:
        parts += _figures(report)
    return "\n\n".join([*parts, "\n".join(_proof(checked))])


def _heading(report: DayReport) -> str:
    day = f"{report.day}, so far" if report.so_far else str(report.day)
    if not report.runs:
        return f"{day}: NO RUN WAS MADE, NOTHING WAS COMPARED"
    last = report.runs[-1]
    return (
        f"{day}: {counted(len(report.runs), 'run')}, the last one {last.run_id} as of {moment_text(last.cut_off)} UTC, "
        f"entry {last.last_entry_id:,} of the ledger"
    )


def _figures(report: DayReport) -> Iterator[str]:
    yield uncleared_text(report.uncleared)
    yield "matched in the day\n" + table_text(
        ("account", "kind", "lines", "gross", "fee"),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                kind.kind,
                f"{kind.lines:,}",
                amount_text(kind.gross_minor, one.currency),
                amount_text(kind.fee_minor, one.currency),
            )
            for one in report.accounts
            for kind in one.matched
        ],
    )
    if any(one.adjusted for one in report.accounts):
        yield "adjusted by people in the day\n" + adjusted_text(report.accounts)
    yield "breaks opened in the day\n" + _changed(report.opened_sums)
    yield "breaks closed in the day\n" + _changed(report.closed_sums)
    yield "open breaks\n" + open_breaks_text(report.open_sums)
    yield "files of the day\n" + files_text(report.files)


def _changed(sums: Sequence[ClassSum]) -> str:
    return table_text(
        ("account", "class", "breaks", "amount"),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                one.break_class,
                f"{one.breaks:,}",
                amount_text(one.amount_minor, one.currency),
            )
            for one in sums
        ],
    )


def _proof(checked: CheckedDay) -> Iterator[str]:
    report = checked.report
    if not report.ties:
        yield "THE REPORT DOES NOT TIE TO THE LEDGER: run `fincore check`"
    yield from (count_text(one) for one in report.break_counts)
    for one in report.accounts:
        place = f"{one.psp}/{one.psp_account} ({one.mode})"
        yield from (f"{place}: {movement_text(move, one.currency)}" for move in one.movements)
        yield from (f"{place}: {tie_text(tie, one.currency)}" for tie in one.all_ties if tie.difference_minor)
    if checked.flaw is not None:
        yield f"THIS IS NOT THE REPORT THAT WAS MADE WHEN THE DAY WAS SEALED: {checked.flaw}"
    yield f"sha256 {checked.sha256}{' so far' if report.so_far else ''}"
    yield f"before {f'{report.sha256_before} of {report.day_before}' if report.day_before else 'none'}"
