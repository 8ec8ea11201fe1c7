"""The report of a run as one page of HTML that stands alone: no script, nothing loaded, one style element. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from fincore.domain.counting import counted
from fincore.domain.currency import Currency
from fincore.reconciliation.matching.differences import MEANINGS
from fincore.reconciliation.report.page import page, shown, table
from fincore.reconciliation.report.run_report import (
    AccountReport,
    AdjustedSum,
    BreakReport,
    BreakSum,
    FileReport,
    RunReport,
    UnclearedMoney,
    age_text,
    amount_text,
    tie_text,
)

_TOTALS: Final = (
    ("beginning balance", "beginning_minor"),
    ("ending balance", "ending_minor"),
    ("gross credits", "gross_credit_minor"),
    ("gross debits", "gross_debit_minor"),
    ("fee credits", "fee_credit_minor"),
    ("fee debits", "fee_debit_minor"),
)


def report_html(report: RunReport, sha256: str, flaw: str | None) -> str:
    """The page. `sha256` is the hash of the report as JSON, `flaw` why it is not the report that was hashed when the run finished."""
    return page(f"Reconciliation {report.run_id}", _body(report, sha256, flaw))


def _body(report: RunReport, sha256: str, flaw: str | None) -> Iterator[str]:
    yield f'<p class="soft">As of {report.cut_off:%Y-%m-%d %H:%M:%S} UTC, entry {report.last_entry_id:,} of the ledger</p>'
    if flaw is not None:
        yield f'<p class="bad">This is not the report that was made when the run finished: {shown(flaw)}</p>'
    if report.ties:
        yield '<p class="good">Every account ties to the ledger.</p>'
    else:
        yield '<p class="bad">The report does not tie to the ledger: see the accounts below, and run <code>fincore check</code>.</p>'
    yield from headline_html(report.uncleared)
    yield "<h2>Breaks</h2>"
    yield from _breaks(report)
    for account in report.accounts:
        yield from _account(account)
    yield "<h2>Files of this run</h2>"
    if not report.files:
        yield "<p>None.</p>"
    for file in report.files:
        yield from file_html(file)
    yield f'<h2>Proof</h2>\n<p>SHA-256 of this report as JSON: <span class="hash">{shown(sha256)}</span></p>'
    before = report.sha256_before or "none, this is the first"
    yield f'<p>Of the report before: <span class="hash">{shown(before)}</span></p>'


def headline_html(uncleared: Sequence[UnclearedMoney]) -> Iterator[str]:
    """The first section: what is uncleared, by mode, currency and age."""
    yield "<h2>Uncleared: taken by PSPs, and told of by no statement</h2>"
    if not uncleared:
        yield '<p class="headline">None</p>'
    for total in uncleared:
        yield f'<p><span class="headline">{amount_text(total.amount_minor, total.currency)}</span> <span class="soft">{total.mode} mode</span></p>'
        yield from table(
            ("age", "items", "amount"),
            [
                (age_text(one), f"{one.items:,}", amount_text(one.amount_minor, total.currency))
                for one in total.by_age
            ],
        )


def breaks_html(sums: Sequence[BreakSum]) -> Iterator[str]:
    """Breaks that are not closed, by account, status and class."""
    if not sums:
        yield "<p>None is open.</p>"
        return
    yield from table(
        ("account", "status", "class", "breaks", "amount", "oldest, days", "meaning"),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                one.status,
                one.break_class,
                f"{one.breaks:,}",
                amount_text(one.amount_minor, one.currency),
                f"{one.oldest_days:,}",
                MEANINGS[one.break_class],
            )
            for one in sums
        ],
    )


def _breaks(report: RunReport) -> Iterator[str]:
    yield from breaks_html(report.break_sums)
    if not report.break_sums:
        return
    yield "<h3>One by one, the oldest first</h3>"
    yield from table(
        (
            "break",
            "status",
            "class",
            "account",
            "amount",
            "days",
            "owner",
            "reason",
            "reference",
            "charge",
            "file",
        ),
        [_break(one) for one in report.breaks],
    )
    if report.breaks_not_named:
        yield f"<p>Counted above and not named here: {report.breaks_not_named:,}.</p>"


def _break(one: BreakReport) -> tuple[str, ...]:
    return (
        str(one.break_id),
        one.status.replace("_", " "),
        one.break_class,
        f"{one.psp}/{one.psp_account} ({one.mode})",
        amount_text(one.amount_minor, one.currency),
        f"{one.days:,}",
        one.owner or "",
        one.reason or "",
        one.reference or "",
        one.charge or "",
        f"{one.file_name or ''}{f', line {one.line:,}' if one.line else ''}",
    )


def _account(account: AccountReport) -> Iterator[str]:
    currency = account.currency
    yield f"<h2>{shown(account.psp)}/{shown(account.psp_account)} ({account.mode}), {shown(currency.upper())}</h2>"
    for tie in account.all_ties:
        yield f'<p class="{"bad" if tie.difference_minor else "good"}">{shown(tie_text(tie, currency))}</p>'
    stated, held = account.stated_balance_minor, account.balance_minor
    if stated is None:
        yield f"<p>The ledger says that the PSP holds {amount_text(held, currency)}; no statement has told a balance.</p>"
    else:
        yield (
            f"<p{'' if stated == held else ' class=' + chr(34) + 'bad' + chr(34)}>The ledger says that the PSP holds {amount_text(held, currency)}, "
            f"{shown(account.stated_by or '')} ends with {amount_text(stated, currency)}.</p>"
        )
    yield f"<p>In transit to the bank: {amount_text(account.in_transit_minor, currency)}</p>"
    yield "<h3>Uncleared</h3>"
    yield from table(
        ("age", "items", "amount"),
        [
            (age_text(one), f"{one.items:,}", amount_text(one.amount_minor, currency))
            for one in account.uncleared
        ],
    )
    if account.adjusted:
        yield "<h3>Adjusted by people since the run before</h3>"
        yield from adjusted_html(account.adjusted, currency)
    yield "<h3>Matched by this run</h3>"
    if not account.matched:
        yield "<p>Nothing.</p>"
        return
    yield from table(
        ("kind", "lines", "gross", "fee"),
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


def adjusted_html(adjusted: Sequence[AdjustedSum], currency: Currency) -> Iterator[str]:
    """What people decided, by kind."""
    yield from table(
        ("adjusted", "adjustments", "gross", "fee"),
        [
            (
                one.kind.replace("_", " "),
                f"{one.adjustments:,}",
                amount_text(one.gross_minor, currency),
                amount_text(one.fee_minor, currency),
            )
            for one in adjusted
        ],
    )


def file_html(file: FileReport) -> Iterator[str]:
    """A file, and what it states of each currency beside what its lines add up to."""
    period = (
        f", from {file.period_start:%Y-%m-%d %H:%M:%S} to {file.period_end:%Y-%m-%d %H:%M:%S} UTC"
        if file.period_start and file.period_end
        else ""
    )
    yield f"<h3>{shown(file.name)}</h3>"
    yield (
        f'<p class="soft">{shown(file.file_id)}, {shown(file.psp)}/{shown(file.psp_account)} ({file.mode}), {shown(file.format)} '
        f"(parser {shown(file.parser_version)}), {counted(file.size_bytes, 'byte')}{period}</p>"
    )
    yield f'<p>SHA-256: <span class="hash">{shown(file.sha256)}</span></p>'
    yield from table(("currency", "total", "stated", "computed"), list(_totals(file)))


def _totals(file: FileReport) -> Iterator[tuple[str, ...]]:
    stated = {one.currency: one for one in file.stated}
    computed = {one.currency: one for one in file.computed}
    for currency in sorted(stated.keys() | computed.keys()):
        sides = (stated.get(currency), computed.get(currency))
        rows = [None if one is None else one.rows for one in sides]
        yield currency.upper(), "rows", *("" if one is None else f"{one:,}" for one in rows)
        for name, field in _TOTALS:
            cells = [amount_text(getattr(one, field, None), currency) for one in sides]
            if any(cells):
                yield currency.upper(), name, *cells
