"""What the reports of reconciliation have in common as CSV (RFC 4180): one figure a row, all in the same columns. Pure."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from fincore.domain.csv_cell import safe_cell
from fincore.domain.currency import EXPONENTS, Currency
from fincore.reconciliation.report.run_report import AgeSum

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
    "status",
    "owner",
    "reason",
)
Row = dict[str, str | int | None]


def csv_text(rows: Iterable[Row]) -> str:
    """The rows, each ended by CR LF, below one of the columns' names."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: safe_cell(value) for name, value in row.items()})
    return text.getvalue()


def place_cells(section: str, of: object) -> Row:
    """The cells that say in which section a figure is, and of which mode and account."""
    return {
        "section": section,
        "mode": getattr(of, "mode", None),
        "psp": getattr(of, "psp", None),
        "account": getattr(of, "psp_account", None),
    }


def age_cells(age: AgeSum, currency: Currency) -> Row:
    """What is uncleared of one age."""
    days: Row = {"from_days": age.from_days, "to_days": age.to_days}
    return days | {"figure": "uncleared", "count": age.items} | amount_cells(age.amount_minor, currency)


def amount_cells(amount_minor: int | None, currency: Currency | None) -> Row:
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
