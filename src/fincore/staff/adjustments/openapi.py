"""How adjustments are documented."""

from typing import Final

from fincore.domain.ids import AdjustmentId, parse_adjustment_id
from fincore.http.openapi import Parameter
from fincore.staff.adjustments.body import StaffAdjustment, StaffAdjustmentList
from fincore.staff.lists import StaffList

BREAK: Final = Parameter(
    name="break",
    place="query",
    description="Only adjustments of this break.",
    schema={"type": "integer", "minimum": 1},
)
ADJUSTMENTS: Final[StaffList[AdjustmentId, StaffAdjustment]] = StaffList(
    "adjustments",
    tag="Breaks",
    description="Returns the adjustments and write-offs of a mode, those decided last first: who decided, why, and whether a run has matched it.",
    filters=(BREAK,),
    parse_id=parse_adjustment_id,
    body=StaffAdjustmentList,
    of_merchants=False,
)
