"""An account at a PSP that pays out: its mode, and the bank account that its money goes to. Pure."""

from collections.abc import Mapping

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.settlement_events import BankAccount
from fincore.write.routing.plan import AccountName
from fincore.write.settlement.bank_account import bank_account_flaw


class SettledAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a PSP. `bank_account` is the name that an operator gave to the bank account it pays out to."""

    livemode: bool
    bank_account: BankAccount | None = None


SettledAccounts = Mapping[AccountName, SettledAccount]


def bank_account_of(
    account: SettledAccount, psp: PspName, psp_account: PspAccount, destination: str | None
) -> BankAccount:
    """The bank account that a payout goes to: as the operator named it, else as the PSP calls it, else after the PSP's account."""
    if account.bank_account is not None:
        return account.bank_account
    if destination is not None and bank_account_flaw(destination) is None:
        return BankAccount(destination)
    return BankAccount(f"{psp}_{psp_account}")
