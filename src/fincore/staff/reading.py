"""What a GET asks in its query beside a list: the mode that it must name, and parameters of its own."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

from fincore.domain.errors import InvalidId
from fincore.http.exchange import Call
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery, parameters_of
from fincore.http.openapi import Parameter
from fincore.http.problems import Problem, ProblemCode
from fincore.staff.access.admission import Visit, missing
from fincore.staff.access.permissions import Permission
from fincore.staff.access.person import Scope
from fincore.staff.lists import MODES

_NUMBER_DIGITS_MAX: Final = 18

Id = TypeVar("Id")


class Asked(NamedTuple):
    """A query that was read, and where the permission of the route counts in its mode."""

    scope: Scope
    query: ListQuery[str]


def read_parameters(call: Call, parameters: Sequence[Parameter]) -> ListQuery[str]:
    """The parameters of a query that takes these. Raises `parameter_unknown` and `parameter_invalid`."""
    names = [one.name for one in parameters if one.place == "query"]
    given: dict[str, str] = {}
    for name, value in parameters_of(call.query):
        if name not in names:
            raise Problem(
                "parameter_unknown", f"Use only the parameters of this request: {', '.join(names)}."
            )
        given[name] = value
    return ListQuery[str](limit=1, after_id=None, created_from=None, created_before=None, filters=given)


def read_query(call: Call, visit: Visit, parameters: Sequence[Parameter]) -> Asked:
    """The parameters of a query that takes these, `mode` among them. Raises `parameter_unknown`, `parameter_invalid` and `permission_missing`."""
    query = read_parameters(call, parameters)
    mode = chosen(query, "mode", MODES)
    if mode is None:
        raise Problem("parameter_invalid", "Say mode=live or mode=test.", param="mode")
    return Asked(visit.scope(mode), query)


def require_all_merchants(visit: Visit, scope: Scope) -> None:
    """Require the permission for all merchants of the mode, for what is of none. Raises `permission_missing`."""
    if scope.merchant_ids is not None:
        raise missing(visit.permission, f" for all merchants in {'live' if scope.livemode else 'test'} mode")


def require_in_mode(visit: Visit, *, livemode: bool, unknown: ProblemCode, sees: Permission) -> None:
    """Require the permission for an object of a mode that is of no merchant.

    Raises `unknown`, as where there is no such object, unless the person `sees` it; then `permission_missing`.
    """
    seen = visit.person.scope(sees, livemode=livemode)
    if seen is None or seen.merchant_ids is not None:
        raise Problem(unknown)
    require_all_merchants(visit, visit.scope("live" if livemode else "test"))


def parse_number(text: str) -> int:
    """A number from 1 on, as entries, breaks and their like have one. Raises `InvalidId`."""
    if text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS_MAX and not text.startswith("0"):
        return int(text)
    raise InvalidId(text, "number")


def parse_day(text: str) -> date:
    """A day such as 2026-11-26. Raises `InvalidId`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise InvalidId(text, "day")
    return day


def day_filter(query: ListQuery[Id], name: str) -> date | None:
    """A parameter as a day, or None where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get(name)
    if value is None:
        return None
    try:
        return parse_day(value)
    except InvalidId:
        raise Problem("parameter_invalid", f"{name} must be a day such as 2026-11-26.", param=name) from None


def number_filter(query: ListQuery[Id], name: str) -> int | None:
    """A parameter as a number from 1 on, or None where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get(name)
    if value is None:
        return None
    try:
        return parse_number(value)
    except InvalidId:
        raise Problem("parameter_invalid", f"{name} must be a whole number from 1 on.", param=name) from None
