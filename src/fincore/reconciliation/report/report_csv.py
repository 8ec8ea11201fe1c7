"""The report of a run as CSV (RFC 4180): one figure a row, all in the same columns. Pure."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from fincore.domain.currency import EXPONENTS, Currency
from fincore.reconciliation.report.run_report import AccountReport, AgeSum, FileReport, RunReport
from fincore.reconciliation.totals import ComputedTotals, StatedTotals

COLUMNS: Final = (
    "section",
    "mode",
    "psp",
    "account",
    "currency",
    "figure",
    "from_days",
    "to_days",
    "count",
    "amount_minor",
    "amount",
    "name",
    "sha256",
)
_TOTALS: Final = (
    "beginning_minor",
    "ending_minor",
    "gross_credit_minor",
    "gross_debit_minor",
    "fee_credit_minor",
    "fee_debit_minor",
)

_Row = dict[str, str | int | None]


def report_csv(report: RunReport, sha256: str) -> str:
    """The rows, each ended by CR LF. `sha256` is the hash of the report as JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerow({"section": "run", "name": report.run_id, "sha256": sha256})
    writer.writerow({"section": "run", "figure": "cut_off", "name": report.cut_off.isoformat()})
    writer.writerow({"section": "run", "figure": "last_entry_id", "count": report.last_entry_id})
    writer.writerow({"section": "run", "figure": "report_before", "sha256": report.sha256_before})
    for row in _rows(report):
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _rows(report: RunReport) -> Iterator[_Row]:
    for total in report.uncleared:
        place: _Row = {"section": "headline", "mode": total.mode, "currency": total.currency}
        yield place | {"figure": "uncleared"} | _amount(total.amount_minor, total.currency)
        for age in total.by_age:
            yield place | _age(age, total.currency)
    for account in report.accounts:
        yield from _account(account)
    for file in report.files:
        yield from _file(file)
    for one in report.break_sums:
        yield (
            _place("breaks", one)
            | {
                "currency": one.currency,
                "figure": one.break_class,
                "from_days": one.oldest_days,
                "count": one.breaks,
            }
            | _amount(one.amount_minor, one.currency)
        )
    for named in report.breaks:
        yield (
            _place("break", named)
            | {
                "currency": named.currency,
                "figure": named.break_class,
                "from_days": named.days,
                "count": named.break_id,
                "name": named.reference or named.file_name,
            }
            | _amount(named.amount_minor, named.currency)
        )


def _account(account: AccountReport) -> Iterator[_Row]:
    place = _place("account", account) | {"currency": account.currency}
    for age in account.uncleared:
        yield place | _age(age, account.currency)
    for kind in account.matched:
        for part, minor in (("gross", kind.gross_minor), ("fee", kind.fee_minor)):
            yield (
                place
                | {"figure": f"matched_{kind.kind}_{part}", "count": kind.lines}
                | _amount(minor, account.currency)
            )
    figures: list[tuple[str, int | None, int | None]] = [
        ("lines_without_match", account.open_lines, account.open_lines_minor),
        ("ledger_balance", None, account.balance_minor),
        ("stated_balance", None, account.stated_balance_minor),
        ("in_transit", None, account.in_transit_minor),
    ]
    for tie in account.ties:
        figures.append((f"ledger_{tie.account}", None, tie.ledger_minor))
        figures.append((f"difference_{tie.account}", None, tie.difference_minor))
    for figure, count, amount_minor in figures:
        yield place | {"figure": figure, "count": count} | _amount(amount_minor, account.currency)


def _file(file: FileReport) -> Iterator[_Row]:
    place = _place("file", file) | {"name": file.name, "sha256": file.sha256}
    yield place | {"figure": "size_bytes", "count": file.size_bytes}
    sides: tuple[tuple[str, tuple[StatedTotals | ComputedTotals, ...]], ...] = (
        ("stated", file.stated),
        ("computed", file.computed),
    )
    for side, totals in sides:
        for one in totals:
            yield place | {"currency": one.currency, "figure": f"{side}_rows", "count": one.rows}
            for field in _TOTALS:
                if (minor := getattr(one, field, None)) is not None:
                    figure = f"{side}_{field.removesuffix('_minor')}"
                    yield place | {"currency": one.currency, "figure": figure} | _amount(minor, one.currency)


def _place(section: str, of: object) -> _Row:
    return {
        "section": section,
        "mode": getattr(of, "mode", None),
        "psp": getattr(of, "psp", None),
        "account": getattr(of, "psp_account", None),
    }


def _age(age: AgeSum, currency: Currency) -> _Row:
    days: _Row = {"from_days": age.from_days, "to_days": age.to_days}
    return days | {"figure": "uncleared", "count": age.items} | _amount(age.amount_minor, currency)


def _amount(amount_minor: int | None, currency: Currency | None) -> _Row:
    """The amount in minor units, and in major ones with as many digits as the currency has."""
    if amount_minor is None or currency is None:
        return {}
    digits = EXPONENTS.get(currency)
    if digits is None:
        return {"amount_minor": amount_minor}
    major, minor = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return {
        "amount_minor": amount_minor,
        "amount": f"{sign}{major}.{minor:0{digits}d}" if digits else f"{sign}{major}",
    }


def _cell(value: str | int | None) -> str | int | None:
    """No text that a spreadsheet would take for a formula: it gets an apostrophe, as spreadsheets themselves write it."""
    if not isinstance(value, str):
        return value
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()
