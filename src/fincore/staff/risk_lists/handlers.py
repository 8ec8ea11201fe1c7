"""/staff/v1/risk_lists: the lists that rules ask for, and adding and removing entries."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple

from fincore.backoffice.risk_lists import (
    NoSuchList,
    add_value,
    create_list,
    find_value,
    kind_of,
    remove_value,
)
from fincore.domain.clock import Clock
from fincore.domain.errors import UsageError
from fincore.domain.ids import MerchantId
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery, within_reach
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Made, Reasoned, StaffActs, read_act
from fincore.staff.risk_lists.body import (
    ENTRIES_COUNTED_MAX,
    StaffRiskEntryBody,
    StaffRiskEntryFoundList,
    StaffRiskListChangeBody,
    StaffRiskListList,
    render_entry,
    render_list,
)
from fincore.staff.risk_lists.openapi import (
    ADD_RISK_ENTRY,
    CREATE_RISK_LIST,
    ENTRIES,
    FOUND_MAX,
    IMPORT_RISK_ENTRIES,
    LIST_RISK_ENTRIES,
    LIST_RISK_LISTS,
    REMOVE_RISK_ENTRY,
    SEARCH_RISK_ENTRIES,
)
from fincore.staff.risk_lists.requests import (
    ADD,
    CREATE,
    IMPORT,
    REMOVE,
    SEARCH,
    StaffImportedEntry,
    StaffRiskEntryRequest,
)
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.store import ListName

Change = Callable[[RiskLists], Awaitable[int]]
"""Changes a list in a transaction; returns how many values were added or removed."""


class _Named(NamedTuple):
    """The list that is changed, and the word for what is done with it."""

    name: ListName
    word: Literal["created", "added", "removed", "imported"]


class RiskListHandlers:
    """The handlers of lists."""

    def __init__(self, admission: Admission, acts: StaffActs, lists: RiskLists, clock: Clock) -> None:
        self._admission = admission
        self._acts = acts
        self._lists = lists
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/risk_lists"
        one = path + "/{name}"
        return (
            route("GET", path, LIST_RISK_LISTS, self.list, permission="rules.read"),
            route("POST", path, CREATE_RISK_LIST, self.create, permission="rules.manage"),
            route("POST", f"{path}/searches", SEARCH_RISK_ENTRIES, self.search, permission="rules.read"),
            route("GET", f"{one}/entries", LIST_RISK_ENTRIES, self.entries, permission="rules.read"),
            route("POST", f"{one}/add", ADD_RISK_ENTRY, self.add, permission="rules.manage"),
            route("POST", f"{one}/remove", REMOVE_RISK_ENTRY, self.remove, permission="rules.manage"),
            route(
                "POST", f"{one}/import", IMPORT_RISK_ENTRIES, self.import_entries, permission="rules.manage"
            ),
        )

    async def list(self, _: Call, visit: Visit) -> Response:
        """All lists."""
        visit.require_everywhere()
        found = await self._lists.all(counted_max=ENTRIES_COUNTED_MAX)
        return json_response(200, StaffRiskListList(data=[render_list(one) for one in found]))

    async def entries(self, call: Call, visit: Visit) -> Response:
        """A page of entries."""
        visit.require_everywhere()
        name = await self._found(call)

        async def find(query: ListQuery[int]) -> tuple[list[StaffRiskEntryBody], bool]:
            found = await self._lists.page(
                name,
                after=query.after_id or 0,
                is_history=chosen(query, "history", ("true", "false")) == "true",
                limit=query.limit + 1,
            )
            return [render_entry(one) for one in found[: query.limit]], len(found) > query.limit

        return await ENTRIES.respond(call, visit, find)

    async def search(self, call: Call, visit: Visit) -> Response:
        """The entries of all lists that match a value."""
        visit.require_everywhere()
        request = await read_request(call, SEARCH)
        found = await find_value(self._lists, request.value, limit=FOUND_MAX + 1)
        body = StaffRiskEntryFoundList(
            data=[render_entry(one) for one in found[:FOUND_MAX]], has_more=len(found) > FOUND_MAX
        )
        return json_response(200, body)

    async def create(self, call: Call, visit: Visit) -> Response:
        """A new list."""
        visit.require_everywhere()
        request = await read_act(call, CREATE)

        async def change(lists: RiskLists) -> int:
            if request.name in await lists.kinds():
                raise Problem("rules_changed", f"There is a list {request.name} already.", param="name")
            await create_list(
                lists, request.name, request.kind, by=visit.person.username, reason=request.reason
            )
            return 0

        return await self._change(call, visit, request, _Named(ListName(request.name), "created"), change)

    async def add(self, call: Call, visit: Visit) -> Response:
        """Add a value."""
        visit.require_everywhere()
        name = await self._found(call)
        request = await read_act(call, ADD)

        async def change(lists: RiskLists) -> int:
            await self._add(lists, name, request, visit.person.username, request.reason)
            return 1

        return await self._change(call, visit, request, _Named(name, "added"), change)

    async def remove(self, call: Call, visit: Visit) -> Response:
        """Remove a value."""
        visit.require_everywhere()
        name = await self._found(call)
        request = await read_act(call, REMOVE)

        async def change(lists: RiskLists) -> int:
            removed = await remove_value(
                lists,
                name,
                request.value,
                merchant_id=_merchant(request.merchant),
                by=visit.person.username,
                reason=request.reason,
            )
            return 0 if removed is None else 1

        return await self._change(call, visit, request, _Named(name, "removed"), change)

    async def import_entries(self, call: Call, visit: Visit) -> Response:
        """Add several values, all or none."""
        visit.require_everywhere()
        name = await self._found(call)
        request = await read_act(call, IMPORT)

        async def change(lists: RiskLists) -> int:
            return await self._import(lists, name, request.entries, visit.person.username, request.reason)

        return await self._change(call, visit, request, _Named(name, "imported"), change)

    async def _change(
        self,
        call: Call,
        visit: Visit,
        request: Reasoned,
        named: _Named,
        change: Change,
    ) -> Response:
        name, word = named

        async def make(transaction: Transaction) -> Made:
            try:
                values = await change(RiskLists(transaction))
            except NoSuchList:
                raise _not_found() from None
            except UsageError as refused:
                text = str(refused)
                raise Problem("field_invalid", f"{text[:1].upper()}{text[1:]}.", param="value") from None
            body = StaffRiskListChangeBody(list=name, change=word, values=values)
            # The entries themselves tell who listed which value: values are personal data, and are not copied here.
            deed = Deed(
                action=f"{word}_list" if word == "created" else f"{word}_entries",
                object_kind="risk_list",
                object_id=name,
                details={"values": values},
            )
            return Made(json_response(201 if word == "created" else 200, body), deed)

        return await self._acts.change(call, visit, request, make)

    async def _add(
        self,
        lists: RiskLists,
        name: ListName,
        entry: StaffImportedEntry | StaffRiskEntryRequest,
        by: str,
        reason: str,
    ) -> None:
        await add_value(
            lists,
            name,
            entry.value,
            merchant_id=_merchant(entry.merchant),
            expires_at=None if entry.expires_at is None else within_reach(entry.expires_at),
            now=self._clock.now(),
            by=by,
            reason=reason,
        )

    async def _import(
        self,
        lists: RiskLists,
        name: ListName,
        entries: Sequence[StaffImportedEntry],
        by: str,
        reason: str,
    ) -> int:
        for number, entry in enumerate(entries, start=1):
            try:
                await self._add(lists, name, entry, by, reason)
            except UsageError as refused:
                raise Problem(
                    "field_invalid", f"Nothing was imported: entry {number}: {refused}.", param="entries"
                ) from None
        return len(entries)

    async def _found(self, call: Call) -> ListName:
        name = call.path_parameter("name")
        try:
            await kind_of(self._lists, name)
        except NoSuchList:
            raise _not_found() from None
        return ListName(name)


def _merchant(merchant: str | None) -> MerchantId | None:
    return None if merchant is None else MerchantId(merchant)


def _not_found() -> Problem:
    return Problem("risk_list_not_found", param="name")
