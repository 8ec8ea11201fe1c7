"""The report of a run as a person reads it in a terminal. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from fincore.cli.terminal import moment_text, table_text
from fincore.domain.counting import counted
from fincore.reconciliation.report.day_report import DayAccount
from fincore.reconciliation.report.run_report import (
    AccountReport,
    BreakSum,
    CheckedReport,
    FileReport,
    RunReport,
    UnclearedMoney,
    age_text,
    amount_text,
    tie_text,
)


def report_text(checked: CheckedReport) -> str:
    """The headline, the accounts with what ties them to the ledger, breaks by class, files, and the hash."""
    return "\n\n".join(_parts(checked))


def _parts(checked: CheckedReport) -> Iterator[str]:
    report = checked.report
    yield f"{report.run_id} as of {moment_text(report.cut_off)} UTC, entry {report.last_entry_id:,} of the ledger"
    yield uncleared_text(report.uncleared)
    yield "accounts\n" + _accounts(report)
    if any(one.adjusted for one in report.accounts):
        yield "adjusted by people since the run before\n" + adjusted_text(report.accounts)
    yield "open breaks\n" + open_breaks_text(report.break_sums)
    yield "files of this run\n" + files_text(report.files)
    yield "\n".join(_proof(checked))


def uncleared_text(uncleared: Sequence[UnclearedMoney]) -> str:
    """The headline: what is uncleared, by mode, currency and age."""
    return "uncleared: taken by PSPs, and told of by no statement\n" + table_text(
        ("mode", "amount", *(age_text(one) for one in uncleared[0].by_age)) if uncleared else ("",),
        [
            (
                total.mode,
                amount_text(total.amount_minor, total.currency),
                *(amount_text(one.amount_minor, total.currency) for one in total.by_age),
            )
            for total in uncleared
        ],
    )


def open_breaks_text(sums: Sequence[BreakSum]) -> str:
    """Breaks that are not closed, by account, status and class."""
    return table_text(
        ("account", "status", "class", "breaks", "amount", "oldest, days"),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                one.status,
                one.break_class,
                f"{one.breaks:,}",
                amount_text(one.amount_minor, one.currency),
                f"{one.oldest_days:,}",
            )
            for one in sums
        ],
    )


def files_text(files: Sequence[FileReport]) -> str:
    """The files of which lines were taken up."""
    return table_text(
        ("file", "account", "name", "rows", "sha256"),
        [
            (
                one.file_id,
                f"{one.psp}/{one.psp_account} ({one.mode})",
                one.name,
                f"{sum(totals.rows for totals in one.computed):,}",
                one.sha256,
            )
            for one in files
        ],
    )


def _accounts(report: RunReport) -> str:
    return table_text(
        (
            "account",
            "uncleared",
            "matched",
            "lines without a match",
            "balance",
            "balance stated",
            "in transit",
        ),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                amount_text(one.uncleared_minor, one.currency),
                amount_text(one.matched_minor, one.currency),
                amount_text(one.open_lines_minor, one.currency),
                amount_text(one.balance_minor, one.currency),
                amount_text(one.stated_balance_minor, one.currency),
                amount_text(one.in_transit_minor, one.currency),
            )
            for one in report.accounts
        ],
    )


def adjusted_text(accounts: Iterable[AccountReport | DayAccount]) -> str:
    """What people decided, by account and kind."""
    return table_text(
        ("account", "kind", "adjustments", "gross", "fee"),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                decided.kind.replace("_", " "),
                f"{decided.adjustments:,}",
                amount_text(decided.gross_minor, one.currency),
                amount_text(decided.fee_minor, one.currency),
            )
            for one in accounts
            for decided in one.adjusted
        ],
    )


def _proof(checked: CheckedReport) -> Iterator[str]:
    untied = [
        f"{one.psp}/{one.psp_account} ({one.mode}): {tie_text(tie, one.currency)}"
        for one in checked.report.accounts
        for tie in one.all_ties
        if tie.difference_minor
    ]
    if untied:
        yield "THE REPORT DOES NOT TIE TO THE LEDGER: run `fincore check`"
        yield from untied
    else:
        yield f"{counted(len(checked.report.accounts), 'account')} tied to the ledger"
    if checked.flaw is not None:
        yield f"THIS IS NOT THE REPORT THAT WAS MADE WHEN THE RUN FINISHED: {checked.flaw}"
    yield f"sha256 {checked.sha256}"
    yield f"before {checked.report.sha256_before or 'none: this is the first report'}"
