"""The footers of PayPal's settlement report: totals and balances of a section or of the whole report, in one currency. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from fincore.domain.currency import Currency, parse_currency
from fincore.domain.money import Money
from fincore.reconciliation.formats.paypal_fields import balance_of, count_of, total_of
from fincore.reconciliation.parsed_file import FileRefused, quoted
from fincore.reconciliation.totals import ComputedTotals, StatedTotals, differences

FIELDS: Final = (
    "row kind",
    "currency",
    "total gross credits",
    "total gross debits",
    "total fee credits",
    "total fee debits",
    "beginning available CR or DR",
    "beginning available balance",
    "ending available CR or DR",
    "ending available balance",
    "beginning total CR or DR",
    "beginning total balance",
    "ending total CR or DR",
    "ending total balance",
    "beginning payable CR or DR",
    "beginning payable balance",
    "ending payable CR or DR",
    "ending payable balance",
    "row count",
)
"""What the fields of SF and RF are, in their order."""


class Footer(NamedTuple):
    """What a footer states, and the balances that no row moves: total and payable, each at the beginning and at the end, in minor units."""

    stated: StatedTotals
    others_minor: tuple[int, ...]


def footer_of(number: int, row: list[str]) -> Footer:
    """What a footer states, with the available balance, which its totals must move: holds and releases are among its rows.

    Raises `FileRefused` for a field that is not what it must be, and for a balance that moves otherwise.
    """
    currency = parse_currency(row[1])
    if currency is None:
        raise FileRefused(number, f"{quoted(row[1])} is no currency")
    totals = [total_of(number, row[place], currency, FIELDS[place]) for place in range(2, 6)]
    beginning_minor, ending_minor, *others_minor = [
        balance_of(number, row[place], row[place + 1], currency, FIELDS[place + 1])
        for place in range(6, 18, 2)
    ]
    moved_minor = totals[0] - totals[1] + totals[2] - totals[3]
    if ending_minor - beginning_minor != moved_minor:
        raise FileRefused(
            number,
            f"its totals move {Money(moved_minor, currency)}, and the available balance goes from "
            f"{Money(beginning_minor, currency)} to {Money(ending_minor, currency)}",
        )
    stated = StatedTotals(
        currency=currency,
        beginning_minor=beginning_minor,
        ending_minor=ending_minor,
        gross_credit_minor=totals[0],
        gross_debit_minor=totals[1],
        fee_credit_minor=totals[2],
        fee_debit_minor=totals[3],
        rows=count_of(number, row[18], "row count"),
    )
    return Footer(stated, tuple(others_minor))


def require_balances(number: int, of_report: Footer, of_sections: Footer) -> None:
    """Raise `FileRefused` unless a footer of the report has the balances of its sections together."""
    currency = of_report.stated.currency
    for place, (stated_minor, sections_minor) in enumerate(
        zip(_balances(of_report), _balances(of_sections), strict=True)
    ):
        if stated_minor != sections_minor:
            raise FileRefused(
                number,
                f"its balances are not those of the sections: the {FIELDS[7 + 2 * place]} is "
                f"{Money(stated_minor, currency)}, and {Money(sections_minor, currency)} there",
            )


def _balances(footer: Footer) -> tuple[int, ...]:
    stated = footer.stated
    return (stated.beginning_minor or 0, stated.ending_minor or 0, *footer.others_minor)


def require_sums(number: int, stated: StatedTotals, computed: Mapping[Currency, ComputedTotals]) -> None:
    """Raise `FileRefused` unless the rows add up to the footer."""
    for sentence in differences({stated.currency: stated}, computed):
        raise FileRefused(number, f"the footer and the rows differ: {sentence}")


def require_no_more(number: int, stated: StatedTotals, computed: Mapping[Currency, ComputedTotals]) -> None:
    """Raise `FileRefused` if the rows of one file exceed what the footer states of all files of the report."""
    has = computed.get(stated.currency)
    pairs = (
        ()
        if has is None
        else (
            (stated.gross_credit_minor, has.gross_credit_minor),
            (stated.gross_debit_minor, has.gross_debit_minor),
            (stated.fee_credit_minor, has.fee_credit_minor),
            (stated.fee_debit_minor, has.fee_debit_minor),
            (stated.rows, has.rows),
        )
    )
    if any(says is not None and says < found for says, found in pairs):
        raise FileRefused(number, "the footer states less of the whole report than this file alone has")


def require_footers(
    number: int, stated: Iterable[Currency], computed: Mapping[Currency, ComputedTotals]
) -> None:
    """Raise `FileRefused` if a currency has no footer, unless its rows leave the balance as it was.

    PayPal writes none for a currency that was converted as it came.
    """
    for currency in computed.keys() - set(stated):
        net_minor = computed[currency].net_minor
        if net_minor:
            raise FileRefused(
                number,
                f"no footer stood before for {currency.upper()}: its rows move {Money(net_minor, currency)}",
            )


def summed(before: Footer | None, footer: Footer) -> Footer:
    """The footers of two sections of one currency, or of the only one."""
    if before is None:
        return footer
    one, other = before.stated, footer.stated

    def both(field: str) -> int:
        return (getattr(one, field) or 0) + (getattr(other, field) or 0)

    others_minor = tuple(map(sum, zip(before.others_minor, footer.others_minor, strict=True)))
    stated = StatedTotals(
        currency=other.currency,
        beginning_minor=both("beginning_minor"),
        ending_minor=both("ending_minor"),
        gross_credit_minor=both("gross_credit_minor"),
        gross_debit_minor=both("gross_debit_minor"),
        fee_credit_minor=both("fee_credit_minor"),
        fee_debit_minor=both("fee_debit_minor"),
        rows=both("rows"),
    )
    return Footer(stated, others_minor)
