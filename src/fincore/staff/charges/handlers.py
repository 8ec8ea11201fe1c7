"""/staff/v1/charges/searches and /totals: charges by any filters."""

from typing import Final

import msgspec

from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.problems import Problem
from fincore.read.paymentdb.staff_charge_queries import TERMS_MAX, StaffChargeQueries
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.charges.body import charge_list, charge_totals
from fincore.staff.charges.openapi import SEARCH_CHARGES, TOTAL_CHARGES
from fincore.staff.charges.requests import StaffChargeFilter, StaffChargeSearch, filters_of
from fincore.staff.payment_scope import cursor_to, place_of, scope_of

_SEARCH: Final = msgspec.json.Decoder(StaffChargeSearch)
_FILTER: Final = msgspec.json.Decoder(StaffChargeFilter)
_PLURAL: Final = "charges"


class StaffCharges:
    """The handlers of lists of charges."""

    def __init__(self, admission: Admission, queries: StaffChargeQueries) -> None:
        self._admission = admission
        self._queries = queries

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        return (
            route(
                "POST",
                "/staff/v1/charges/searches",
                SEARCH_CHARGES,
                self.search,
                permission="payments.read",
            ),
            route("POST", "/staff/v1/charges/totals", TOTAL_CHARGES, self.total, permission="payments.read"),
        )

    async def search(self, call: Call, visit: Visit) -> Response:
        """A page of charges."""
        request = await read_request(call, _SEARCH)
        scope = scope_of(visit, request.mode, request.merchant)
        after = place_of(request.cursor, _PLURAL, livemode=scope.livemode)
        page = await self._queries.list_charges(scope, filters_of(request), after=after, limit=request.limit)
        if page.is_cut:
            raise Problem(
                "field_invalid",
                f"More than {TERMS_MAX} addresses begin so: send more of the address.",
                param="customer_email_prefix",
            )
        next_cursor = cursor_to(page.next_place, _PLURAL, livemode=scope.livemode)
        return json_response(200, charge_list(page, next_cursor))

    async def total(self, call: Call, visit: Visit) -> Response:
        """What the charges of a filter add up to."""
        request = await read_request(call, _FILTER)
        scope = scope_of(visit, request.mode, request.merchant)
        return json_response(200, charge_totals(await self._queries.total(scope, filters_of(request))))
