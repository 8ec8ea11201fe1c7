"""The body of a section of PayPal's settlement report: its columns, its rows made into lines, their sums. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from fincore.domain.currency import Currency, exponent_of, parse_currency
from fincore.domain.settlement_events import LineKind
from fincore.reconciliation.formats.our_ids import is_our_id, is_refund_id
from fincore.reconciliation.formats.paypal_events import kinds_of
from fincore.reconciliation.formats.paypal_fields import (
    AMOUNT_DIGITS_MAX,
    HUNDREDTHS,
    digits_of,
    minor_of,
    moment_of,
    utc_of,
)
from fincore.reconciliation.formats.records import columns_of
from fincore.reconciliation.line import REFERENCE_CHARACTERS_MAX, SettlementLine
from fincore.reconciliation.parsed_file import FileRefused, quoted
from fincore.reconciliation.totals import TYPES_MAX, Sums

COLUMNS: Final = (
    "transaction id",
    "invoice id",
    "paypal reference id",
    "paypal reference id type",
    "transaction event code",
    "transaction initiation date",
    "transaction completion date",
    "transaction debit or credit",
    "gross transaction amount",
    "gross transaction currency",
    "fee debit or credit",
    "fee amount",
    "fee currency",
    "custom field",
)
"""The columns that every report has, by their names in lower case with single spaces; their order is not fixed."""
FOREIGN_COLUMN: Final = "transactional status"
"""Of the transaction detail report (TRR), in which rows stand that move nothing: pending, denied and voided ones."""
OPTIONAL_COLUMN: Final = "bank reference id"
"""Of withdrawals; reports before version 8 lack it."""


@dataclass(slots=True)
class _Movements:
    """The rows of one currency, event code and direction: what they have in common, and their sums in the file's columns."""

    currency: Currency
    kind: LineKind
    is_fee: bool
    sign: int
    in_hundredths: bool
    rows: int = 0
    gross_minor: int = 0
    fee_credit_minor: int = 0
    fee_debit_minor: int = 0


