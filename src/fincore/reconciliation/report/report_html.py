"""The report of a run as one page of HTML that stands alone: no script, nothing loaded, one style element. Pure."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from fincore.domain.counting import counted
from fincore.reconciliation.matching.differences import MEANINGS
from fincore.reconciliation.report.run_report import (
    AccountReport,
    BreakReport,
    FileReport,
    RunReport,
    age_text,
    amount_text,
    tie_text,
)

_STYLE: Final = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #59636e; --bad: #b3261e; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #9aa4af; --bad: #ff8a80; --good: #57d36f; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .3rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.headline { font-size: 1.9rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.soft { color: var(--soft); }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 650; }
.hash { font-family: ui-monospace, monospace; font-size: .85em; overflow-wrap: anywhere; }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_AMOUNTS: Final = frozenset(
    {
        "amount",
        "items",
        "lines",
        "gross",
        "fee",
        "breaks",
        "oldest, days",
        "days",
        "stated",
        "computed",
        "bytes",
    }
)
"""Columns that are set to the right."""
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
    return "\n".join(_page(report, sha256, flaw)) + "\n"


def _page(report: RunReport, sha256: str, flaw: str | None) -> Iterator[str]:
    title = f"Reconciliation {_text(report.run_id)}"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>"
    yield f'<p class="soft">As of {report.cut_off:%Y-%m-%d %H:%M:%S} UTC, entry {report.last_entry_id:,} of the ledger</p>'
    if flaw is not None:
        yield f'<p class="bad">This is not the report that was made when the run finished: {_text(flaw)}</p>'
    if report.ties:
        yield '<p class="good">Every account ties to the ledger.</p>'
    else:
        yield '<p class="bad">The report does not tie to the ledger: see the accounts below, and run <code>fincore check</code>.</p>'
    yield from _headline(report)
    yield "<h2>Breaks</h2>"
    yield from _breaks(report)
    for account in report.accounts:
        yield from _account(account)
    yield "<h2>Files of this run</h2>"
    if not report.files:
        yield "<p>None.</p>"
    for file in report.files:
        yield from _file(file)
    yield f'<h2>Proof</h2>\n<p>SHA-256 of this report as JSON: <span class="hash">{_text(sha256)}</span></p>'
    before = report.sha256_before or "none, this is the first"
    yield f'<p>Of the report before: <span class="hash">{_text(before)}</span></p>'
    yield "</main>\n</body>\n</html>"


def _headline(report: RunReport) -> Iterator[str]:
    yield "<h2>Uncleared: taken by PSPs, and told of by no statement</h2>"
    if not report.uncleared:
        yield '<p class="headline">None</p>'
    for total in report.uncleared:
        yield f'<p><span class="headline">{amount_text(total.amount_minor, total.currency)}</span> <span class="soft">{total.mode} mode</span></p>'
        yield from _table(
            ("age", "items", "amount"),
            [
                (age_text(one), f"{one.items:,}", amount_text(one.amount_minor, total.currency))
                for one in total.by_age
            ],
        )


def _breaks(report: RunReport) -> Iterator[str]:
    if not report.break_sums:
        yield "<p>None is open.</p>"
        return
    yield from _table(
        ("account", "class", "breaks", "amount", "oldest, days", "meaning"),
        [
            (
                f"{one.psp}/{one.psp_account} ({one.mode})",
                one.break_class,
                f"{one.breaks:,}",
                amount_text(one.amount_minor, one.currency),
                f"{one.oldest_days:,}",
                MEANINGS[one.break_class],
            )
            for one in report.break_sums
        ],
    )
    yield "<h3>One by one, the oldest first</h3>"
    yield from _table(
        ("break", "class", "account", "amount", "days", "reference", "charge", "file"),
        [_break(one) for one in report.breaks],
    )
    if report.breaks_not_named:
        yield f"<p>Counted above and not named here: {report.breaks_not_named:,}.</p>"


def _break(one: BreakReport) -> tuple[str, ...]:
    return (
        str(one.break_id),
        one.break_class,
        f"{one.psp}/{one.psp_account} ({one.mode})",
        amount_text(one.amount_minor, one.currency),
        f"{one.days:,}",
        one.reference or "",
        one.charge or "",
        f"{one.file_name or ''}{f', line {one.line:,}' if one.line else ''}",
    )


def _account(account: AccountReport) -> Iterator[str]:
    currency = account.currency
    yield f"<h2>{_text(account.psp)}/{_text(account.psp_account)} ({account.mode}), {_text(currency.upper())}</h2>"
    for tie in account.ties:
        yield f'<p class="{"bad" if tie.difference_minor else "good"}">{_text(tie_text(tie, currency))}</p>'
    stated, held = account.stated_balance_minor, account.balance_minor
    if stated is None:
        yield f"<p>The ledger says that the PSP holds {amount_text(held, currency)}; no statement has told a balance.</p>"
    else:
        yield (
            f"<p{'' if stated == held else ' class=' + chr(34) + 'bad' + chr(34)}>The ledger says that the PSP holds {amount_text(held, currency)}, "
            f"{_text(account.stated_by or '')} ends with {amount_text(stated, currency)}.</p>"
        )
    yield f"<p>In transit to the bank: {amount_text(account.in_transit_minor, currency)}</p>"
    yield "<h3>Uncleared</h3>"
    yield from _table(
        ("age", "items", "amount"),
        [
            (age_text(one), f"{one.items:,}", amount_text(one.amount_minor, currency))
            for one in account.uncleared
        ],
    )
    yield "<h3>Matched by this run</h3>"
    if not account.matched:
        yield "<p>Nothing.</p>"
        return
    yield from _table(
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


def _file(file: FileReport) -> Iterator[str]:
    period = (
        f", from {file.period_start:%Y-%m-%d %H:%M:%S} to {file.period_end:%Y-%m-%d %H:%M:%S} UTC"
        if file.period_start and file.period_end
        else ""
    )
    yield f"<h3>{_text(file.name)}</h3>"
    yield (
        f'<p class="soft">{_text(file.file_id)}, {_text(file.psp)}/{_text(file.psp_account)} ({file.mode}), {_text(file.format)} '
        f"(parser {_text(file.parser_version)}), {counted(file.size_bytes, 'byte')}{period}</p>"
    )
    yield f'<p>SHA-256: <span class="hash">{_text(file.sha256)}</span></p>'
    yield from _table(("currency", "total", "stated", "computed"), list(_totals(file)))


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


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    classes = [' class="amount"' if one in _AMOUNTS else "" for one in columns]
    yield '<div class="scroll"><table>\n<thead><tr>'
    yield "".join(
        f'<th scope="col"{style}>{_text(one)}</th>' for one, style in zip(columns, classes, strict=True)
    )
    yield "</tr></thead>\n<tbody>"
    for row in rows:
        yield f"<tr>{''.join(f'<td{style}>{_text(one)}</td>' for one, style in zip(row, classes, strict=True))}</tr>"
    yield "</tbody>\n</table></div>"


def _text(text: str) -> str:
    """Escaped, and without characters that change how the rest is read: names come from PSPs."""
    return escape("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text))
