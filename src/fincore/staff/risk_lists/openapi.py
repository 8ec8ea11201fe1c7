"""How `/staff/v1/risk_lists` is documented."""

from typing import Final, Literal

from fincore.domain.errors import InvalidId
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.http.problems import ProblemCode
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.installation_list import InstallationList
from fincore.staff.payment_scope import BODY_PROBLEMS
from fincore.staff.proposals.body import StaffProposalBody
from fincore.staff.risk_lists.body import (
    StaffRiskEntryBody,
    StaffRiskEntryFoundList,
    StaffRiskEntryList,
    StaffRiskListChangeBody,
    StaffRiskListList,
)
from fincore.staff.risk_lists.requests import (
    IMPORTED_AT_ONCE_MAX,
    StaffRiskEntryRemovalRequest,
    StaffRiskEntryRequest,
    StaffRiskEntrySearch,
    StaffRiskImportRequest,
    StaffRiskListRequest,
)

TAG: Final = "Risk"
FOUND_MAX: Final = 100
_EVERYWHERE: Final = "It needs the permission in both modes and for all merchants."
_NAME: Final = path_parameter("name", "The name of the list.", example="blocked_emails")
_DIGITS_MAX: Final = 18


def parse_entry_number(text: str) -> int:
    """The number of an entry. Raises `InvalidId`."""
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX:
        return int(text)
    raise InvalidId(text, "number")


ENTRIES: Final[InstallationList[int, StaffRiskEntryBody]] = InstallationList(
    "risk entries",
    tag=TAG,
    description="Lists the entries of a list in the order they were added.",
    path=(_NAME,),
    filters=(
        Parameter(
            name="history",
            place="query",
            description="`true`: with the entries that were removed or have expired.",
            schema={"type": "string", "enum": ["true", "false"]},
        ),
    ),
    parse_id=parse_entry_number,
    body=StaffRiskEntryList,
    problems=("risk_list_not_found",),
)
LIST_RISK_ENTRIES: Final = ENTRIES.operation

LIST_RISK_LISTS: Final = Operation(
    operation_id="list_risk_lists",
    summary="List risk lists",
    description=f"Lists the lists that risk rules may ask for. {_EVERYWHERE}",
    tag=TAG,
    responses={200: Content(shape=StaffRiskListList, description="The lists.")},
    problems=READ_PROBLEMS,
)
SEARCH_RISK_ENTRIES: Final = Operation(
    operation_id="search_risk_entries",
    summary="Search risk entries",
    description=f"Returns the entries of all lists that match a value, networks that contain an address among them; {FOUND_MAX} at most. {_EVERYWHERE}",
    tag=TAG,
    request_body=Content(shape=StaffRiskEntrySearch, description="The value."),
    responses={200: Content(shape=StaffRiskEntryFoundList, description="The entries.")},
    problems=BODY_PROBLEMS,
)

CREATED: Final = 201
_WAITS: Final = Content(
    shape=StaffProposalBody,
    description="Live rules let more through by it, and it waits for a second person.",
    headers=ACT_HEADERS,
)


def _change(
    operation_id: str,
    summary: str,
    description: str,
    request: type,
    *,
    path: tuple[Parameter, ...] = (_NAME,),
    status: Literal[200, 201] = 200,
    problems: tuple[ProblemCode, ...] = ("risk_list_not_found", "act_not_possible"),
) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=f"{description} {_EVERYWHERE}",
        tag=TAG,
        parameters=(*path, *ACT_PARAMETERS),
        request_body=Content(shape=request, description="What to change, and why."),
        responses={
            status: Content(shape=StaffRiskListChangeBody, description="It is done.", headers=ACT_HEADERS),
            **({} if status == CREATED else {202: _WAITS}),
        },
        problems=(*ACT_PROBLEMS, *problems),
    )


CREATE_RISK_LIST: Final = _change(
    "create_risk_list",
    "Create a risk list",
    "Creates an empty list, for rules to ask for.",
    StaffRiskListRequest,
    path=(),
    status=CREATED,
    problems=("rules_changed",),
)
ADD_RISK_ENTRY: Final = _change(
    "add_risk_entry",
    "Add a risk entry",
    "Adds a value, in the place of one that was there. It counts for the next charge. Where live rules let more through by it, it is a proposal.",
    StaffRiskEntryRequest,
)
REMOVE_RISK_ENTRY: Final = _change(
    "remove_risk_entry",
    "Remove a risk entry",
    "Removes a value; what was an entry stays to be told. Where live rules let more through by it, it is a proposal.",
    StaffRiskEntryRemovalRequest,
)
IMPORT_RISK_ENTRIES: Final = _change(
    "import_risk_entries",
    "Import risk entries",
    f"Adds up to {IMPORTED_AT_ONCE_MAX} values, all of them or none. Where live rules let more through by it, it is a proposal.",
    StaffRiskImportRequest,
)
