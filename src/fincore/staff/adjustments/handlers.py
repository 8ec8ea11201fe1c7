"""/staff/v1/adjustments: what people booked to end differences with PSPs."""

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.domain.ids import AdjustmentId
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_query import ListQuery
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.adjustments.body import StaffAdjustment, render_adjustment
from fincore.staff.adjustments.openapi import ADJUSTMENTS
from fincore.staff.reading import number_filter, require_all_merchants


class AdjustmentHandlers:
    """The handler of adjustments, which are of no merchant."""

    def __init__(self, admission: Admission, reconciliation: ReconciliationViews) -> None:
        self._admission = admission
        self._reconciliation = reconciliation

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        return (
            route("GET", "/staff/v1/adjustments", ADJUSTMENTS.operation, self.list, permission="books.read"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of adjustments."""

        async def find(scope: Scope, query: ListQuery[AdjustmentId]) -> tuple[list[StaffAdjustment], bool]:
            require_all_merchants(visit, scope)
            page = await self._reconciliation.adjustments(
                livemode=scope.livemode,
                break_id=number_filter(query, "break"),
                after=query.after_id,
                limit=query.limit,
            )
            return [render_adjustment(one) for one in page.adjustments], page.has_more

        return await ADJUSTMENTS.respond(call, visit, find)
