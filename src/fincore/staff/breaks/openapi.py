"""How breaks are documented."""

from typing import Final, get_args

from fincore.http.list_filters import CHARGE
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.reconciliation.breaks.break_status import BreakStatus
from fincore.reconciliation.matching.differences import BreakClass
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.breaks.body import StaffBreak, StaffBreakList, StaffBreakSums
from fincore.staff.breaks.record_body import StaffBreakActed, StaffBreakRecord
from fincore.staff.breaks.requests import OWNER_CHARACTERS_MAX
from fincore.staff.ledger_parameters import CURRENCY
from fincore.staff.list_filters import ACCOUNT, MAX_DAYS, MIN_DAYS, flag
from fincore.staff.lists import MODE, StaffList
from fincore.staff.reading import parse_number

_TAG: Final = "Breaks"

BREAK: Final = path_parameter("break_id", "The number of the break.", example="17")
CLASSES: Final = get_args(BreakClass)
STATUSES: Final = get_args(BreakStatus)
FILTERS: Final[tuple[Parameter, ...]] = (
    Parameter(
        name="class",
        place="query",
        description="Only breaks of this class.",
        schema={"type": "string", "enum": list(CLASSES)},
    ),
    Parameter(
        name="status",
        place="query",
        description="Only breaks with this status, also where it is one of closed breaks.",
        schema={"type": "string", "enum": list(STATUSES)},
    ),
    Parameter(
        name="owner",
        place="query",
        description="Only breaks of this owner.",
        schema={"type": "string", "minLength": 1, "maxLength": OWNER_CHARACTERS_MAX},
    ),
    flag("unowned", "`true`: only breaks without an owner."),
    flag("closed", "`true`: closed breaks, too."),
    ACCOUNT,
    CURRENCY,
    CHARGE,
    MIN_DAYS,
    MAX_DAYS,
)
"""Which breaks: of a list, and of an export."""

BREAKS: Final[StaffList[int, StaffBreak]] = StaffList(
    "breaks",
    tag=_TAG,
    description="Returns what statements and the ledger say differently, those opened last first; those that are not closed, unless you ask for "
    "others.",
    filters=FILTERS,
    parse_id=parse_number,
    body=StaffBreakList,
    of_merchants=False,
)
GET_SUMS: Final = Operation(
    operation_id="get_break_sums",
    summary="Get the sums of breaks",
    description="Returns how many breaks of a mode are not closed and what they come to, by status, class and currency.",
    tag=_TAG,
    parameters=(MODE,),
    responses={200: Content(shape=StaffBreakSums, description="The sums.")},
    problems=READ_PROBLEMS,
)
GET_BREAK: Final = Operation(
    operation_id="get_break",
    summary="Get a break",
    description="Returns a break with both sides, what runs found of it, what was done with it, the next step, and what may be done now.",
    tag=_TAG,
    parameters=(BREAK,),
    responses={200: Content(shape=StaffBreakRecord, description="The break.")},
    problems=(*READ_PROBLEMS, "break_not_found"),
)


def act_operation(name: str, summary: str, description: str, body: type) -> Operation:
    """How an act on a break is documented."""
    return Operation(
        operation_id=f"{name}_break",
        summary=summary,
        description=f"{description} The same key does it once, also after others acted.",
        tag=_TAG,
        parameters=(BREAK, *ACT_PARAMETERS),
        request_body=Content(shape=body, description="What to record. Unknown fields are refused."),
        responses={200: Content(shape=StaffBreakActed, description="What was done.", headers=ACT_HEADERS)},
        problems=(*ACT_PROBLEMS, "break_not_found", "break_not_changed"),
    )
