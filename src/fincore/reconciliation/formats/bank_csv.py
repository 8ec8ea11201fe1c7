"""A bank's statement as CSV with columns of fixed names: the bank's side of payouts, where a bank has no camt.053. Pure.

Each row is one line of kind `payout`, from the oldest to the latest.
"""

from datetime import UTC, datetime
from typing import BinaryIO, Final

from fincore.domain.currency import Currency, exponent_of, parse_currency
from fincore.reconciliation.formats.bank_references import distinct, references_in
from fincore.reconciliation.formats.decimal_amounts import minor_of
from fincore.reconciliation.formats.records import Records, columns_of
from fincore.reconciliation.line import REFERENCE_CHARACTERS_MAX, SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileFacts, FileRefused, Reading, file_end, quoted
from fincore.reconciliation.totals import StatedTotals, Sums

PARSER_VERSION: Final = 1
COLUMNS: Final = ("date", "amount", "currency", "reference")
"""The day as `2026-11-20`; the signed amount in major units, positive for what comes in; the bank's own id of the entry."""
OPTIONAL_COLUMNS: Final = ("account", "payment_reference", "text", "balance")
"""The account; the payer's reference; what was written for the payee; the balance after the row, which is then checked."""
_TYPE: Final = "entry"
_YEARS: Final = range(1998, 2200)
_DAY_LENGTH: Final = len("2026-11-20")


def read_bank_csv(stream: BinaryIO, expected: Expected) -> Reading:
    """Read a statement. Raises `FileRefused`."""
    rows: _Rows | None = None
    for number, row in Records(stream):
        if rows is None:
            rows = _Rows(number, row, expected)
        else:
            yield rows.line_of(number, row)
    if rows is None:
        raise FileRefused(None, "the file is empty: not even a header is there")
    facts = FileFacts(format="bank_csv", account_id=rows.account_id, extra_columns=rows.extra_columns)
    return file_end(facts, rows.stated(), rows.sums.values())


class _Rows:
    """The rows as far as they were read."""

    def __init__(self, number: int, header: list[str], expected: Expected) -> None:
        self._columns = columns_of(number, header)
        for name in COLUMNS:
            if name not in self._columns:
                raise FileRefused(number, f"lacks the column {quoted(name)}")
        self._width = len(header)
        self.account_id = expected.account_id
        self.extra_columns = tuple(
            name for name in self._columns if name not in (*COLUMNS, *OPTIONAL_COLUMNS)
        )
        self.sums: dict[Currency, Sums] = {}
        self._balances: dict[Currency, tuple[int, int]] = {}

    def line_of(self, number: int, row: list[str]) -> SettlementLine:
        """The line that a row is. Raises `FileRefused`."""
        if len(row) != self._width:
            raise FileRefused(number, f"has {len(row)} fields, and the header {self._width}")
        currency = parse_currency(self._field(row, "currency"))
        if currency is None:
            raise FileRefused(number, f"{quoted(self._field(row, 'currency'))} is no currency")
        self._require_account(number, row)
        minor = _minor(number, self._field(row, "amount"), currency)
        own = self._field(row, "reference")
        given = [own, self._field(row, "payment_reference")]
        if not own or max(map(len, given)) > REFERENCE_CHARACTERS_MAX:
            raise FileRefused(
                number, f"must have a reference, and none of more than {REFERENCE_CHARACTERS_MAX} characters"
            )
        if "balance" in self._columns:
            self._take_balance(number, row, currency, minor)
        self.sums.setdefault(currency, Sums(currency, _TYPE, "payout")).add(minor, 0)
        return SettlementLine(
            number=number,
            kind="payout",
            psp_type=_TYPE,
            psp_reference=own,
            references=distinct([*given, *references_in(self._field(row, "text"))]),
            parent_reference=None,
            our_reference=None,
            currency=currency,
            gross_minor=minor,
            fee_minor=0,
            occurred_at=_day(number, self._field(row, "date")),
            payout_reference=None,
            bank_reference=None,
            presentment=None,
            group=None,
        )

    def stated(self) -> dict[Currency, StatedTotals]:
        """The balances before the first row and after the last one, where the rows say them."""
        return {
            currency: StatedTotals(currency=currency, beginning_minor=beginning, ending_minor=ending)
            for currency, (beginning, ending) in self._balances.items()
        }

    def _field(self, row: list[str], name: str) -> str:
        place = self._columns.get(name)
        return "" if place is None else row[place].strip()

    def _require_account(self, number: int, row: list[str]) -> None:
        account = self._field(row, "account")
        self.account_id = self.account_id or account or None
        if "account" in self._columns and account != (self.account_id or ""):
            raise FileRefused(
                number,
                f"is about the account {quoted(account)}, and must be about {quoted(self.account_id or '')}",
            )

    def _take_balance(self, number: int, row: list[str], currency: Currency, minor: int) -> None:
        balance = _minor(number, self._field(row, "balance"), currency)
        beginning, before = self._balances.get(currency, (balance - minor, balance - minor))
        if before + minor != balance:
            raise FileRefused(
                number,
                f"its amount does not move the balance before it to {quoted(self._field(row, 'balance'))}",
            )
        self._balances[currency] = (beginning, balance)


def _minor(number: int, text: str, currency: Currency) -> int:
    minor = minor_of(text, exponent_of(currency))
    if minor is None:
        raise FileRefused(number, f"{quoted(text)} is no amount of {currency.upper()}")
    return minor


def _day(number: int, text: str) -> datetime:
    try:
        is_day = len(text) == _DAY_LENGTH and text[4] == text[7] == "-"
        day = datetime.fromisoformat(text) if is_day else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise FileRefused(number, f"{quoted(text)} is no day such as 2026-11-20")
    return day.replace(tzinfo=UTC)
