"""PayPal's amounts: decimal texts in major units (developer.paypal.com/reports/reference/paypal-supported-currencies).

PayPal takes no fractions of HUF, JPY and TWD, and FinCore counts HUF and TWD in hundredths. No currency has three decimals.
Pure.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.currency import Currency, exponent_of, parse_currency
from fincore.domain.money import AMOUNT_MINOR_MAX, Money

_BY_DECIMALS: Final[Mapping[int, str]] = {
    0: "huf jpy twd",
    2: (
        "aud brl cad chf cny czk dkk eur gbp hkd ils mxn myr nok nzd php pln sek sgd thb usd"
        # BRL, CNY and MYR only for accounts of their countries, which PayPal checks.
    ),
}

PAYPAL_DECIMALS: Final[Mapping[Currency, int]] = MappingProxyType(
    {Currency(code): decimals for decimals, codes in _BY_DECIMALS.items() for code in codes.split()}
)
"""Currency -> decimals of the amounts PayPal takes. A currency that is not here is not guessed at."""

_VALUE: Final = re.compile(r"(?=.)(?P<whole>[0-9]{0,18})(?:\.(?P<fraction>[0-9]{1,9}))?", re.ASCII)
"""What an amount of money looks like: PayPal's pattern without a sign, bounded so that it stays an exact integer."""


class PayPalMoney(msgspec.Struct, frozen=True):
    """An amount as PayPal writes it: `PayPalMoney("USD", "19.99")`, `PayPalMoney("JPY", "500")`."""

    currency_code: str
    value: str


class Inexpressible(msgspec.Struct, frozen=True):
    """Money that one of the two has no amount for, and the sentence that says why."""

    reason: str


def to_paypal(money: Money) -> PayPalMoney | Inexpressible:
    """The amount PayPal is to be told: `Money(1999, "usd")` is "19.99", `Money(10000, "huf")` is "100"."""
    code = money.currency.upper()
    decimals = PAYPAL_DECIMALS.get(money.currency)
    if decimals is None:
        return Inexpressible(f"PayPal takes no payments in {code}")
    rest_factor: int = 10 ** (exponent_of(money.currency) - decimals)
    units, rest = divmod(money.amount_minor, rest_factor)
    if rest:
        return Inexpressible(f"PayPal takes no fractions of {code}, and this is {money}")
    if units < 1:
        return Inexpressible(f"PayPal takes no payments of {money}")
    whole, fraction = divmod(units, 10**decimals)
    return PayPalMoney(code, f"{whole}.{fraction:0{decimals}d}" if decimals else f"{whole}")


def from_paypal(amount: PayPalMoney) -> Money | Inexpressible:
    """The money PayPal reports: "100" HUF is `Money(10000, "huf")`.

    Digits beyond the currency's own must be zeros, as PayPal writes them for JPY now and then.
    """
    currency = parse_currency(amount.currency_code)
    if currency is None or currency not in PAYPAL_DECIMALS or not amount.currency_code.isupper():
        return Inexpressible("PayPal reports a currency that it does not take payments in")
    found = _VALUE.fullmatch(amount.value)
    if found is None:
        return Inexpressible("PayPal reports an amount that is no decimal number without a sign")
    fraction, decimals = found["fraction"] or "", PAYPAL_DECIMALS[currency]
    if fraction[decimals:].strip("0"):
        return Inexpressible(f"PayPal reports an amount finer than it takes in {currency.upper()}")
    minor_digits = found["whole"] + fraction.ljust(exponent_of(currency), "0")[: exponent_of(currency)]
    amount_minor = int(minor_digits or "0")
    if amount_minor > AMOUNT_MINOR_MAX:
        return Inexpressible("PayPal reports an amount that is more than any payment")
    return Money(amount_minor, currency)
