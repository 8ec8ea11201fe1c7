"""What a query asks of a list: how many, after which one, created when, and the list's own filters as they came. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec

from fincore.domain.card_number import holds_card_number
from fincore.http.cursor import ListOwner, read_cursor
from fincore.http.problems import Problem
from fincore.read.page import PAGE_ROWS_MAX

LIMIT_DEFAULT: Final = 10
QUERY_BYTES_MAX: Final = 8_192
_PARAMETERS_MAX: Final = 100
BOUNDS: Final = ("gte", "gt", "lte", "lt")
"""The ends of a range: `created[gte]=...`."""
_MOMENT: Final = timedelta(microseconds=1)  # what PostgreSQL tells apart
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)

Id = TypeVar("Id")


class ListQuery(msgspec.Struct, Generic[Id], frozen=True, kw_only=True):
    """One page of a list: how many, after which one, created in [`created_from`, `created_before`).

    `filters` are the list's own, by their whole names (`status`, `metadata[order_id]`), as they came.
    """

    limit: int
    after_id: Id | None
    created_from: datetime | None
    created_before: datetime | None
    filters: Mapping[str, str]


class Accepted(NamedTuple):
    """The filters that a list accepts, beside `limit` and `cursor`.

    `plain` are written `name=value`, `members` are written `name[member]=value`.
    """

    plain: tuple[str, ...]
    members: tuple[str, ...]
    has_created: bool


def read_list_query(
    query: bytes, owner: ListOwner, parse_id: Callable[[str], Id], accepted: Accepted
) -> ListQuery[Id]:
    """The page that a query asks for. Raises `parameter_unknown`, `parameter_invalid` and `cursor_invalid`.

    `parse_id` reads the list's ids and raises `InvalidId` for others.
    """
    limit = LIMIT_DEFAULT
    after_id: Id | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    own: dict[str, str] = {}
    for name, value in parameters_of(query):
        match name.removesuffix("]").split("[", 1):
            case ["limit"] if name == "limit":
                limit = _limit(value)
            case ["cursor"] if name == "cursor":
                after_id = read_cursor(value, owner, parse_id)
            # Of several bounds the narrowest interval counts.
            case ["created", "gte" | "gt" as bound] if accepted.has_created and name.endswith("]"):
                moment = read_time(name, value) + (_MOMENT if bound == "gt" else timedelta())
                created_from = max(moment, created_from or moment)
            case ["created", "lte" | "lt" as bound] if accepted.has_created and name.endswith("]"):
                moment = read_time(name, value) + (_MOMENT if bound == "lte" else timedelta())
                created_before = min(moment, created_before or moment)
            case [plain] if plain == name and name in accepted.plain:
                own[name] = value
            case [named, member] if named in accepted.members and member and name.endswith("]"):
                own[name] = value
            case _:
                raise Problem(
                    "parameter_unknown",
                    f"Use only the parameters of this list: {', '.join(_names(accepted))}.",
                    param=_shown(name),
                )
    return ListQuery(
        limit=limit,
        after_id=after_id,
        created_from=created_from,
        created_before=created_before,
        filters=own,
    )


def _names(accepted: Accepted) -> Iterator[str]:
    yield from ("limit", "cursor", *accepted.plain)
    yield from (f"{name}[...]" for name in accepted.members)
    if accepted.has_created:
        yield from (f"created[{bound}]" for bound in BOUNDS)


def refuse_parameters(query: bytes) -> None:
    """Raise `parameter_unknown` for the first parameter of a query that takes none."""
    for name, _ in parameters_of(query):
        raise Problem("parameter_unknown", "This request takes no parameters.", param=_shown(name))


def parameters_of(query: bytes) -> Iterator[tuple[str, str]]:
    """The names and values of a query, each name once."""
    if len(query) > QUERY_BYTES_MAX:
        raise Problem("parameter_invalid", f"The query may have {QUERY_BYTES_MAX} bytes at most.")
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS_MAX
        )
    except ValueError:  # UnicodeDecodeError is one, too
        raise Problem(
            "parameter_invalid", f"Send at most {_PARAMETERS_MAX} parameters, percent-encoded as UTF-8."
        ) from None
    seen: set[str] = set()
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise Problem("parameter_invalid", "Remove the NUL character (%00) from the query.")
        if name in seen:
            raise Problem("parameter_invalid", "Send each parameter once.", param=_shown(name))
        seen.add(name)
        yield name, value


def _limit(value: str) -> int:
    if value.isascii() and value.isdecimal() and len(value) <= len(str(PAGE_ROWS_MAX)):
        limit = int(value)
        if 1 <= limit <= PAGE_ROWS_MAX:
            return limit
    raise Problem(
        "parameter_invalid", f"limit must be a whole number from 1 to {PAGE_ROWS_MAX}.", param="limit"
    )


def read_time(name: str, value: str) -> datetime:
    """A parameter as a time, within reach of a search. Raises `parameter_invalid`."""
    try:
        moment = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(
            "parameter_invalid",
            f"{name} must be an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z (a + is sent as %2B).",
            param=name,
        )
    return within_reach(moment)


def _shown(name: str) -> str | None:
    """A parameter's name, unless it is too long to be a mistyped name, or a card number."""
    return None if len(name) > 100 or holds_card_number(name) else name  # noqa: PLR2004 -- the sentence above


def within_reach(moment: datetime) -> datetime:
    """A bound of a search that PostgreSQL can read: beyond it nothing is, and a timestamp may not hold it in UTC."""
    return min(max(moment, _EARLIEST), _LATEST)
