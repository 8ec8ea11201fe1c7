"""/staff/v1/held_reports: reports of PSPs that wait for a person."""

from fincore.backoffice.worklists import Worklists
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_filters import chosen_charge
from fincore.http.list_query import ListQuery
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.held_reports.body import StaffHeldReportRow, held_report_row
from fincore.staff.held_reports.openapi import HELD_REPORTS
from fincore.staff.payment_scope import query_scope
from fincore.staff.worklist_place import WorklistPlace


class StaffHeldReports:
    """The handler of the list of held reports."""

    def __init__(self, admission: Admission, worklists: Worklists) -> None:
        self._admission = admission
        self._worklists = worklists

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET",
                "/staff/v1/held_reports",
                HELD_REPORTS.operation,
                self.list,
                permission="payments.read",
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of held reports."""

        async def find(
            scope: Scope, query: ListQuery[WorklistPlace]
        ) -> tuple[list[StaffHeldReportRow], bool]:
            reports = await self._worklists.held_reports(
                query_scope(scope),
                charge_id=chosen_charge(query),
                after=query.after_id,
                limit=query.limit + 1,
            )
            return [held_report_row(one) for one in reports[: query.limit]], len(reports) > query.limit

        return await HELD_REPORTS.respond(call, visit, find)
