"""A statement for exactly the filters given, so that each combination of filters finds its own index. Pure."""

from collections.abc import Iterable, Sequence


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
