"""/staff/v1/reconciliation_days: the days of runs, and the report of one."""

from datetime import date
from typing import Final

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.reconciliation.report.day_report import CheckedDay
from fincore.reconciliation.report.forms import rendered_day
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.lists import MODE
from fincore.staff.reading import parse_day, read_parameters, read_query, require_all_merchants
from fincore.staff.reconciliation_days.body import StaffReconciliationDay, render_day_report, render_sealed
from fincore.staff.reconciliation_days.openapi import DAYS, DOWNLOAD_DAY, GET_DAY
from fincore.staff.report_download import FORMAT, report_file, report_format

YEAR_MIN: Final = 2010
"""Earlier than any settlement file that is believed."""


class ReconciliationDays:
    """The handlers of days, which are of no merchant."""

    def __init__(self, admission: Admission, reconciliation: ReconciliationViews) -> None:
        self._admission = admission
        self._reconciliation = reconciliation

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        path = "/staff/v1/reconciliation_days"
        return (
            route("GET", path, DAYS.operation, self.list, permission="books.read"),
            route("GET", f"{path}/{{day}}", GET_DAY, self.get, permission="books.read"),
            route("GET", f"{path}/{{day}}/report", DOWNLOAD_DAY, self.download, permission="books.read"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of days."""

        async def find(scope: Scope, query: ListQuery[date]) -> tuple[list[StaffReconciliationDay], bool]:
            require_all_merchants(visit, scope)
            page = await self._reconciliation.days(after=query.after_id, limit=query.limit)
            return [render_sealed(one) for one in page.days], page.has_more

        return await DAYS.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """The report of a day in one mode."""
        day = call.path_id("day", parse_day, "reconciliation_day_not_found")
        scope, _ = read_query(call, visit, (MODE,))
        require_all_merchants(visit, scope)
        checked = await self._report(day)
        return json_response(200, render_day_report(checked, "live" if scope.livemode else "test"))

    async def download(self, call: Call, visit: Visit) -> Response:
        """The report of a day as a file."""
        day = call.path_id("day", parse_day, "reconciliation_day_not_found")
        form = report_format(read_parameters(call, (FORMAT,)))
        visit.require_everywhere()
        checked = await self._report(day)
        return report_file(day.isoformat(), form, rendered_day(checked, form))

    async def _report(self, day: date) -> CheckedDay:
        checked = await self._reconciliation.day_report(day) if day.year >= YEAR_MIN else None
        if checked is None:
            raise Problem("reconciliation_day_not_found", param="day")
        return checked
