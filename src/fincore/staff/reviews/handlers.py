"""/staff/v1/reviews: the charges that wait for a person's decision."""

from fincore.backoffice.worklists import Worklists
from fincore.domain.ids import ChargeId
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_query import ListQuery
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.charge_summary import StaffChargeSummary, charge_summary
from fincore.staff.payment_scope import query_scope
from fincore.staff.reviews.openapi import REVIEWS


class StaffReviews:
    """The handler of the list of reviews."""

    def __init__(self, admission: Admission, worklists: Worklists) -> None:
        self._admission = admission
        self._worklists = worklists

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET", "/staff/v1/reviews", REVIEWS.operation, self.list, permission="payments.read"
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of reviews."""

        async def find(scope: Scope, query: ListQuery[ChargeId]) -> tuple[list[StaffChargeSummary], bool]:
            found = await self._worklists.reviews(
                query_scope(scope), after_id=query.after_id, limit=query.limit + 1
            )
            shown = [charge_summary(view.charge_id, view.charge) for view in found[: query.limit]]
            return shown, len(found) > query.limit

        return await REVIEWS.respond(call, visit, find)
