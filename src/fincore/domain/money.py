"""Money: an integer number of minor units and its currency, one type everywhere."""

from typing import Final

import msgspec

from fincore.domain.currency import Currency, exponent_of
from fincore.domain.errors import CurrenciesDiffer

AMOUNT_MINOR_MAX: Final = 999_999_999_999_999
"""The most that one payment, refund or dispute may be, in minor units of any currency: fifteen digits, which a JSON number
holds exactly in every language (RFC 7493, section 2.2). A PSP takes less: its limits say how much."""


class Money(msgspec.Struct, frozen=True):
    """An amount in the smallest unit of a currency: `Money(1999, "usd")` is 19.99 US dollars."""

    amount_minor: int
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same_currency(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same_currency(other), self.currency)

    def __str__(self) -> str:
        digits = exponent_of(self.currency)
        sign = "-" if self.amount_minor < 0 else ""
        major, minor = divmod(abs(self.amount_minor), 10**digits)
        fraction = f".{minor:0{digits}d}" if digits else ""
        return f"{sign}{major:,}{fraction} {self.currency.upper()}"

    def _same_currency(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrenciesDiffer(self.currency, other.currency)
        return other.amount_minor
