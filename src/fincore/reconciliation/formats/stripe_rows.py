"""What the rows of Stripe's reports have in common: columns by name, amounts in major units, and net = gross - fee. Pure.

Layout: docs.stripe.com/reports/report-types/payout-reconciliation. `fee` is positive where Stripe takes it.
"""

from collections.abc import Mapping, Sequence

from fincore.domain.currency import Currency, exponent_of, parse_currency
from fincore.domain.settlement_events import LineKind
from fincore.reconciliation.formats.decimal_amounts import minor_of
from fincore.reconciliation.formats.stripe_categories import CATEGORIES
from fincore.reconciliation.parsed_file import FileRefused, quoted


def require_columns(number: int, columns: Mapping[str, int], needed: Sequence[str]) -> None:
    """Raise `FileRefused` if a column is missing."""
    for name in needed:
        if name not in columns:
            raise FileRefused(number, f"lacks the column {quoted(name)}")


def currency_of(number: int, code: str) -> Currency:
    """The currency of a code in either case. Raises `FileRefused`."""
    currency = parse_currency(code)
    if currency is None:
        raise FileRefused(number, f"{quoted(code)} is no currency")
    return currency


def kind_of(number: int, category: str) -> LineKind:
    """What a category is. Raises `FileRefused`."""
    kind = CATEGORIES.get(category)
    if kind is None:
        raise FileRefused(number, f"{quoted(category)} is no known reporting category")
    return kind


def amounts_of(number: int, gross: str, fee: str, net: str, currency: Currency) -> tuple[int, int]:
    """Gross and fee, both signed from our side. Raises `FileRefused` unless they make the row's net."""
    digits = exponent_of(currency)
    gross_minor, fee_minor, net_minor = minor_of(gross, digits), minor_of(fee, digits), minor_of(net, digits)
    if gross_minor is None or fee_minor is None or net_minor is None:
        wrong = gross if gross_minor is None else fee if fee_minor is None else net
        raise FileRefused(number, f"{quoted(wrong)} is no amount of {currency.upper()}")
    if net_minor != gross_minor - fee_minor:
        raise FileRefused(
            number, f"its net {quoted(net)} is not gross {quoted(gross)} less fee {quoted(fee)}"
        )
    return gross_minor, -fee_minor
