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
AccountType = Literal["asset", "liability", "equity", "revenue", "expense"]
AccountCode = Literal[
    "psp_clearing",
    "psp_held",
    "psp_balance",
    "psp_in_transit",
    "psp_unmatched",
    "bank",
    "merchant_payable",
    "reversals_payable",
    "psp_fees",
    "reversal_fees",
    "account_fees",
    "adjustments",
    "write_offs",
    "opening",
    "platform_fees",
    "fx_position",
    "fx_expense",
    "suspense",
    "retired_psp_clearing",
    "retired_psp_fees",
]

NAMES_CACHED_MAX: Final = 100_000


class NoSuchAccount(FinCoreError):
    """A name is not one the chart allows; `fincore ledger accounts` lists those in use."""

    def __init__(self, name: str) -> None:
        allowed = ", ".join(kind.pattern for kind in CHART.values() if kind.replaced_by is None)
        super().__init__(f"{name[:100]!r} is no account of the chart: names are {allowed}")


class AccountKind(NamedTuple):
    """What all accounts of one code have in common.

    `replaced_by`: no entry is booked on them any more, but on accounts of that code.
    """

    segments: tuple[str, ...]
    type: AccountType
    meaning: str
    replaced_by: AccountCode | None = None

    @property
    def pattern(self) -> str:
        """How a name looks: `merchant:{merchant}:payable:{currency}`."""
        return ":".join(self.segments)


CHART: Final[Mapping[AccountCode, AccountKind]] = MappingProxyType(
    {
        "psp_clearing": AccountKind(
            ("psp", "{psp}", "{account}", "clearing", "{currency}"),
            "asset",
            "what the PSP has taken for us on one of our accounts there, less what it gave back and kept, and no statement of it shows yet",
        ),
        "psp_held": AccountKind(
            ("psp", "{psp}", "{account}", "held", "{currency}"),
            "asset",
            "what the PSP has put aside of it for disputes: ours still, and not at our disposal",
        ),
        "psp_balance": AccountKind(
            ("psp", "{psp}", "{account}", "balance", "{currency}"),
            "asset",
            "what the PSP's statements say that it holds for us on one of our accounts there",
        ),
        "psp_in_transit": AccountKind(
            ("psp", "{psp}", "{account}", "in_transit", "{currency}"),
            "asset",
            "payouts that the PSP has sent and that have not arrived at our bank",
        ),
        "psp_unmatched": AccountKind(
            ("psp", "{psp}", "{account}", "unmatched", "{currency}"),
            "liability",
            "what the PSP's statements say that it took or gave, and no event of ours explains; should be zero",
        ),
        "bank": AccountKind(
            ("bank", "{bank}", "{currency}"), "asset", "what payouts brought to one of our bank accounts"
        ),
        "merchant_payable": AccountKind(
            ("merchant", "{merchant}", "payable", "{currency}"), "liability", "what we owe the merchant"
        ),
        "reversals_payable": AccountKind(
            ("reversals_payable", "{currency}"),
            "liability",
            "what abandoned attempts took by mistake, and we owe the customers; should return to zero",
        ),
        "psp_fees": AccountKind(
            ("expense", "psp_fees", "{psp}", "{account}", "{currency}"),
            "expense",
            "what the PSP charges us for captures",
        ),
        "reversal_fees": AccountKind(
            ("expense", "reversal_fees", "{psp}", "{account}", "{currency}"),
            "expense",
            "what the PSP charges us for money that an abandoned attempt took, and keeps when that goes back",
        ),
        "account_fees": AccountKind(
            ("expense", "account_fees", "{psp}", "{account}", "{currency}"),
            "expense",
            "what the PSP charges us for the account itself, and for no payment",
        ),
        "adjustments": AccountKind(
            ("expense", "adjustments", "{psp}", "{account}", "{currency}"),
            "expense",
            "differences with the PSP that a person decided to bear; below zero where they were in our favor",
        ),
        "write_offs": AccountKind(
            ("expense", "write_offs", "{psp}", "{account}", "{currency}"),
            "expense",
            "what the PSP owes us and a person gave up",
        ),
        "opening": AccountKind(
            ("equity", "opening", "{psp}", "{account}", "{currency}"),
            "equity",
            "what the PSP held for us before its first statement, once a person has explained it",
        ),
        "platform_fees": AccountKind(
            ("revenue", "platform_fees", "{currency}"), "revenue", "what merchants pay us for captures"
        ),
        "fx_position": AccountKind(
            ("fx", "position", "{currency}"),
            "asset",
            "what PSPs converted into other currencies, less what they converted into this one",
        ),
        "fx_expense": AccountKind(
            ("expense", "fx", "{currency}"),
            "expense",
            "what PSPs charge us for conversions, and what goes back costs more than it brought; below zero where it costs less",
        ),
        "suspense": AccountKind(
            ("suspense", "{currency}"),
            "asset",
            "money that moved in a way that makes no sense, until a person decides who owns it; should be zero",
        ),
        "retired_psp_clearing": AccountKind(
            ("psp", "{psp}", "clearing", "{currency}"),
            "asset",
            "retired: clearing until each account at the PSP had its own; zero",
            "psp_clearing",
        ),
        "retired_psp_fees": AccountKind(
            ("expense", "psp_fees", "{psp}", "{currency}"),
            "expense",
            "retired: fees until each account at the PSP had its own; zero",
            "psp_fees",
        ),
    }
)
"""Code -> how its accounts are named, of which type they are, what their balance is."""

_REPLACED: Final[Mapping[AccountCode, AccountCode]] = MappingProxyType(
    {kind.replaced_by: code for code, kind in CHART.items() if kind.replaced_by is not None}
)


class Account(NamedTuple):
    """One account. `owner` is the PSP, the merchant or the bank account that it is about, empty where it is our own.

    `psp_account` is the name of our account at the PSP, for accounts that are about one.
    """

    code: AccountCode
    currency: Currency
    owner: str = ""
    psp_account: str = ""


@lru_cache(NAMES_CACHED_MAX)
def account_name(account: Account) -> str:
    """The name of an account."""
    words = {
        "{currency}": account.currency,
        "{psp}": account.owner,
        "{account}": account.psp_account,
        "{merchant}": account.owner,
        "{bank}": account.owner,
    }
    return ":".join(words.get(segment, segment) for segment in CHART[account.code].segments)


def parse_account(name: str) -> Account:
    """The account a name stands for; raise `NoSuchAccount` for a name that the chart does not allow."""
    given = name.split(":")
    for code, kind in CHART.items():
        if len(given) != len(kind.segments) or not all(given):
            continue
        words = dict(zip(kind.segments, given, strict=True))
        if all(word == segment for segment, word in words.items() if not segment.startswith("{")):
            owner = next((words[name] for name in ("{psp}", "{merchant}", "{bank}") if name in words), "")
            return Account(code, Currency(words["{currency}"]), owner, words.get("{account}", ""))
    raise NoSuchAccount(name)


def retired_account(account: Account) -> Account:
    """The retired account in the place of which an account stands; itself where it stands in the place of none."""
    code = _REPLACED.get(account.code)
    return account if code is None else Account(code, account.currency, account.owner)


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
