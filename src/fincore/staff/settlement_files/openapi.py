"""How settlement files and their sources are documented."""

from typing import Final, get_args

from fincore.domain.ids import SettlementFileId, parse_settlement_file_id
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.reconciliation.file_decision import FileStatus
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.lists import MODE, StaffList
from fincore.staff.settlement_files.body import (
    StaffFileDecided,
    StaffSettlementFile,
    StaffSettlementFileList,
    StaffSettlementFileRecord,
    StaffSources,
)

_TAG: Final = "Reconciliation"

FILE: Final = path_parameter("file_id", "The id of the file.", example="sf_01h2xcejqtf2nbrexx3vqjhp41")
STATUSES: Final = get_args(FileStatus)
FILES: Final[StaffList[SettlementFileId, StaffSettlementFile]] = StaffList(
    "settlement files",
    tag=_TAG,
    description="Returns the settlement files of a mode, those fetched last first, and why one was refused.",
    filters=(
        Parameter(
            name="source",
            place="query",
            description="Only files of this source.",
            schema={"type": "string", "maxLength": 32},
        ),
        Parameter(
            name="status",
            place="query",
            description="Only files with this status.",
            schema={"type": "string", "enum": list(STATUSES)},
        ),
    ),
    parse_id=parse_settlement_file_id,
    body=StaffSettlementFileList,
    of_merchants=False,
)
GET_FILE: Final = Operation(
    operation_id="get_settlement_file",
    summary="Get a settlement file",
    description="Returns a file with its control totals beside what its lines add up to, the line for which it was refused, and what may be "
    "decided about it now.",
    tag=_TAG,
    parameters=(FILE,),
    responses={200: Content(shape=StaffSettlementFileRecord, description="The file.")},
    problems=(*READ_PROBLEMS, "settlement_file_not_found"),
)
LIST_SOURCES: Final = Operation(
    operation_id="list_reconciliation_sources",
    summary="List the sources of settlement files",
    description="Returns the declared sources of a mode: when each was read last, why it could not be, what is late or missing.",
    tag=_TAG,
    parameters=(MODE,),
    responses={200: Content(shape=StaffSources, description="The sources.")},
    problems=READ_PROBLEMS,
)


def decision_operation(name: str, summary: str, description: str, body: type) -> Operation:
    """How a decision about a file is documented."""
    return Operation(
        operation_id=f"{name}_settlement_file",
        summary=summary,
        description=description,
        tag=_TAG,
        parameters=(FILE, *ACT_PARAMETERS),
        request_body=Content(shape=body, description="The decision. Unknown fields are refused."),
        responses={200: Content(shape=StaffFileDecided, description="What it did.", headers=ACT_HEADERS)},
        problems=(
            *ACT_PROBLEMS,
            "settlement_file_not_found",
            "settlement_file_not_changed",
        ),
    )