class Section:
    """The body of a section as far as it was read."""

    def __init__(self, number: int, header: list[str]) -> None:
        """Take the names of the columns from the row CH. Raises `FileRefused`."""
        columns = columns_of(number, header)
        if FOREIGN_COLUMN in columns:
            raise FileRefused(
                number, f"names the column {quoted(FOREIGN_COLUMN)}: this is a transaction detail report"
            )
        missing = [name for name in COLUMNS if name not in columns]
        if missing:
            raise FileRefused(number, f"lacks the column {quoted(missing[0])}")
        known = {header[0].lower(), *COLUMNS, OPTIONAL_COLUMN}
        self.extra_columns = tuple(name for name in columns if name not in known)
        self._width = len(header)
        self._lacks_bank = OPTIONAL_COLUMN not in columns
        places = [columns.get(name, self._width) for name in (*COLUMNS, OPTIONAL_COLUMN)]
        self._pick: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*places)
        self._movements: dict[tuple[str, str, str], _Movements] = {}

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return sum(one.rows for one in self._movements.values())

    def sums(self) -> list[Sums]:
        """What the rows add up to, in the columns of the file."""
        return [
            Sums(
                one.currency,
                code,
                one.kind,
                one.rows,
                one.gross_minor if one.sign > 0 else 0,
                one.gross_minor if one.sign < 0 else 0,
                one.fee_credit_minor,
                one.fee_debit_minor,
            )
            for (_, code, _), one in self._movements.items()
        ]

    def line_of(self, number: int, row: list[str]) -> SettlementLine:
        """The line that a row SB is. Raises `FileRefused`."""
        if len(row) != self._width:
            raise FileRefused(number, f"has {len(row)} fields, and the column header {self._width}")
        if self._lacks_bank:
            row.append("")
        (
            own, invoice, about, about_type, code, initiated, completed, direction, amount, currency_code,
            fee_direction, fee_amount, fee_currency, custom, bank,
        ) = self._pick(row)  # fmt: skip
        movements = self._movements.get((currency_code, code, direction))
        if movements is None:
            movements = self._first_of(number, currency_code, code, direction)
        minor = _amount(number, amount, movements)
        movements.rows += 1
        movements.gross_minor += minor
        gross_minor = minor * movements.sign
        fee_minor = 0
        if fee_amount or fee_direction:
            if fee_currency != currency_code and fee_amount.strip("0"):
                raise FileRefused(
                    number, f"has its fee in {quoted(fee_currency)} and its amount in {quoted(currency_code)}"
                )
            fee_minor = _fee_minor(number, fee_direction, fee_amount, movements)
        if movements.is_fee:
            fee_minor += gross_minor
            gross_minor = 0
        occurred_at = utc_of(completed)
        if occurred_at is None or (initiated != completed and moment_of(initiated) is None):
            wrong = completed if occurred_at is None else initiated
            raise FileRefused(number, f"{quoted(wrong)} is no date such as 2026/01/06 00:00:30 -0800")
        if not own or len(own) + len(about) + len(bank) + len(invoice) > REFERENCE_CHARACTERS_MAX:
            raise FileRefused(
                number,
                f"must have a transaction id, and ids of at most {REFERENCE_CHARACTERS_MAX} characters together",
            )
        kind = movements.kind
        # A refund made at PayPal has the charge's id as its invoice, and is none of our refunds.
        is_ours = is_refund_id if kind in ("refund", "refund_failed") else is_our_id
        parent = about if about and about_type == "TXN" else None
        payout = own if kind == "payout" else parent or own if kind == "payout_returned" else None
        return SettlementLine(
            number,
            kind,
            code,
            own,
            (own, about) if about and parent is None else (own,),
            parent,
            custom if is_ours(custom) else invoice if is_ours(invoice) else None,
            movements.currency,
            gross_minor,
            fee_minor,
            occurred_at,
            payout,
            bank or None,
            None,
            conversion_group(own, invoice, about) if kind == "conversion" else None,
        )

    def _first_of(self, number: int, currency_code: str, code: str, direction: str) -> _Movements:
        currency = parse_currency(currency_code)
        if currency is None:
            raise FileRefused(number, f"{quoted(currency_code)} is no currency")
        kinds = kinds_of(code)
        if kinds is None:
            raise FileRefused(number, f"{quoted(code)} is no transaction event code of a known group")
        if direction not in ("CR", "DR"):
            raise FileRefused(number, f"has {quoted(direction)} in place of CR or DR")
        if len(self._movements) >= TYPES_MAX:
            raise FileRefused(number, f"has one more than {TYPES_MAX:,} event codes, each in a currency")
        movements = _Movements(
            currency,
            kinds.credit if direction == "CR" else kinds.debit,
            kinds.is_fee,
            1 if direction == "CR" else -1,
            exponent_of(currency) == HUNDREDTHS,
        )
        self._movements[currency_code, code, direction] = movements
        return movements


def conversion_group(own: str, invoice: str, about: str) -> str:
    """What the two rows of a conversion have in common, told from one row alone: they stand in any order.

    Both name the same invoice and the same payment, or the same payment without an invoice. A conversion that a user asked for
    names no invoice, and each of its rows names the other: the group of each is then the id of the other.
    """
    if invoice:
        return f"{invoice}:{about}"
    return about or own


def _fee_minor(number: int, direction: str, text: str, movements: _Movements) -> int:
    """The fee of a row, signed from our side, which is added to the sums."""
    minor = _amount(number, text, movements)
    if direction == "DR":
        movements.fee_debit_minor += minor
        return -minor
    if direction == "CR" or not minor:
        movements.fee_credit_minor += minor
        return minor
    raise FileRefused(number, f"has a fee with {quoted(direction)} in place of CR or DR")


def _amount(number: int, text: str, movements: _Movements) -> int:
    hundredths = digits_of(text, AMOUNT_DIGITS_MAX)
    minor = (
        hundredths
        if hundredths is None or movements.in_hundredths
        else minor_of(hundredths, movements.currency)
    )
    if minor is None:
        raise FileRefused(
            number,
            f"{quoted(text)} is no amount of {movements.currency.upper()} in hundredths, without a sign",
        )
    return minor
