"""How days of reconciliation are documented."""

from datetime import date
from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation, path_parameter
from fincore.staff.lists import MODE, StaffList
from fincore.staff.reading import parse_day
from fincore.staff.reconciliation_days.body import (
    StaffDayReport,
    StaffReconciliationDay,
    StaffReconciliationDayList,
)
from fincore.staff.report_download import FORMAT, REPORT_FILE

_TAG: Final = "Reconciliation"

DAY: Final = path_parameter("day", "The day, by UTC.", example="2026-11-26")
DAYS: Final[StaffList[date, StaffReconciliationDay]] = StaffList(
    "reconciliation days",
    tag=_TAG,
    description="Returns the days of runs that are sealed, the last one first, each with the hash of its report and of the day before.",
    parse_id=parse_day,
    body=StaffReconciliationDayList,
    of_merchants=False,
)
GET_DAY: Final = Operation(
    operation_id="get_reconciliation_day",
    summary="Get the report of a day",
    description="Returns what the runs of a day did together in a mode, with the equations that tie it to the ledger. A day that is not over has "
    "the figures so far.",
    tag=_TAG,
    parameters=(DAY, MODE),
    responses={200: Content(shape=StaffDayReport, description="The report.")},
    problems=(*READ_PROBLEMS, "reconciliation_day_not_found"),
)
DOWNLOAD_DAY: Final = Operation(
    operation_id="download_reconciliation_day",
    summary="Download the report of a day",
    description="Returns the report of a day as a file, the same bytes that `fincore reconcile report --day` writes. It is of both modes and all "
    "merchants, and needs the permission for them.",
    tag=_TAG,
    parameters=(DAY, FORMAT),
    responses={200: REPORT_FILE},
    problems=(*READ_PROBLEMS, "reconciliation_day_not_found"),
)
