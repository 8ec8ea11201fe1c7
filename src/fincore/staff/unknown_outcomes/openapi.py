"""How `/staff/v1/unknown_outcomes` is documented."""

from typing import Final

from fincore.staff.lists import StaffList
from fincore.staff.unknown_outcomes.body import StaffUnknownOutcome, StaffUnknownOutcomeList, unknown_place
from fincore.staff.worklist_place import WorklistPlace, parse_place

UNKNOWN_OUTCOMES: Final[StaffList[WorklistPlace, StaffUnknownOutcome]] = StaffList(
    "unknown outcomes",
    tag="Decisions on charges",
    description="Lists operations at PSPs of which it is not known what became of them, oldest first, of the merchants that you see.",
    parse_id=parse_place,
    place_of=unknown_place,
    body=StaffUnknownOutcomeList,
)
