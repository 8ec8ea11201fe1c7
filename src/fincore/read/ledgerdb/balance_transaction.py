"""A movement on a merchant's account, and what merchants call it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, EventId

BalanceTransactionType = Literal[
    "charge", "refund", "refund_failure", "dispute", "dispute_reversal", "correction", "clearing"
]

CAPTURE: Final = "charge.captured"
"""The kind that nearly all entries are of."""
OPERATOR: Final = "operator"
"""Stands for every kind of entry that an operator booked."""

KINDS: Final[Mapping[BalanceTransactionType, tuple[str, ...]]] = MappingProxyType(
    {
        "charge": (CAPTURE,),
        "refund": ("refund.succeeded",),
        "refund_failure": ("refund.failed",),
        "dispute": ("dispute.funds_withdrawn",),
        "dispute_reversal": ("dispute.funds_reinstated",),
        "correction": ("charge.corrected", "refund.corrected"),
        "clearing": (OPERATOR,),
    }
)
"""Type -> the kinds of entries it stands for: all that move money on merchants' accounts."""

TYPES: Final[Mapping[str, BalanceTransactionType]] = MappingProxyType(
    {kind: name for name, kinds in KINDS.items() for kind in kinds}
)
"""The same the other way round."""


class BalanceTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry did to what we owe a merchant in a currency; amounts that lower it are negative.

    `event_id` is the entry's: of the event that it books, or its own where an operator booked it. Fees lower what we
    owe, so `gross_minor - fee_minor` is what it changed by; a fee that is given back is negative.
    """

    event_id: EventId
    type: BalanceTransactionType
    charge_id: ChargeId
    currency: Currency
    gross_minor: int
    fee_minor: int
    balance_after_minor: int
    effective_at: datetime
    booked_at: datetime

    @property
    def net_minor(self) -> int:
        """By how much we owe more."""
        return self.gross_minor - self.fee_minor
