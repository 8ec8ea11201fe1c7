"""/staff/v1/reconciliation_runs: the runs, and the report of one."""

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.domain.ids import RunId
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.reconciliation.report.forms import rendered
from fincore.reconciliation.report.run_report import CheckedReport
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.lists import MODE
from fincore.staff.reading import read_parameters, read_query, require_all_merchants
from fincore.staff.reconciliation_runs.body import StaffRun, render_report, render_run
from fincore.staff.reconciliation_runs.openapi import DOWNLOAD_RUN, GET_RUN, RUNS, parse_run_id
from fincore.staff.report_download import FORMAT, report_file, report_format


class ReconciliationRuns:
    """The handlers of runs, which are of no merchant."""

    def __init__(self, admission: Admission, reconciliation: ReconciliationViews) -> None:
        self._admission = admission
        self._reconciliation = reconciliation

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route = self._admission.route
        path = "/staff/v1/reconciliation_runs"
        return (
            route("GET", path, RUNS.operation, self.list, permission="books.read"),
            route("GET", f"{path}/{{run_id}}", GET_RUN, self.get, permission="books.read"),
            route("GET", f"{path}/{{run_id}}/report", DOWNLOAD_RUN, self.download, permission="books.read"),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of runs."""

        async def find(scope: Scope, query: ListQuery[RunId]) -> tuple[list[StaffRun], bool]:
            require_all_merchants(visit, scope)
            page = await self._reconciliation.runs(
                livemode=scope.livemode, after=query.after_id, limit=query.limit
            )
            return [render_run(one) for one in page.runs], page.has_more

        return await RUNS.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """The report of a run in one mode."""
        run_id = call.path_id("run_id", parse_run_id, "reconciliation_run_not_found")
        scope, _ = read_query(call, visit, (MODE,))
        require_all_merchants(visit, scope)
        checked = await self._report(run_id)
        return json_response(200, render_report(checked, "live" if scope.livemode else "test"))

    async def download(self, call: Call, visit: Visit) -> Response:
        """The report of a run as a file."""
        run_id = call.path_id("run_id", parse_run_id, "reconciliation_run_not_found")
        form = report_format(read_parameters(call, (FORMAT,)))
        visit.require_everywhere()
        checked = await self._report(run_id)
        return report_file(run_id, form, rendered(checked, form))

    async def _report(self, run_id: RunId) -> CheckedReport:
        checked = await self._reconciliation.run_report(run_id)
        if checked is None:
            raise Problem("reconciliation_run_not_found", param="run_id")
        return checked
