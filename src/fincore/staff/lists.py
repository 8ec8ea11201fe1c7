"""The lists of staff: those of the API, in a mode and for merchants that the caller may see."""

from collections.abc import Awaitable, Callable
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from fincore.domain.errors import InvalidId
from fincore.domain.ids import MerchantId, parse_merchant_id
from fincore.http.exchange import Call, Response
from fincore.http.list_filters import chosen
from fincore.http.list_operation import Entry, ListOperation, MakeBody
from fincore.http.list_query import ListQuery, parameters_of
from fincore.http.openapi import Operation, Parameter
from fincore.http.problems import Problem, ProblemCode
from fincore.staff.access.admission import Visit
from fincore.staff.access.person import Mode, Scope

MODES: Final[tuple[Mode, ...]] = ("live", "test")
MODE: Final = Parameter(
    name="mode",
    place="query",
    is_required=True,
    description="Whether to list what is of live mode or of test mode.",
    schema={"type": "string", "enum": list(MODES)},
)
MERCHANT: Final = Parameter(
    name="merchant",
    place="query",
    description="Only what belongs to this merchant.",
    schema={"type": "string", "pattern": "^mer_"},
)
CURSOR_SCHEMA: Final = {"type": "string", "pattern": r"^[A-Za-z0-9_\-]{6,400}$"}

Id = TypeVar("Id")
EntryT = TypeVar("EntryT", bound=Entry)
FindInScope = Callable[[Scope, ListQuery[Id]], Awaitable[tuple[list[EntryT], bool]]]
"""The entries in a scope that a query asks for, and whether more of them follow."""


class ListName(NamedTuple):
    """In which list of staff a cursor leads on."""

    merchant_id: str
    livemode: bool


class StaffList(Generic[Id, EntryT]):
    """One list of staff in a mode. A query may use the parameters that are documented, and no others."""

    def __init__(
        self,
        plural: str,
        *,
        tag: str,
        description: str,
        parse_id: Callable[[str], Id],
        body: MakeBody[EntryT],
        filters: tuple[Parameter, ...] = (),
        path: tuple[Parameter, ...] = (),
        problems: tuple[ProblemCode, ...] = (),
        of_merchants: bool = True,
        place_of: Callable[[EntryT], str] | None = None,
    ) -> None:
        """As of `ListOperation`. A list that is not `of_merchants` has no filter `merchant`."""
        self._list = ListOperation(
            plural,
            tag=tag,
            description=description,
            filters=(MODE, *((MERCHANT,) if of_merchants else ()), *filters),
            parse_id=parse_id,
            body=body,
            path=path,
            problems=problems,
            place_of=place_of,
        )
        self._name = f"staff:{plural}"

    @property
    def operation(self) -> Operation:
        """How the list is documented."""
        parameters = tuple(
            msgspec.structs.replace(one, schema=CURSOR_SCHEMA) if one.name == "cursor" else one
            for one in self._list.operation.parameters
        )
        return msgspec.structs.replace(self._list.operation, parameters=parameters)

    async def respond(self, call: Call, visit: Visit, find: FindInScope[Id, EntryT]) -> Response:
        """The page that a call asks for. Raises the problems of `ListOperation`, and `permission_missing`."""
        query, scope, owner = self._read(call, visit)
        entries, has_more = await find(scope, query)
        return self._list.page(entries, owner, has_more=has_more)

    def read(self, call: Call, visit: Visit) -> tuple[ListQuery[Id], Scope]:
        """What a call asks of the list, and where: for an export of what is filtered."""
        query, scope, _ = self._read(call, visit)
        return query, scope

    def _read(self, call: Call, visit: Visit) -> tuple[ListQuery[Id], Scope, ListName]:
        # A cursor is of a mode, which is in the query as well: a cursor of the other mode is refused.
        owner = ListName(self._name, ("mode", "live") in parameters_of(call.query))
        query = self._list.read(call.query, owner)
        mode = chosen(query, "mode", MODES)
        if mode is None:
            raise Problem("parameter_invalid", "Say mode=live or mode=test.", param="mode")
        return query, visit.scope(mode, chosen_merchant(query)), owner


def chosen_merchant(query: ListQuery[Id]) -> MerchantId | None:
    """The filter `merchant`, or None where it was not sent. Raises `parameter_invalid`."""
    value = query.filters.get("merchant")
    if value is None:
        return None
    try:
        return parse_merchant_id(value)
    except InvalidId:
        raise Problem(
            "parameter_invalid", "merchant must be the id of a merchant, mer_...", param="merchant"
        ) from None
