"""Which kinds of lines and of clearing items may explain each other: those of one family. Pure.

A statement may tell in several lines what the ledger books at once, and the other way round; within a family sums are compared.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from fincore.domain.settlement_events import LineKind

Family = Literal[
    "payment",
    "refund",
    "dispute",
    "dispute_reversal",
    "hold",
    "release",
    "fee_reversal",
    "movement",
    "adjustment",
]
ItemKind = Literal[
    "payment",
    "refund",
    "refund_failed",
    "dispute",
    "dispute_reinstated",
    "hold",
    "release",
    "reversal",
    "fee",
    "fee_returned",
    "correction",
    "adjustment",
]
"""What a clearing item of the ledger is: what its entry booked."""

FAMILY_OF_LINE: Final[Mapping[LineKind, Family | None]] = MappingProxyType(
    {
        "payment": "payment",
        "refund": "refund",
        "refund_failed": "refund",
        "dispute": "dispute",
        "dispute_reversal": "dispute_reversal",
        "hold": "hold",
        "release": "release",
        "fee_reversal": "fee_reversal",
        "account_fee": None,
        "conversion": None,
        "payout": None,
        "payout_returned": None,
        "adjustment": "movement",
        "reserve": "movement",
        "outgoing": "movement",
    }
)
"""Kind of a line -> its family; None for what is booked by itself, and no payment explains."""

BOOKED_ALONE: Final[frozenset[LineKind]] = frozenset(
    kind for kind, family in FAMILY_OF_LINE.items() if family is None
)
"""Kinds of lines without a family."""

FAMILY_OF_ITEM: Final[Mapping[ItemKind, Family]] = MappingProxyType(
    {
        "payment": "payment",
        "refund": "refund",
        "refund_failed": "refund",
        "dispute": "dispute",
        "dispute_reinstated": "dispute_reversal",
        "hold": "hold",
        "release": "release",
        "reversal": "refund",
        "fee": "payment",
        "fee_returned": "fee_reversal",
        "correction": "payment",
        "adjustment": "adjustment",
    }
)
"""Kind of a clearing item -> its family. A reversed attempt is a refund to the PSP. What a person adjusted is of no line's family."""

OF_DISPUTES: Final[frozenset[Family]] = frozenset(
    {"dispute", "dispute_reversal", "hold", "release", "fee_reversal"}
)
"""Families of which the sums are compared over a whole payment, too: PSPs hold, release, take and give back in different steps."""
