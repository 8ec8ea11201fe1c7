"""What the legs of an entry are for: the number of a leg tells. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Purpose = Literal[
    "principal",
    "platform_fee",
    "psp_fee",
    "dispute_fee",
    "settlement_gross",
    "settlement_fee",
    "settlement_charge_gross",
    "settlement_realised",
]

LEGS: Final[Mapping[Purpose, tuple[int, int]]] = MappingProxyType(
    {
        "principal": (1, 2),
        "platform_fee": (3, 4),
        "psp_fee": (5, 6),
        "dispute_fee": (7, 8),
        "settlement_gross": (9, 10),
        "settlement_fee": (11, 12),
        "settlement_charge_gross": (13, 14),
        "settlement_realised": (15, 16),
    }
)
"""Purpose of a movement -> the numbers of its two legs, debit and credit."""

PURPOSE_OF_LEG: Final[Mapping[int, Purpose]] = MappingProxyType(
    {leg: purpose for purpose, legs in LEGS.items() for leg in legs}
)
"""The same the other way round."""
