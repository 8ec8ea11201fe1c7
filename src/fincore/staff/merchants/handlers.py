"""/staff/v1/merchants: find merchants, look at one, register one."""

from fincore.domain.clock import Clock
from fincore.domain.ids import MerchantId
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.acting import Deed, Made, StaffActs, read_act
from fincore.staff.merchants.body import StaffMerchantBody, render_merchant
from fincore.staff.merchants.openapi import (
    CREATE_MERCHANT,
    GET_MERCHANT,
    LIST_MERCHANTS,
    MERCHANTS,
    NAME_FILTER_CHARACTERS_MAX,
)
from fincore.staff.merchants.requests import CREATE
from fincore.staff.merchants.seen_merchant import not_found, seen_merchant
from fincore.write.merchants.merchants import Merchants, NameNotUsable


class MerchantHandlers:
    """The handlers of merchants."""

    def __init__(self, admission: Admission, acts: StaffActs, merchants: Merchants, clock: Clock) -> None:
        self._admission = admission
        self._acts = acts
        self._merchants = merchants
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/merchants"
        return (
            route("GET", path, LIST_MERCHANTS, self.list, permission="merchants.read"),
            route("POST", path, CREATE_MERCHANT, self.create, permission="merchants.manage"),
            route("GET", path + "/{merchant_id}", GET_MERCHANT, self.get, permission="merchants.read"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of merchants."""

        async def find(scope: Scope, query: ListQuery[MerchantId]) -> tuple[list[StaffMerchantBody], bool]:
            name = query.filters.get("name")
            if name is not None and not 1 <= len(name) <= NAME_FILTER_CHARACTERS_MAX:
                raise Problem(
                    "parameter_invalid",
                    f"name must have 1 to {NAME_FILTER_CHARACTERS_MAX} characters.",
                    param="name",
                )
            found = await self._merchants.page(
                merchant_ids=scope.merchant_ids,
                name_has=name,
                after_id=query.after_id,
                limit=query.limit + 1,
            )
            return [render_merchant(one) for one in found[: query.limit]], len(found) > query.limit

        return await MERCHANTS.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """One merchant."""
        found = await self._merchants.find(seen_merchant(call, visit))
        if found is None:
            raise not_found()
        return json_response(200, render_merchant(found))

    async def create(self, call: Call, visit: Visit) -> Response:
        """Register a merchant."""
        visit.require_everywhere()
        request = await read_act(call, CREATE)

        async def make(transaction: Transaction) -> Made:
            merchants = Merchants(transaction, self._clock)
            try:
                merchant_id = await merchants.create_merchant(request.name)
            except NameNotUsable as refused:
                raise Problem("field_invalid", f"Not registered: {refused}.", param="name") from None
            made = await merchants.find(merchant_id)
            if made is None:
                raise AssertionError("a merchant that was inserted in this transaction cannot be missing")
            deed = Deed(
                action="create_merchant",
                object_kind="merchant",
                object_id=merchant_id,
                merchant_id=merchant_id,
                details={"name": request.name},
            )
            location = (("location", f"/staff/v1/merchants/{merchant_id}"),)
            return Made(json_response(201, render_merchant(made), headers=location), deed)

        return await self._acts.change(call, visit, request, make)
