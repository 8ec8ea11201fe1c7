"""/staff/v1/payouts: what PSPs send to our bank accounts."""

from fincore.backoffice.worklists import Worklists
from fincore.domain.ids import PayoutId
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.payouts.body import StaffPayout, staff_payout
from fincore.staff.payouts.openapi import PAYOUT_STATUSES, PAYOUTS
from fincore.staff.reading import require_all_merchants
from fincore.write.settlement.listed_payouts import PayoutFilters


class StaffPayouts:
    """The handler of the list of payouts."""

    def __init__(self, admission: Admission, worklists: Worklists) -> None:
        self._admission = admission
        self._worklists = worklists

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET", "/staff/v1/payouts", PAYOUTS.operation, self.list, permission="books.read"
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of payouts."""

        async def find(scope: Scope, query: ListQuery[PayoutId]) -> tuple[list[StaffPayout], bool]:
            require_all_merchants(visit, scope)
            filters = PayoutFilters(
                livemode=scope.livemode,
                status=chosen(query, "status", PAYOUT_STATUSES),
                after_id=query.after_id,
            )
            found = await self._worklists.payouts(filters, limit=query.limit + 1)
            return [staff_payout(one) for one in found[: query.limit]], len(found) > query.limit

        return await PAYOUTS.respond(call, visit, find)
