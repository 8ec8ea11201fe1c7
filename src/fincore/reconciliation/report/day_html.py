"""The report of a day as one page of HTML that stands alone. Pure."""

from collections.abc import Iterator, Sequence

from fincore.reconciliation.matching.differences import MEANINGS
from fincore.reconciliation.report.day_report import (
    CheckedDay,
    ClassSum,
    DayAccount,
    DayReport,
    count_text,
    movement_text,
)
from fincore.reconciliation.report.page import page, shown, table
from fincore.reconciliation.report.report_html import adjusted_html, breaks_html, file_html, headline_html
from fincore.reconciliation.report.run_report import BreakReport, age_text, amount_text, tie_text


def day_html(checked: CheckedDay) -> str:
    """The page."""
    return page(f"Reconciliation of {checked.report.day}", _body(checked))


def _body(checked: CheckedDay) -> Iterator[str]:
    report = checked.report
    if report.runs:
        last = report.runs[-1]
        yield (
            f'<p class="soft">As of {last.cut_off:%Y-%m-%d %H:%M:%S} UTC, entry {last.last_entry_id:,} of the ledger'
            f"{': so far, the day is not over' if report.so_far else ''}</p>"
        )
    if checked.flaw is not None:
        yield f'<p class="bad">This is not the report that was made when the day was sealed: {shown(checked.flaw)}</p>'
    if not report.runs:
        yield f'<p class="{"bad" if checked.is_missing else "soft"}">{_without_run(report)}</p>'
    elif report.ties:
        yield '<p class="good">Every account ties to the ledger.</p>'
    else:
        yield '<p class="bad">The report does not tie to the ledger: see the equations below, and run <code>fincore check</code>.</p>'
    if report.runs:
        yield from _figures(report)
    yield from _proof(checked)


def _without_run(report: DayReport) -> str:
    return f"No run was made {'so far' if report.so_far else 'on this day'}: nothing was compared."


def _figures(report: DayReport) -> Iterator[str]:
    yield from headline_html(report.uncleared)
    yield "<h2>Breaks</h2>"
    for count in report.break_counts:
        yield f'<p class="{"bad" if count.difference else "good"}">{shown(count_text(count))}</p>'
    yield "<h3>Opened</h3>"
    yield from _changed(report.opened_sums, report.opened)
    yield "<h3>Closed</h3>"
    yield from _changed(report.closed_sums, report.closed)
    yield "<h3>Open at the end of the day</h3>"
    yield from breaks_html(report.open_sums)
    for account in report.accounts:
        yield from _account(account)
    yield "<h2>Files of the day</h2>"
    if not report.files:
        yield "<p>None.</p>"
    for file in report.files:
        yield from file_html(file)


def _changed(sums: Sequence[ClassSum], named: Sequence[BreakReport]) -> Iterator[str]:
    if not sums:
        yield "<p>None.</p>"
        return
    yield from table(
        ("account", "class", "breaks", "amount", "meaning"),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                one.break_class,
                f"{one.breaks:,}",
                amount_text(one.amount_minor, one.currency),
                MEANINGS[one.break_class],
            )
            for one in sums
        ],
    )
    yield from table(
        ("break", "status", "class", "account", "amount", "owner", "reason", "reference", "charge", "file"),
        [
            (
                str(one.break_id),
                one.status.replace("_", " "),
                one.break_class,
                f"{one.psp}/{one.psp_account} ({one.mode})",
                amount_text(one.amount_minor, one.currency),
                one.owner or "",
                one.reason or "",
                one.reference or "",
                one.charge or "",
                f"{one.file_name or ''}{f', line {one.line:,}' if one.line else ''}",
            )
            for one in named
        ],
    )
    if left := sum(one.breaks for one in sums) - len(named):
        yield f"<p>Counted above and not named here: {left:,}.</p>"


def _account(account: DayAccount) -> Iterator[str]:
    currency = account.currency
    yield f"<h2>{shown(account.psp)}/{shown(account.psp_account)} ({account.mode}), {shown(currency.upper())}</h2>"
    for move in account.movements:
        yield f'<p class="{"bad" if move.difference_minor else "good"}">{shown(movement_text(move, currency))}</p>'
    for tie in account.all_ties:
        yield f'<p class="{"bad" if tie.difference_minor else "good"}">{shown(tie_text(tie, currency))}</p>'
    yield from table(
        ("age", "items", "amount"),
        [
            (age_text(one), f"{one.items:,}", amount_text(one.amount_minor, currency))
            for one in account.uncleared
        ],
    )
    if account.adjusted:
        yield from adjusted_html(account.adjusted, currency)
    if not account.matched:
        yield "<p>Nothing was matched.</p>"
        return
    yield from table(
        ("matched", "lines", "gross", "fee"),
        [
            (
                one.kind,
                f"{one.lines:,}",
                amount_text(one.gross_minor, currency),
                amount_text(one.fee_minor, currency),
            )
            for one in account.matched
        ],
    )


def _proof(checked: CheckedDay) -> Iterator[str]:
    report = checked.report
    yield "<h2>Proof</h2>"
    yield from table(
        ("run", "cut-off, UTC", "entry of the ledger", "SHA-256 of its report"),
        [
            (
                one.run_id,
                f"{one.cut_off:%Y-%m-%d %H:%M:%S}",
                f"{one.last_entry_id:,}",
                one.sha256 or "none yet",
            )
            for one in report.runs
        ],
    )
    yield f'<p>SHA-256 of this report as JSON: <span class="hash">{shown(checked.sha256)}</span></p>'
    before = f"{report.day_before} {report.sha256_before}" if report.day_before else "none"
    yield f'<p>Of the day with a run before: <span class="hash">{shown(before)}</span></p>'
