"""/staff/v1/uncleared_items and /staff/v1/uncleared_amounts: what no statement has told of, one by one and by age."""

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery
from fincore.reconciliation.pages.uncleared_pages import ItemPlace, UnclearedFilters
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.ledger_parameters import currency_filter
from fincore.staff.list_filters import account_filter, days_filter
from fincore.staff.lists import MODE
from fincore.staff.reading import read_query, require_all_merchants
from fincore.staff.uncleared.body import (
    StaffUnclearedAmounts,
    StaffUnclearedItem,
    render_amount,
    render_uncleared,
)
from fincore.staff.uncleared.openapi import GET_AMOUNTS, ITEMS, KINDS


class Uncleared:
    """The handlers of what is uncleared, which is of all merchants together."""

    def __init__(self, admission: Admission, reconciliation: ReconciliationViews) -> None:
        self._admission = admission
        self._reconciliation = reconciliation

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        return (
            route("GET", "/staff/v1/uncleared_amounts", GET_AMOUNTS, self.amounts, permission="books.read"),
            route("GET", "/staff/v1/uncleared_items", ITEMS.operation, self.items, permission="books.read"),
        )

    async def amounts(self, call: Call, visit: Visit) -> Response:
        """What is uncleared by age."""
        scope, _ = read_query(call, visit, (MODE,))
        require_all_merchants(visit, scope)
        found = await self._reconciliation.uncleared_amounts(livemode=scope.livemode)
        return json_response(200, StaffUnclearedAmounts(data=[render_amount(one) for one in found]))

    async def items(self, call: Call, visit: Visit) -> Response:
        """A page of items."""

        async def find(scope: Scope, query: ListQuery[ItemPlace]) -> tuple[list[StaffUnclearedItem], bool]:
            require_all_merchants(visit, scope)
            psp, psp_account = account_filter(query)
            page = await self._reconciliation.uncleared_items(
                UnclearedFilters(
                    livemode=scope.livemode,
                    psp=psp,
                    psp_account=psp_account,
                    currency=currency_filter(query),
                    kind=chosen(query, "kind", KINDS),
                    days_min=days_filter(query, "min_days") or 0,
                    days_max=days_filter(query, "max_days"),
                ),
                after=query.after_id,
                limit=query.limit,
            )
            return [render_uncleared(one) for one in page.items], page.has_more

        return await ITEMS.respond(call, visit, find)
