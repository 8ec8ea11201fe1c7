"""The lists of staff of what belongs to no mode and no merchant, such as dead letters: for people who see all."""

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import msgspec

from fincore.http.exchange import Call, Response
from fincore.http.list_operation import Entry, ListOperation, MakeBody
from fincore.http.list_query import ListQuery
from fincore.http.openapi import Operation, Parameter
from fincore.http.problems import ProblemCode
from fincore.staff.access.admission import Visit
from fincore.staff.lists import CURSOR_SCHEMA, ListName

Id = TypeVar("Id")
EntryT = TypeVar("EntryT", bound=Entry)
FindAll = Callable[[ListQuery[Id]], Awaitable[tuple[list[EntryT], bool]]]
"""The entries that a query asks for, and whether more of them follow."""


class InstallationList(Generic[Id, EntryT]):
    """One list of staff of what is of no mode. A query may use the parameters that are documented, and no others."""

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
    ) -> None:
        """As of `ListOperation`."""
        self._list = ListOperation(
            plural,
            tag=tag,
            description=f"{description} It needs the permission in both modes and for all merchants.",
            filters=filters,
            parse_id=parse_id,
            body=body,
            path=path,
            problems=problems,
        )
        self._name: Final = ListName(f"staff:{plural}", livemode=False)

    @property
    def operation(self) -> Operation:
        """How the list is documented."""
        parameters = tuple(
            msgspec.structs.replace(one, schema=CURSOR_SCHEMA) if one.name == "cursor" else one
            for one in self._list.operation.parameters
        )
        return msgspec.structs.replace(self._list.operation, parameters=parameters)

    async def respond(self, call: Call, visit: Visit, find: FindAll[Id, EntryT]) -> Response:
        """The page that a call asks for. Raises the problems of `ListOperation`, and `permission_missing`."""
        visit.require_everywhere()
        query = self._list.read(call.query, self._name)
        entries, has_more = await find(query)
        return self._list.page(entries, self._name, has_more=has_more)
