"""The values of a list's filters, as its handler needs them. Pure. Each raises `parameter_invalid` for a value of no use."""

from collections.abc import Collection
from typing import Final, TypeVar

from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.http.list_query import ListQuery
from fincore.http.openapi import JsonSchema, Parameter
from fincore.http.problems import Problem
from fincore.write.payments.operation_request import CHARGE_ID_PATTERN

_DIGITS_MAX: Final = 18
"""Of a number: any value of so many digits fits into 64 bits."""
AMOUNT_MAX: Final = 10**_DIGITS_MAX - 1
CHARGE: Final = Parameter(
    name="charge",
    place="query",
    description="Only what belongs to this charge.",
    schema={"type": "string", "pattern": CHARGE_ID_PATTERN},
)

Id = TypeVar("Id")
Choice = TypeVar("Choice", bound=str)


def chosen(query: ListQuery[Id], name: str, choices: Collection[Choice]) -> Choice | None:
    """The filter `name` as one of `choices`, or None where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get(name)
    for choice in choices:
        if choice == value:
            return choice
    if value is None:
        return None
    raise Problem("parameter_invalid", f"{name} must be one of {', '.join(choices)}.", param=name)


def chosen_several(query: ListQuery[Id], name: str, choices: Collection[Choice]) -> tuple[Choice, ...]:
    """The filter `name` as some of `choices`, separated by commas; none where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get(name)
    if value is None:
        return ()
    wanted = value.split(",")
    found = tuple(choice for choice in choices if choice in wanted)
    if len(found) < len(set(wanted)):
        raise Problem(
            "parameter_invalid",
            f"{name} must be one or more of {', '.join(choices)}, separated by commas.",
            param=name,
        )
    return found


def whole_number(name: str, value: str) -> int:
    """A filter's value as a whole number from 0 to what a database can hold. Raises `parameter_invalid`."""
    if value.isascii() and value.isdecimal() and len(value) <= _DIGITS_MAX:
        return int(value)
    raise Problem(
        "parameter_invalid", f"{name} must be a whole number of at most {_DIGITS_MAX} digits.", param=name
    )


def chosen_charge(query: ListQuery[Id]) -> ChargeId | None:
    """The filter `charge`, or None where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get("charge")
    if value is None:
        return None
    try:
        return parse_charge_id(value)
    except InvalidId:
        raise Problem(
            "parameter_invalid", "charge must be the id of a charge, ch_...", param="charge"
        ) from None


def status_filter(plural: str, states: JsonSchema) -> Parameter:
    """The documentation of a filter `status` by several states; `states` is the schema of one of them."""
    return Parameter(
        name="status",
        place="query",
        is_list=True,
        description=f"Only {plural} in one of these states, separated by commas.",
        schema={"type": "array", "items": states, "minItems": 1},
    )
