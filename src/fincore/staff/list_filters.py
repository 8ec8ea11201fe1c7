"""Filters that several lists of staff have in common. Pure."""

from typing import Final, NamedTuple, TypeVar

from fincore.http.list_query import ListQuery
from fincore.http.openapi import Parameter
from fincore.http.problems import Problem

Id = TypeVar("Id")

DAYS_MAX: Final = 36_500
_NAME_CHARACTERS_MAX: Final = 64

ACCOUNT: Final = Parameter(
    name="account",
    place="query",
    description="Only what is of this PSP, or of this account at it: `paypal` or `paypal/default`.",
    schema={"type": "string", "minLength": 1, "maxLength": 2 * _NAME_CHARACTERS_MAX + 1},
)
MIN_DAYS: Final = Parameter(
    name="min_days",
    place="query",
    description="Only what is at least so many days old.",
    schema={"type": "integer", "minimum": 0, "maximum": DAYS_MAX},
)
MAX_DAYS: Final = Parameter(
    name="max_days",
    place="query",
    description="Only what is at most so many days old.",
    schema={"type": "integer", "minimum": 0, "maximum": DAYS_MAX},
)


class AccountAsked(NamedTuple):
    """A PSP, and an account at it; None is any."""

    psp: str | None
    psp_account: str | None


def flag(name: str, description: str) -> Parameter:
    """A filter that is true or false, and false where it is not sent."""
    return Parameter(
        name=name,
        place="query",
        description=description,
        schema={"type": "string", "enum": ["true", "false"]},
    )


def flag_filter(query: ListQuery[Id], name: str) -> bool:
    """Whether a filter is true. Raises `parameter_invalid`."""
    value = query.filters.get(name, "false")
    if value not in ("true", "false"):
        raise Problem("parameter_invalid", f"{name} must be true or false.", param=name)
    return value == "true"


def account_filter(query: ListQuery[Id]) -> AccountAsked:
    """The filter `account`. Raises `parameter_invalid`."""
    value = query.filters.get("account")
    if value is None:
        return AccountAsked(None, None)
    psp, slash, name = value.partition("/")
    if not psp or bool(slash) != bool(name) or max(len(psp), len(name)) > _NAME_CHARACTERS_MAX:
        raise Problem(
            "parameter_invalid",
            "account must be a PSP, or an account such as paypal/default.",
            param="account",
        )
    return AccountAsked(psp, name or None)


def days_filter(query: ListQuery[Id], name: str) -> int | None:
    """A filter as a number of days, or None where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get(name)
    if value is None:
        return None
    if value.isascii() and value.isdecimal() and len(value) <= len(str(DAYS_MAX)) and int(value) <= DAYS_MAX:
        return int(value)
    raise Problem("parameter_invalid", f"{name} must be a whole number from 0 to {DAYS_MAX}.", param=name)
