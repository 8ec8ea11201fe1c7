"""Sums of many amounts: PostgreSQL adds bigints to a numeric without a bound, and here it becomes a whole number.

A statement that casts such a sum to bigint fails where the sum is beyond it, and what depends on the statement fails with it.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

BIGINT_MAX: Final = 2**63 - 1

Row = Mapping[str, Any]


def with_whole_sums(rows: Iterable[Any]) -> list[Row]:
    """Rows of asyncpg with each numeric as an int; a numeric with a fraction is not meant here."""
    return [
        {name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()}
        for row in rows
    ]


def storable(minor: int) -> int:
    """An amount as a column of type bigint takes it: beyond its bounds, the bound."""
    return max(-BIGINT_MAX, min(BIGINT_MAX, minor))
