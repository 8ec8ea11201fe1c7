"""How `/staff/v1/held_reports` is documented."""

from typing import Final

from fincore.http.list_filters import CHARGE
from fincore.staff.held_reports.body import StaffHeldReportList, StaffHeldReportRow, held_report_place
from fincore.staff.lists import StaffList
from fincore.staff.worklist_place import WorklistPlace, parse_place

HELD_REPORTS: Final[StaffList[WorklistPlace, StaffHeldReportRow]] = StaffList(
    "held reports",
    tag="Decisions on charges",
    description="Lists reports of PSPs about charges that wait for a person, oldest first, of the merchants that you see. Reports that name no charge are dead "
    "letters.",
    filters=(CHARGE,),
    parse_id=parse_place,
    place_of=held_report_place,
    body=StaffHeldReportList,
)
