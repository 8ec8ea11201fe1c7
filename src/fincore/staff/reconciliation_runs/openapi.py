"""How runs of reconciliation are documented."""

from typing import Final

from fincore.domain.errors import InvalidId
from fincore.domain.ids import RunId
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, path_parameter
from fincore.staff.lists import MODE, StaffList
from fincore.staff.reconciliation_runs.body import StaffRun, StaffRunList, StaffRunReport
from fincore.staff.report_download import FORMAT, REPORT_FILE

_TAG: Final = "Reconciliation"
_RUN_CHARACTERS: Final = 30

RUN: Final = path_parameter("run_id", "The id of the run.", example="run_01kab5m5wvfb9v1c2m5hfv0d2e")


def parse_run_id(text: str) -> RunId:
    """The id of a run. Raises `InvalidId`."""
    if not text.startswith("run_") or len(text) != _RUN_CHARACTERS or not text.isascii():
        raise InvalidId(text, "run")
    return RunId(text)


RUNS: Final[StaffList[RunId, StaffRun]] = StaffList(
    "reconciliation runs",
    tag=_TAG,
    description="Returns the runs that finished, the last one first, with what each did in the mode.",
    parse_id=parse_run_id,
    body=StaffRunList,
    of_merchants=False,
)
GET_RUN: Final = Operation(
    operation_id="get_reconciliation_run",
    summary="Get the report of a run",
    description="Returns what a run found in a mode: what is uncleared by age, each account at a PSP with its equations, and the breaks in sums. "
    "Every figure is as of the run.",
    tag=_TAG,
    parameters=(RUN, MODE),
    responses={200: Content(shape=StaffRunReport, description="The report.")},
    problems=(*READ_PROBLEMS, "reconciliation_run_not_found"),
)
DOWNLOAD_RUN: Final = Operation(
    operation_id="download_reconciliation_run",
    summary="Download the report of a run",
    description="Returns the report of a run as a file, the same bytes that `fincore reconcile report` writes. It is of both modes and all "
    "merchants, and needs the permission for them.",
    tag=_TAG,
    parameters=(RUN, FORMAT),
    responses={200: REPORT_FILE},
    problems=(*READ_PROBLEMS, "reconciliation_run_not_found"),
)
