"""The chart of accounts: every account there can be. A name is its segments joined by colons, the currency last.

Test and live money have accounts of the same names in two ledgers.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError

Side = Literal["debit", "credit"]
AccountType = Literal["asset", "liability", "revenue", "expense"]
AccountCode = Literal["psp_clearing", "merchant_payable", "psp_fees", "platform_fees", "suspense"]

NAMES_CACHED_MAX: Final = 100_000


class NoSuchAccount(FinCoreError):
    """A name is not one the chart allows; `fincore ledger accounts` lists those in use."""

    def __init__(self, name: str) -> None:
        allowed = ", ".join(kind.pattern for kind in CHART.values())
        super().__init__(f"{name[:100]!r} is no account of the chart: names are {allowed}")


class AccountKind(NamedTuple):
    """What all accounts of one code have in common; `owner` in the pattern is a PSP's name or a merchant's id."""

    segments: tuple[str, ...]
    type: AccountType
    meaning: str

    @property
    def pattern(self) -> str:
        """How a name looks: `merchant:{merchant}:payable:{currency}`."""
        return ":".join(self.segments)


CHART: Final[Mapping[AccountCode, AccountKind]] = MappingProxyType(
    {
        "psp_clearing": AccountKind(
            ("psp", "{psp}", "clearing", "{currency}"),
            "asset",
            "what the PSP has taken for us, less what it gave back and kept, and has not settled yet",
        ),
        "merchant_payable": AccountKind(
            ("merchant", "{merchant}", "payable", "{currency}"), "liability", "what we owe the merchant"
        ),
        "psp_fees": AccountKind(
            ("expense", "psp_fees", "{psp}", "{currency}"), "expense", "what the PSP charges us for captures"
        ),
        "platform_fees": AccountKind(
            ("revenue", "platform_fees", "{currency}"), "revenue", "what merchants pay us for captures"
        ),
        "suspense": AccountKind(
            ("suspense", "{currency}"),
            "asset",
            "money that moved in a way that makes no sense, until a person decides who owns it; should be zero",
        ),
    }
)
"""Code -> how its accounts are named, of which type they are, what their balance is."""


class Account(NamedTuple):
    """One account; `owner` is the PSP or the merchant it is about, empty where it is our own."""

    code: AccountCode
    currency: Currency
    owner: str = ""


@lru_cache(NAMES_CACHED_MAX)
def account_name(account: Account) -> str:
    """The name of an account."""
    words = {"{currency}": account.currency, "{psp}": account.owner, "{merchant}": account.owner}
    return ":".join(words.get(segment, segment) for segment in CHART[account.code].segments)


def parse_account(name: str) -> Account:
    """The account a name stands for; raise `NoSuchAccount` for a name that the chart does not allow."""
    given = name.split(":")
    for code, kind in CHART.items():
        if len(given) != len(kind.segments) or not all(given):
            continue
        words = dict(zip(kind.segments, given, strict=True))
        if all(word == segment for segment, word in words.items() if not segment.startswith("{")):
            owner = words.get("{psp}", words.get("{merchant}", ""))
            return Account(code, Currency(words["{currency}"]), owner)
    raise NoSuchAccount(name)


def normal_side(account_type: AccountType) -> Side:
    """The side on which an account grows: debit for what we own and spend, credit for what we owe and earn."""
    return "debit" if account_type in ("asset", "expense") else "credit"


def chart_table() -> str:
    """The chart as text, one line a kind of account, for the docs and the terminal."""
    rows = [(kind.pattern, kind.type, normal_side(kind.type), kind.meaning) for kind in CHART.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )
