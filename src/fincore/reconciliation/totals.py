"""Control totals: what a file states about itself, what its lines add up to, and where the two differ. Pure.

Gross and fee follow the columns of the file. Credits and debits are counted apart and without a sign; balances are signed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from fincore.domain.counting import counted
from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.settlement_events import LineKind

TYPES_MAX: Final = 2_000
"""A file may have so many of the PSP's types, each in a currency; a real one has some dozens."""


class TypeTotals(msgspec.Struct, frozen=True):
    """The lines of one of the PSP's types: their count and their signed sums, from our side."""

    psp_type: str
    kind: LineKind
    rows: int
    gross_minor: int
    fee_minor: int


class StatedTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of one currency; None where its format does not say it."""

    currency: Currency
    beginning_minor: int | None = None
    ending_minor: int | None = None
    gross_credit_minor: int | None = None
    gross_debit_minor: int | None = None
    fee_credit_minor: int | None = None
    fee_debit_minor: int | None = None
    rows: int | None = None
    by_type: tuple[TypeTotals, ...] = ()


class ComputedTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of a file add up to in one currency."""

    currency: Currency
    gross_credit_minor: int
    gross_debit_minor: int
    fee_credit_minor: int
    fee_debit_minor: int
    rows: int
    by_type: tuple[TypeTotals, ...]

    @property
    def net_minor(self) -> int:
        """By how much the lines move the balance, signed."""
        return self.gross_credit_minor - self.gross_debit_minor + self.fee_credit_minor - self.fee_debit_minor

    @property
    def moved_minor(self) -> int:
        """What the lines move in and out together."""
        return self.gross_credit_minor + self.gross_debit_minor + self.fee_credit_minor + self.fee_debit_minor


@dataclass(slots=True)
class Sums:
    """The running sums of one type in one currency, which a parser adds to line by line."""

    currency: Currency
    psp_type: str
    kind: LineKind
    rows: int = 0
    gross_credit_minor: int = 0
    gross_debit_minor: int = 0
    fee_credit_minor: int = 0
    fee_debit_minor: int = 0

    def add(self, gross_minor: int, fee_minor: int) -> None:
        """Add a line by its signed amounts."""
        self.rows += 1
        if gross_minor >= 0:
            self.gross_credit_minor += gross_minor
        else:
            self.gross_debit_minor -= gross_minor
        if fee_minor >= 0:
            self.fee_credit_minor += fee_minor
        else:
            self.fee_debit_minor -= fee_minor


def computed_totals(sums: Iterable[Sums]) -> dict[Currency, ComputedTotals]:
    """The totals of each currency over all types; the types by name."""
    by_currency: dict[Currency, list[Sums]] = {}
    for one in sums:
        by_currency.setdefault(one.currency, []).append(one)
    return {
        currency: ComputedTotals(
            currency=currency,
            gross_credit_minor=sum(one.gross_credit_minor for one in several),
            gross_debit_minor=sum(one.gross_debit_minor for one in several),
            fee_credit_minor=sum(one.fee_credit_minor for one in several),
            fee_debit_minor=sum(one.fee_debit_minor for one in several),
            rows=sum(one.rows for one in several),
            by_type=_by_type(several),
        )
        for currency, several in sorted(by_currency.items())
    }


def _by_type(several: Iterable[Sums]) -> tuple[TypeTotals, ...]:
    """One row for each type and kind, in their order."""
    found: dict[tuple[str, LineKind], TypeTotals] = {}
    for one in several:
        key = (one.psp_type, one.kind)
        before = found.get(key) or TypeTotals(one.psp_type, one.kind, 0, 0, 0)
        found[key] = TypeTotals(
            one.psp_type,
            one.kind,
            before.rows + one.rows,
            before.gross_minor + one.gross_credit_minor - one.gross_debit_minor,
            before.fee_minor + one.fee_credit_minor - one.fee_debit_minor,
        )
    return tuple(found[key] for key in sorted(found))


def differences(
    stated: Mapping[Currency, StatedTotals], computed: Mapping[Currency, ComputedTotals]
) -> list[str]:
    """Where lines do not add up to what is stated, one sentence each; nothing is said of what is not stated."""
    found: list[str] = []
    for currency, says in sorted(stated.items()):
        has = computed.get(currency) or computed_totals([Sums(currency, "", "adjustment")])[currency]
        for name, told_minor, added_minor in (
            ("gross credits", says.gross_credit_minor, has.gross_credit_minor),
            ("gross debits", says.gross_debit_minor, has.gross_debit_minor),
            ("fee credits", says.fee_credit_minor, has.fee_credit_minor),
            ("fee debits", says.fee_debit_minor, has.fee_debit_minor),
        ):
            if told_minor is not None and told_minor != added_minor:
                found.append(_sentence(name, told_minor, added_minor, currency))
        if says.rows is not None and says.rows != has.rows:
            found.append(f"{counted(says.rows, 'row')} of {currency.upper()} stated, {has.rows:,} found")
        if (
            says.beginning_minor is not None
            and says.ending_minor is not None
            and says.ending_minor - says.beginning_minor != has.net_minor
        ):
            moved_minor = says.ending_minor - says.beginning_minor
            found.append(_sentence("change of the balance", moved_minor, has.net_minor, currency))
        if says.by_type:
            found += _type_differences(says.by_type, has.by_type, currency)
    return found


def _type_differences(
    stated: Iterable[TypeTotals], computed: Iterable[TypeTotals], currency: Currency
) -> list[str]:
    says = {one.psp_type: one for one in stated}
    has = {one.psp_type: one for one in computed if one.rows}
    found: list[str] = []
    for psp_type in sorted(says.keys() | has.keys()):
        none = TypeTotals(psp_type, "adjustment", 0, 0, 0)
        told, added = says.get(psp_type, none), has.get(psp_type, none)
        if told.rows != added.rows:
            found.append(f"{psp_type}: {counted(told.rows, 'row')} stated, {added.rows:,} found")
        if told.gross_minor != added.gross_minor:
            found.append(_sentence(f"{psp_type}: gross", told.gross_minor, added.gross_minor, currency))
        if told.fee_minor != added.fee_minor:
            found.append(_sentence(f"{psp_type}: fee", told.fee_minor, added.fee_minor, currency))
    return found


def _sentence(name: str, told_minor: int, added_minor: int, currency: Currency) -> str:
    return (
        f"{name} of {Money(told_minor, currency)} stated, the rows add up to {Money(added_minor, currency)}"
    )
