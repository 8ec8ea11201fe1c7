"""What all lists of the read models have in common: a bound, and a statement for exactly the filters given."""

from collections.abc import Iterable, Sequence
from typing import Final

PAGE_ROWS_MAX: Final = 100


def require_page(limit: int) -> None:
    """Raise `ValueError` unless a page may have that many rows."""
    if not 1 <= limit <= PAGE_ROWS_MAX:
        raise ValueError(f"limit must be between 1 and {PAGE_ROWS_MAX}, not {limit}")


def with_conditions(
    statement: str, arguments: Iterable[object], conditions: Iterable[tuple[str, object | None]]
) -> tuple[str, list[object]]:
    """A statement with `{conditions}` in it, narrowed by each condition that has a value, and its arguments.

    Each combination of filters is a statement of its own and so finds its own index. A condition says `{value}` where
    the value belongs.
    """
    values = list(arguments)
    narrowed = ""
    for condition, value in conditions:
        if value is not None:
            values.append(value)
            narrowed += f"\n  and {condition.format(value=f'${len(values)}')}"
    return statement.format(conditions=narrowed), values


def one_of(one: str, several: str, values: Sequence[str]) -> tuple[str, object | None]:
    """The condition that a column has one of some values, and its argument; no value does not filter.

    One value is compared by a statement of its own: its index then gives the page in order.
    """
    if len(values) == 1:
        return one, values[0]
    return several, list(values) or None
