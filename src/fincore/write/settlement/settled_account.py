"""An account at a PSP that pays out: its mode, and the bank account that its money goes to. Pure."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.settlement_events import BankAccount
from fincore.write.routing.plan import AccountName

BANK_ACCOUNT_CHARS_MAX: Final = 64
_BANK_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""A bank account is a part of the names of ledger accounts, which are joined by colons."""


class SettledAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a PSP. `bank_account` is the name that an operator gave to the bank account it pays out to."""

    livemode: bool
    bank_account: BankAccount | None = None


SettledAccounts = Mapping[AccountName, SettledAccount]


def bank_account_flaw(name: str) -> str | None:
    """What is wrong with the name of a bank account, as the rest of a sentence; None where nothing is."""
    if _BANK_ACCOUNT.fullmatch(name):
        return None
    return (
        f"must have 1 to {BANK_ACCOUNT_CHARS_MAX} letters, digits, dots, hyphens and underscores: it is a part of the names "
        "of ledger accounts"
    )


def bank_account_of(
    account: SettledAccount, psp: PspName, psp_account: PspAccount, destination: str | None
) -> BankAccount:
    """The bank account that a payout goes to: as the operator named it, else as the PSP calls it, else after the PSP's account."""
    if account.bank_account is not None:
        return account.bank_account
    if destination is not None and bank_account_flaw(destination) is None:
        return BankAccount(destination)
    return BankAccount(f"{psp}_{psp_account}")
