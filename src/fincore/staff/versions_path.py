"""The version of rules that a path or a query names."""

from typing import Final

from fincore.http.exchange import Call
from fincore.http.list_query import parameters_of
from fincore.http.openapi import Parameter, path_parameter
from fincore.http.problems import Problem

VERSION: Final = path_parameter("version", "The number of the version.", example="3")
COMPARED_WITH: Final = Parameter(
    name="with",
    place="query",
    is_required=True,
    description="The version to compare with.",
    schema={"type": "integer", "minimum": 1},
)
_DIGITS_MAX: Final = 9


def version_of(call: Call) -> int:
    """The version in the path. Raises `rule_version_not_found` for what is no number."""
    version = _number(call.path_parameter("version"))
    if version is None:
        raise no_version()
    return version


def compared_with(call: Call) -> int:
    """The version in the query. Raises `parameter_invalid` and `parameter_unknown`."""
    version: int | None = None
    for name, value in parameters_of(call.query):
        if name != "with":
            raise Problem("parameter_unknown", "Use only the parameter with.", param=name[:64])
        version = _number(value)
    if version is None:
        raise Problem("parameter_invalid", "Say with which version to compare: with=1.", param="with")
    return version


def no_version() -> Problem:
    """There is no such version."""
    return Problem("rule_version_not_found", param="version")


def _number(text: str) -> int | None:
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS_MAX:
        return None
    return int(text) or None
