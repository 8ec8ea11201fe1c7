"""How `/staff/v1/held_reports` is documented."""

from typing import Final

from fincore.http.list_filters import CHARGE
from fincore.staff.held_reports.body import StaffHeldReportList, StaffHeldReportRow
from fincore.staff.lists import StaffList
from fincore.staff.short_list import parse_row_id

HELD_REPORTS: Final[StaffList[str, StaffHeldReportRow]] = StaffList(
    "held reports",
    tag="Decisions on charges",
    description="Lists reports of PSPs about charges that wait for a person, oldest first, of the merchants that you see. Reports that name no charge are dead "
    "letters.",
    filters=(CHARGE,),
    parse_id=parse_row_id,
    body=StaffHeldReportList,
)
