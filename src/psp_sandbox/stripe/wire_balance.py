"""The shapes of money on the account's balance: balance transactions, their fees, the balance itself."""

from typing import Literal

from msgspec import Struct

MovementType = Literal[
    "adjustment",
    "charge",
    "payout",
    "payout_cancel",
    "payout_failure",
    "refund",
    "refund_failure",
    "stripe_fee",
]


class FeeDetail(Struct, frozen=True, kw_only=True, gc=False):
    """One fee of a balance transaction, in minor units."""

    amount: int
    application: None = None
    currency: str
    description: str
    type: str = "stripe_fee"


class BalanceTransaction(Struct, frozen=True, kw_only=True, gc=False):
    """One movement of the balance. `net` is `amount` less `fee`; money that leaves is negative. A fee of the account has no source."""

    id: str
    object: Literal["balance_transaction"] = "balance_transaction"
    amount: int
    available_on: int
    balance_type: str = "payments"
    created: int
    currency: str
    description: str | None
    exchange_rate: float | None = None
    fee: int
    fee_details: tuple[FeeDetail, ...]
    net: int
    reporting_category: str
    source: str | Struct | None
    status: Literal["available", "pending"]
    type: MovementType


class SourceTypes(Struct, frozen=True, gc=False):
    """Of a balance, what came from cards: all of it."""

    card: int


class BalanceAmount(Struct, frozen=True, kw_only=True, gc=False):
    """What an account has in one currency."""

    amount: int
    currency: str
    source_types: SourceTypes


class Balance(Struct, frozen=True, kw_only=True, gc=False):
    """What an account has: available now, or pending until the day it becomes so."""

    object: Literal["balance"] = "balance"
    available: tuple[BalanceAmount, ...]
    livemode: bool
    pending: tuple[BalanceAmount, ...]
