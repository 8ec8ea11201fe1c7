"""/staff/v1/suspense_items: what waits in suspense."""

from fincore.backoffice.ledger_views import LedgerViews, SuspensePlace
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_query import ListQuery
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.reading import require_all_merchants
from fincore.staff.suspense.body import StaffSuspenseItem, render_item
from fincore.staff.suspense.openapi import ITEMS


class Suspense:
    """The handler of suspense, which is of no merchant until a person says of which."""

    def __init__(self, admission: Admission, ledger: LedgerViews) -> None:
        self._admission = admission
        self._ledger = ledger

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        return (
            route("GET", "/staff/v1/suspense_items", ITEMS.operation, self.list, permission="books.read"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of what waits."""

        async def find(scope: Scope, query: ListQuery[SuspensePlace]) -> tuple[list[StaffSuspenseItem], bool]:
            require_all_merchants(visit, scope)
            items, has_more = await self._ledger.suspense(
                livemode=scope.livemode, after=query.after_id, limit=query.limit
            )
            return [render_item(one) for one in items], has_more

        return await ITEMS.respond(call, visit, find)
