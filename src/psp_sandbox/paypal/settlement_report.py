"""PayPal's Settlement Report as text: what moved an account's balance in some days, with totals and balances by currency. Pure.

Format: developer.paypal.com/docs/reports/sftp-reports/settlement-report, version 9. Amounts are unsigned and 100 times the major unit in
every currency; DR or CR beside them is their sign. Texts are in double quotes, numbers and dates are not.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

import msgspec

from psp_sandbox.paypal.balances import NOTHING, Balance, moved
from psp_sandbox.paypal.money import decimals
from psp_sandbox.paypal.transaction_rows import CONVERSION, Row, reported_name

VERSION = "009"
WINDOW = "A"
"""PayPal's reporting window from New York to Los Angeles."""
ZONE = timezone(timedelta(hours=-8))
"""Pacific Standard Time, all the year round."""
MAX_ROWS = 1_000_000
"""Of one file; a report with more rows is several files."""
COLUMNS = (
    "Transaction ID",
    "Invoice ID",
    "PayPal Reference ID",
    "PayPal Reference ID Type",
    "Transaction Event Code",
    "Transaction Initiation Date",
    "Transaction Completion Date",
    "Transaction Debit or Credit",
    "Gross Transaction Amount",
    "Gross Transaction Currency",
    "Fee Debit or Credit",
    "Fee Amount",
    "Fee Currency",
    "Custom Field",
    "Consumer ID",
    "Payment Tracking ID",
    "Store ID",
    "Bank Reference ID",
    "Credit Transactional Fee",
    "Credit Promotional Fee",
    "Credit Term",
)

Total = Literal["gross_credits", "gross_debits", "fee_credits", "fee_debits", "beginning", "ending"]


class Falsified(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a report states otherwise than its rows say: one total of the footers of one currency, and the count of rows."""

    currency: str | None = None
    total: Total = "gross_credits"
    delta_minor: int = 0
    rows: int = 0


TRUE = Falsified()


class Report(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One report. `beginning` are the balances by currency before its rows; `made_at` is unix seconds."""

    account_id: str
    first_day: date
    last_day: date
    made_at: int
    rows: tuple[Row, ...]
    beginning: Mapping[str, Balance]

    def ending(self) -> dict[str, Balance]:
        """The balances by currency after its rows."""
        return moved(self.beginning, list(self.rows))


def file_name(report: Report, number: int) -> str:
    """The name of one of the report's files, which are numbered from 1."""
    return f"STL-{report.last_day:%Y%m%d}.{number:02}.{VERSION}.CSV"


def report_files(report: Report, *, max_rows: int = MAX_ROWS, falsified: Falsified = TRUE) -> Iterator[str]:
    """The texts of the report's files, each of at most `max_rows` rows.

    The footers of the section in a file are about its own rows, and begin where those of the file before end; those of the report
    stand in the last file only, and its header in the first one.
    """
    pieces = [report.rows[first : first + max_rows] for first in range(0, len(report.rows), max_rows)] or [()]
    beginning = dict(report.beginning)
    for number, piece in enumerate(pieces, 1):
        lines = list(_head(report, number))
        lines += [_body_line(row) for row in piece]
        lines += _footer("SF", piece, beginning, falsified)
        lines.append(f'"SC",{len(piece) + falsified.rows}')
        if number == len(pieces):
            lines += _footer("RF", report.rows, report.beginning, falsified)
            lines.append(f'"RC",{len(report.rows) + falsified.rows}')
        lines.append(f'"FF",{len(piece) + falsified.rows}')
        beginning = moved(beginning, list(piece))
        yield "\n".join(lines) + "\n"


def _head(report: Report, number: int) -> Iterator[str]:
    account = _quoted(report.account_id)
    start = datetime.combine(report.first_day, datetime.min.time(), ZONE)
    end = datetime.combine(report.last_day, datetime.min.time(), ZONE) + timedelta(days=1, seconds=-1)
    if number == 1:
        yield f'"RH",{time_text(report.made_at)},"{WINDOW}",{account},{VERSION},'
    yield f'"FH",{number:02}'
    yield f'"SH",{time_text(int(start.timestamp()))},{time_text(int(end.timestamp()))},{account},""'
    yield ",".join(('"CH"', *(f'"{name}"' for name in COLUMNS)))


def _body_line(row: Row) -> str:
    reference, kind = row.reference or ("", "")
    scale = SCALES[decimals(row.currency)]
    fee = (
        '"",,""'
        if not row.fee_minor
        else f'{_side(row.fee_minor)},{abs(row.fee_minor) * scale},"{row.currency}"'
    )
    return (
        f'"SB","{row.id}",{_quoted(reported_name(row.invoice_id))},"{reference}","{kind}","{row.code}",'
        f"{time_text(row.at)},{time_text(row.updated_at)},"
        f'{_side(row.minor)},{abs(row.minor) * scale},"{row.currency}",{fee},{_quoted(reported_name(row.custom_id))},'
        f'"{"" if row.payer is None else row.payer.id}","","",{_quoted(row.bank_reference)},,,'
    )


SCALES = {0: 100, 2: 1}
"""Decimals of a currency at PayPal -> what its minor unit is in a report."""


def _footer(
    kind: str, rows: Sequence[Row], beginning: Mapping[str, Balance], falsified: Falsified
) -> Iterator[str]:
    """One line for each currency that has a balance or a row, but for one that was converted to nothing at once."""
    ending = moved(beginning, list(rows))
    for currency in sorted(ending):
        before, after = beginning.get(currency, NOTHING), ending[currency]
        here = [row for row in rows if row.currency == currency]
        if before == after == NOTHING and (not here or any(row.code == CONVERSION for row in here)):
            continue
        totals: dict[Total, int] = {
            "gross_credits": sum(row.minor for row in here if row.minor > 0),
            "gross_debits": -sum(row.minor for row in here if row.minor < 0),
            "fee_credits": sum(row.fee_minor for row in here if row.fee_minor > 0),
            "fee_debits": -sum(row.fee_minor for row in here if row.fee_minor < 0),
            "beginning": before.available_minor,
            "ending": after.available_minor,
        }
        if currency == falsified.currency:
            totals[falsified.total] += falsified.delta_minor
        scale = SCALES[decimals(currency)]
        available = (totals.pop("beginning"), totals.pop("ending"))
        sums = ",".join(str(total * scale) for total in totals.values())
        balances = (*available, before.total_minor, after.total_minor, 0, 0)
        pairs = ",".join(f"{_side(minor)},{abs(minor) * scale}" for minor in balances)
        yield f'"{kind}","{currency}",{sums},{pairs},{len(here)}'


def _side(minor: int) -> str:
    return '"DR"' if minor < 0 else '"CR"'


def _quoted(text: str | None) -> str:
    return '"' + (text or "").replace('"', '""') + '"'


@lru_cache(maxsize=4_096)
def time_text(at: int) -> str:
    """Unix seconds as reports write them: `2026/11/26 16:00:00 -0800`."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%Y/%m/%d %H:%M:%S %z")


def day_of(at: float) -> date:
    """The day of unix seconds in the reports' zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).date()
