"""How exports are documented."""

from typing import Final

from fincore.http.openapi import Content, Operation
from fincore.http.problems import ProblemCode
from fincore.staff.acting import ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.csv_stream import csv_content

ENDING: Final = (
    " The last rows are `total` of each currency, where it can be compared what the ledger has (`ledger`) and the `difference`, and at last "
    "`end` with the number of rows: a file without `end` was cut off. Times are RFC 3339 in UTC, and in `time_zone`. A cell that a spreadsheet "
    "would take for a formula begins with an apostrophe. Each export leaves a row in the audit trail; the same key exports again."
)


def export_operation(
    name: str, summary: str, description: str, body: type, problems: tuple[ProblemCode, ...] = ()
) -> Operation:
    """How an export is documented."""
    return Operation(
        operation_id=f"export_{name}",
        summary=summary,
        description=description + ENDING,
        tag="Exports",
        parameters=ACT_PARAMETERS,
        request_body=Content(shape=body, description="What to export, and why. Unknown fields are refused."),
        responses={200: csv_content("The file.")},
        problems=(*ACT_PROBLEMS, *problems),
    )
