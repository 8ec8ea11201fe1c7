"""Amounts as people read them."""

from typing import Final

_DIGITS: Final = {"jpy": 0, "kwd": 3}
_DIGITS_OTHERWISE: Final = 2


def number(amount_minor: int, currency: str) -> str:
    """Minor units in whole units of their currency, without its name: `1,234.50`."""
    digits = _DIGITS.get(currency, _DIGITS_OTHERWISE)
    return f"{amount_minor / 10**digits:,.{digits}f}"


def amount(amount_minor: int, currency: str) -> str:
    """The same with the currency's name: `1,234.50 USD`."""
    return f"{number(amount_minor, currency)} {currency.upper()}"
