"""Amounts as a customer reads them, by language and currency. Pure.

The sign of a currency stands where it means one currency only; every other currency has its ISO 4217 code. The digits are those of
ISO 4217, in which the amount is charged.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from fincore.checkout.page.languages import Language
from fincore.domain.currency import Currency, exponent_of
from fincore.domain.money import Money

NO_BREAK: Final = "\u00a0"
NARROW_NO_BREAK: Final = "\u202f"


class _Form(NamedTuple):
    """Marks between digits, and the fewest digits of the major unit that are grouped."""

    decimal: str
    group: str
    grouped_from_digits: int
    is_sign_first: bool


_FORMS: Final[Mapping[Language, _Form]] = MappingProxyType(
    {
        "en": _Form(".", ",", 4, is_sign_first=True),
        "de": _Form(",", ".", 4, is_sign_first=False),
        "fr": _Form(",", NARROW_NO_BREAK, 4, is_sign_first=False),
        "es": _Form(",", ".", 5, is_sign_first=False),
    }
)
"""After the Unicode CLDR's standard patterns for amounts of money."""
_SIGNS: Final[Mapping[Currency, str]] = MappingProxyType(
    {Currency("eur"): "€", Currency("gbp"): "£", Currency("inr"): "₹", Currency("krw"): "₩"}
)
_SIGNS_IN_ENGLISH: Final[Mapping[Currency, str]] = MappingProxyType(
    {Currency("usd"): "$", Currency("jpy"): "¥"}
)


def amount_text(money: Money, language: Language) -> str:
    """`$1,999.00` in English, `1.999,00 €` in German; a line of a discount is negative."""
    form = _FORMS[language]
    digits = exponent_of(money.currency)
    major, minor = divmod(abs(money.amount_minor), 10**digits)
    grouped = f"{major:,}" if len(str(major)) >= form.grouped_from_digits else str(major)
    number = grouped.replace(",", form.group) + (f"{form.decimal}{minor:0{digits}d}" if digits else "")
    minus = "-" if money.amount_minor < 0 else ""
    sign = _SIGNS.get(money.currency) or (_SIGNS_IN_ENGLISH.get(money.currency) if language == "en" else None)
    if not form.is_sign_first:
        return f"{minus}{number}{NO_BREAK}{sign or money.currency.upper()}"
    return f"{minus}{sign}{number}" if sign else f"{minus}{money.currency.upper()}{NO_BREAK}{number}"
