"""The chart of accounts: every account there can be, by type; its name is its segments joined by colons."""

from typing import Literal, assert_never

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId
from fincore.domain.outcome import PspName

Side = Literal["debit", "credit"]


class PspClearing(msgspec.Struct, frozen=True):
    """What a PSP took for us and has not settled yet: an asset. Settlement brings it back to zero."""

    psp: PspName
    currency: Currency


class MerchantPayable(msgspec.Struct, frozen=True):
    """What we owe a merchant: a liability."""

    merchant_id: MerchantId
    currency: Currency


class Suspense(msgspec.Struct, frozen=True):
    """Money that moved in a way that makes no sense, until a person decides whose it is: an asset."""

    currency: Currency


Account = PspClearing | MerchantPayable | Suspense


def account_name(account: Account) -> str:
    """The name of an account; test and live money have accounts of the same names in two ledgers."""
    match account:
        case PspClearing():
            return f"psp:{account.psp}:clearing:{account.currency}"
        case MerchantPayable():
            return f"merchant:{account.merchant_id}:payable:{account.currency}"
        case Suspense():
            return f"suspense:{account.currency}"
        case _:
            assert_never(account)


def normal_side(account: Account) -> Side:
    """The side on which an account grows: debit for what we own, credit for what we owe."""
    match account:
        case PspClearing() | Suspense():
            return "debit"
        case MerchantPayable():
            return "credit"
        case _:
            assert_never(account)
