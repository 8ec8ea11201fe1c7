"""/staff/v1/unknown_outcomes: what is asked of PSPs until it is known, and what a person has to resolve."""

from fincore.backoffice.worklists import Worklists
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_query import ListQuery
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.payment_scope import query_scope
from fincore.staff.unknown_outcomes.body import StaffUnknownOutcome, staff_unknown
from fincore.staff.unknown_outcomes.openapi import UNKNOWN_OUTCOMES
from fincore.staff.worklist_place import WorklistPlace


class StaffUnknownOutcomes:
    """The handler of the list of unknown outcomes."""

    def __init__(self, admission: Admission, worklists: Worklists) -> None:
        self._admission = admission
        self._worklists = worklists

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET",
                "/staff/v1/unknown_outcomes",
                UNKNOWN_OUTCOMES.operation,
                self.list,
                permission="payments.read",
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of unknown outcomes."""

        async def find(
            scope: Scope, query: ListQuery[WorklistPlace]
        ) -> tuple[list[StaffUnknownOutcome], bool]:
            listed = await self._worklists.unknown_outcomes(
                query_scope(scope), after=query.after_id, limit=query.limit + 1
            )
            return [staff_unknown(one) for one in listed[: query.limit]], len(listed) > query.limit

        return await UNKNOWN_OUTCOMES.respond(call, visit, find)
