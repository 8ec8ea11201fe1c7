"""/staff/v1/risk_lists: the lists that rules ask for, and adding and removing entries."""

from collections.abc import Mapping
from typing import Final, Literal

from fincore.backoffice.proposed_list_changes import (
    ListedValue,
    ProposedListChange,
    change_list,
    loosening,
)
from fincore.backoffice.risk_lists import (
    NoSuchList,
    create_list,
    find_value,
    kind_of,
)
from fincore.domain.clock import Clock
from fincore.domain.errors import FinCoreError, UsageError
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
from fincore.staff.proposing import Proposing
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
    CREATED,
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
from fincore.write.staff.act_names import ActName
from fincore.write.staff.proposals import NewProposal

ChangeWord = Literal["created", "added", "removed", "imported"]
_NAMES: Final[Mapping[ChangeWord, ActName]] = {
    "created": "created_list",
    "added": "added_entries",
    "removed": "removed_entries",
    "imported": "imported_entries",
}


class _SecondPersonNeeded(FinCoreError):
    """One person may not change a list so alone; the message says why."""


class RiskListHandlers:
    """The handlers of lists."""

    def __init__(
        self,
        admission: Admission,
        acts: StaffActs,
        proposing: Proposing,
        lists: RiskLists,
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._proposing = proposing
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

        async def make(transaction: Transaction) -> Made:
            lists = RiskLists(transaction)
            if request.name in await lists.kinds():
                raise Problem("rules_changed", f"There is a list {request.name} already.", param="name")
            try:
                await create_list(
                    lists, request.name, request.kind, by=visit.person.username, reason=request.reason
                )
            except UsageError as refused:
                raise _not_usable(refused, "name") from None
            return _made(ListName(request.name), "created", 0)

        return await self._acts.change(call, visit, request, make)

    async def add(self, call: Call, visit: Visit) -> Response:
        """Add a value."""
        visit.require_everywhere()
        name = await self._found(call)
        request = await read_act(call, ADD)
        act = ProposedListChange(list=name, change="add", entries=(_listed(request),))
        return await self._change(call, visit, request, "added", act)

    async def remove(self, call: Call, visit: Visit) -> Response:
        """Remove a value."""
        visit.require_everywhere()
        name = await self._found(call)
        request = await read_act(call, REMOVE)
        value = ListedValue(value=request.value, merchant_id=_merchant(request.merchant))
        act = ProposedListChange(list=name, change="remove", entries=(value,))
        return await self._change(call, visit, request, "removed", act)

    async def import_entries(self, call: Call, visit: Visit) -> Response:
        """Add several values, all or none."""
        visit.require_everywhere()
        name = await self._found(call)
        request = await read_act(call, IMPORT)
        act = ProposedListChange(
            list=name, change="add", entries=tuple(_listed(entry) for entry in request.entries)
        )
        return await self._change(call, visit, request, "imported", act)

    async def _change(
        self, call: Call, visit: Visit, request: Reasoned, word: ChangeWord, act: ProposedListChange
    ) -> Response:
        """Change a list alone, or propose it."""

        async def make(transaction: Transaction) -> Made:
            try:
                because = await loosening(transaction, act)
                values = await change_list(
                    RiskLists(transaction),
                    act,
                    now=self._clock.now(),
                    by=visit.person.username,
                    reason=request.reason,
                )
            except NoSuchList:
                raise _not_found() from None
            except UsageError as refused:
                raise _not_usable(refused, "entries" if word == "imported" else "value") from None
            if because is not None:  # it can be done, and is rolled back
                raise _SecondPersonNeeded(because)
            return _made(act.list, word, values)

        try:
            return await self._acts.change(call, visit, request, make)
        except _SecondPersonNeeded as needed:
            because = str(needed)

        async def prepare() -> NewProposal:
            return NewProposal(
                kind="risk_list_entries",
                livemode=None,
                merchant_id=None,
                object_id=f"risk_list:{act.list}",
                money=None,
                act=act,
                proposer=visit.person.actor,
                reason=request.reason,
                needed_because=because,
            )

        return await self._acts.carry_out(
            call,
            visit,
            request,
            _deed(act.list, word, len(act.entries)),
            self._proposing.carry_of(call, request, prepare),
        )

    async def _found(self, call: Call) -> ListName:
        name = call.path_parameter("name")
        try:
            await kind_of(self._lists, name)
        except NoSuchList:
            raise _not_found() from None
        return ListName(name)


def _listed(entry: StaffImportedEntry | StaffRiskEntryRequest) -> ListedValue:
    return ListedValue(
        value=entry.value,
        merchant_id=_merchant(entry.merchant),
        expires_at=None if entry.expires_at is None else within_reach(entry.expires_at),
    )


def _made(name: ListName, word: ChangeWord, values: int) -> Made:
    body = StaffRiskListChangeBody(list=name, change=word, values=values)
    return Made(json_response(CREATED if word == "created" else 200, body), _deed(name, word, values))


def _deed(name: ListName, word: ChangeWord, values: int) -> Deed:
    # The entries themselves tell who listed which value: values are personal data, and are not copied here.
    return Deed(
        action=_NAMES[word],
        object_kind="risk_list",
        object_id=name,
        details={"values": values},
    )


def _not_usable(refused: UsageError, param: str) -> Problem:
    text = str(refused)
    if param == "entries":
        return Problem("field_invalid", f"Nothing was imported: {text}.", param=param)
    return Problem("field_invalid", f"{text[:1].upper()}{text[1:]}.", param=param)


def _merchant(merchant: str | None) -> MerchantId | None:
    return None if merchant is None else MerchantId(merchant)


def _not_found() -> Problem:
    return Problem("risk_list_not_found", param="name")
