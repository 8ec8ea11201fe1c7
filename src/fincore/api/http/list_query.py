"""What all lists share: how many, after which one, created when. Pure; each list reads its own filters."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec

from fincore.api.http.cursor import CURSOR_PATTERN, read_cursor
from fincore.api.http.openapi import Parameter
from fincore.api.http.problems import Problem, ProblemCode
from fincore.domain.card_number import holds_card_number
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.read.page import PAGE_ROWS_MAX
from fincore.write.merchants.api_key import Principal
from fincore.write.payments.operation_request import CHARGE_ID_PATTERN

LIMIT_DEFAULT: Final = 10
QUERY_BYTES_MAX: Final = 8_192
_PARAMETERS_MAX: Final = 100
_DIGITS_MAX: Final = 18
"""Of a number: any value of so many digits fits into 64 bits."""
AMOUNT_MAX: Final = 10**_DIGITS_MAX - 1
BOUNDS: Final = ("gte", "gt", "lte", "lt")
"""The ends of a range: `created[gte]=...`."""
_MOMENT: Final = timedelta(microseconds=1)  # what PostgreSQL tells apart
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)
_TIME: Final = {"type": "string", "format": "date-time"}

LIST_PROBLEMS: Final[tuple[ProblemCode, ...]] = ("parameter_invalid", "parameter_unknown", "cursor_invalid")
"""What every list may answer beside its page."""
READ_PROBLEMS: Final[tuple[ProblemCode, ...]] = ("parameter_invalid", "parameter_unknown")
"""What a GET without parameters may answer beside its own problems."""
LIMIT: Final = Parameter(
    name="limit",
    place="query",
    description="How many entries a page has.",
    schema={"type": "integer", "minimum": 1, "maximum": PAGE_ROWS_MAX, "default": LIMIT_DEFAULT},
)
CURSOR: Final = Parameter(
    name="cursor",
    place="query",
    description="`next_cursor` of the page before.",
    schema={"type": "string", "pattern": CURSOR_PATTERN},
)
CHARGE: Final = Parameter(
    name="charge",
    place="query",
    description="Only what belongs to this charge.",
    schema={"type": "string", "pattern": CHARGE_ID_PATTERN},
)
CREATED: Final = Parameter(
    name="created",
    place="query",
    is_deep_object=True,
    description="Only what was created in this time: `created[gte]=2026-01-01T00:00:00Z`.",
    schema={
        "type": "object",
        "properties": {
            "gte": {**_TIME, "description": "At this time or later."},
            "gt": {**_TIME, "description": "Later than this time."},
            "lte": {**_TIME, "description": "At this time or earlier."},
            "lt": {**_TIME, "description": "Earlier than this time."},
        },
        "additionalProperties": False,
    },
)

Id = TypeVar("Id")
Choice = TypeVar("Choice", bound=str)


class ListQuery(msgspec.Struct, Generic[Id], frozen=True, kw_only=True):
    """One page of a list: how many, after which one, created in [`created_from`, `created_before`).

    `filters` are the list's own, by their whole names (`status`, `metadata[order_id]`), as they came.
    """

    limit: int
    after_id: Id | None
    created_from: datetime | None
    created_before: datetime | None
    filters: Mapping[str, str]


def read_list_query(
    query: bytes,
    principal: Principal,
    parse_id: Callable[[str], Id],
    *,
    filters: Collection[str] = (),
    keyed_filters: Collection[str] = (),
    has_created: bool = True,
) -> ListQuery[Id]:
    """What a query asks for. Raises `parameter_unknown`, `parameter_invalid` and `cursor_invalid`.

    `parse_id` reads the list's ids and raises `InvalidId` for others; a filter in `keyed_filters` is written
    `name[key]=value`.
    """
    limit = LIMIT_DEFAULT
    after_id: Id | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    own: dict[str, str] = {}
    for name, value in _parameters(query):
        match name.removesuffix("]").split("[", 1):
            case ["limit"] if name == "limit":
                limit = _limit(value)
            case ["cursor"] if name == "cursor":
                after_id = read_cursor(value, principal, parse_id)
            # Of several bounds the narrowest interval counts.
            case ["created", "gte" | "gt" as bound] if has_created and name.endswith("]"):
                moment = _time(name, value) + (_MOMENT if bound == "gt" else timedelta())
                created_from = max(moment, created_from or moment)
            case ["created", "lte" | "lt" as bound] if has_created and name.endswith("]"):
                moment = _time(name, value) + (_MOMENT if bound == "lte" else timedelta())
                created_before = min(moment, created_before or moment)
            case [plain] if plain == name and name in filters:
                own[name] = value
            case [keyed, key] if keyed in keyed_filters and key and name.endswith("]"):
                own[name] = value
            case _:
                known = ("limit", "cursor", *filters, *(f"{keyed}[...]" for keyed in keyed_filters))
                created = tuple(f"created[{bound}]" for bound in BOUNDS) if has_created else ()
                raise Problem(
                    "parameter_unknown",
                    f"The parameters of this list are {', '.join((*known, *created))}.",
                    param=_shown(name),
                )
    return ListQuery(
        limit=limit,
        after_id=after_id,
        created_from=created_from,
        created_before=created_before,
        filters=own,
    )


def refuse_parameters(query: bytes) -> None:
    """Raise `parameter_unknown` for the first parameter of a query that takes none."""
    for name, _ in _parameters(query):
        raise Problem("parameter_unknown", "This request takes no parameters.", param=_shown(name))


def chosen(asked: ListQuery[Id], name: str, choices: Collection[Choice]) -> Choice | None:
    """The filter `name` as one of `choices`, or None where it was not sent. Raises `parameter_invalid`."""
    value = asked.filters.get(name)
    for choice in choices:
        if choice == value:
            return choice
    if value is None:
        return None
    raise Problem("parameter_invalid", f"{name} must be one of {', '.join(choices)}.", param=name)


def chosen_several(asked: ListQuery[Id], name: str, choices: Collection[Choice]) -> tuple[Choice, ...]:
    """The filter `name` as some of `choices`, separated by commas; none where it was not sent. Raises `parameter_invalid`."""
    value = asked.filters.get(name)
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


def chosen_charge(asked: ListQuery[Id]) -> ChargeId | None:
    """The filter `charge`, or None where it was not sent. Raises `parameter_invalid`."""
    value = asked.filters.get("charge")
    if value is None:
        return None
    try:
        return parse_charge_id(value)
    except InvalidId:
        raise Problem(
            "parameter_invalid", "charge must be the id of a charge, ch_...", param="charge"
        ) from None


def _parameters(query: bytes) -> Iterator[tuple[str, str]]:
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


def _time(name: str, value: str) -> datetime:
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


def within_reach(moment: datetime) -> datetime:
    """A bound of a search that PostgreSQL can read: beyond it nothing is, and a timestamp may not hold it in UTC."""
    return min(max(moment, _EARLIEST), _LATEST)


def _shown(name: str) -> str | None:
    """A parameter's name, unless it is too long to be a mistyped name, or a card number."""
    return None if len(name) > 100 or holds_card_number(name) else name  # noqa: PLR2004 -- the sentence above
