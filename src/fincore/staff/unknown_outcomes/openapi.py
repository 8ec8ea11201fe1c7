"""How `/staff/v1/unknown_outcomes` is documented."""

from typing import Final

from fincore.staff.lists import StaffList
from fincore.staff.short_list import parse_row_id
from fincore.staff.unknown_outcomes.body import StaffUnknownOutcome, StaffUnknownOutcomeList

UNKNOWN_OUTCOMES: Final[StaffList[str, StaffUnknownOutcome]] = StaffList(
    "unknown outcomes",
    tag="Decisions on charges",
    description="Lists operations at PSPs of which it is not known what became of them, oldest first, of the merchants that you see.",
    parse_id=parse_row_id,
    body=StaffUnknownOutcomeList,
)
