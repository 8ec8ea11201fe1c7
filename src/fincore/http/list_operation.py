"""The one way in which the API lists: how a list is documented, which filters it accepts, and how a page is answered."""

from collections.abc import Awaitable, Callable
from typing import Final, Generic, Protocol, TypeVar, cast

import msgspec

from fincore.http.credentials import secret_principal
from fincore.http.cursor import CURSOR_PATTERN, ListOwner, cursor_after
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import LIMIT_DEFAULT, Accepted, ListQuery, read_list_query
from fincore.http.openapi import Content, Operation, Parameter
from fincore.http.problems import ProblemCode
from fincore.read.page import PAGE_ROWS_MAX
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys

_TIME: Final = {"type": "string", "format": "date-time"}

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
_PROBLEMS: Final[tuple[ProblemCode, ...]] = ("parameter_invalid", "parameter_unknown", "cursor_invalid")


class Entry(Protocol):
    """An entry of a list; its id, as merchants see it, is the place from which the next page goes on."""

    @property
    def id(self) -> str: ...


Id = TypeVar("Id")
EntryT = TypeVar("EntryT", bound=Entry)


class MakeBody(Protocol[EntryT]):
    """The type of a list's body, as what makes one."""

    def __call__(self, *, data: list[EntryT], has_more: bool, next_cursor: str | None) -> msgspec.Struct: ...


FindPage = Callable[[Principal, ListQuery[Id]], Awaitable[tuple[list[EntryT], bool]]]
"""The entries that a merchant's query asks for, and whether more of them follow."""


class ListOperation(Generic[Id, EntryT]):
    """One list of the API. A query may use the parameters that are documented, and no others."""

    def __init__(
        self,
        plural: str,
        *,
        tag: str,
        description: str,
        filters: tuple[Parameter, ...],
        parse_id: Callable[[str], Id],
        body: MakeBody[EntryT],
        path: tuple[Parameter, ...] = (),
        problems: tuple[ProblemCode, ...] = (),
        place_of: Callable[[EntryT], str] | None = None,
    ) -> None:
        """`plural` names the entries; `parse_id` reads their ids and raises `InvalidId` for others.

        `place_of` says where an entry is in the list, where that is more than its id; `parse_id` reads that then.
        """
        self.operation: Final = Operation(
            operation_id=f"list_{plural.replace(' ', '_')}",
            summary=f"List {plural}",
            description=f"{description} Every page takes the same time, however far it is from the first.",
            tag=tag,
            parameters=(*path, LIMIT, CURSOR, *filters),
            responses={200: Content(shape=cast("type", body), description=f"A page of {plural}.")},
            problems=(*_PROBLEMS, *problems),
        )
        self._accepted = Accepted(
            plain=tuple(one.name for one in filters if one.has_plain_form or not one.is_deep_object),
            members=tuple(one.name for one in filters if one.is_deep_object and one is not CREATED),
            has_created=CREATED in filters,
        )
        self._parse_id = parse_id
        self._body = body
        self._place_of = place_of

    async def respond(self, call: Call, keys: ApiKeys, find: FindPage[Id, EntryT]) -> Response:
        """The page that a call asks for, of the merchant of its key."""
        principal = await secret_principal(call, keys)
        entries, has_more = await find(principal, self.read(call.query, principal))
        return self.page(entries, principal, has_more=has_more)

    def read(self, query: bytes, owner: ListOwner) -> ListQuery[Id]:
        """What a query asks of this list. Raises `parameter_unknown`, `parameter_invalid` and `cursor_invalid`."""
        return read_list_query(query, owner, self._parse_id, self._accepted)

    def page(self, entries: list[EntryT], owner: ListOwner, *, has_more: bool) -> Response:
        """The response that holds some entries."""
        next_cursor = cursor_after(self._place(entries[-1]), owner) if has_more else None
        return json_response(200, self._body(data=entries, has_more=has_more, next_cursor=next_cursor))

    def _place(self, entry: EntryT) -> str:
        return entry.id if self._place_of is None else self._place_of(entry)
