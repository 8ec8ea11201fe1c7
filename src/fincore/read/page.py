"""What all lists of the read models have in common: a bound, and a statement for exactly the filters given."""

from typing import Final

from fincore.postgres.conditions import one_of, with_conditions

__all__ = ["PAGE_ROWS_MAX", "one_of", "require_page", "with_conditions"]

PAGE_ROWS_MAX: Final = 100


def require_page(limit: int) -> None:
    """Raise `ValueError` unless a page may have that many rows."""
    if not 1 <= limit <= PAGE_ROWS_MAX:
        raise ValueError(f"limit must be between 1 and {PAGE_ROWS_MAX}, not {limit}")
