"""How notes on a charge are documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.charge_details.openapi import CHARGE_ID
from fincore.staff.charge_notes.body import StaffChargeNote, StaffChargeNoteRequest, StaffChargeNotes

LIST_NOTES: Final = Operation(
    operation_id="get_charge_notes",
    summary="Get the notes on a charge",
    description="Returns what people of staff noted about a charge. Its merchant is not shown it.",
    tag="Payments",
    parameters=(CHARGE_ID,),
    responses={200: Content(shape=StaffChargeNotes, description="The notes.")},
    problems=(*READ_PROBLEMS, "charge_not_found"),
)
ADD_NOTE: Final = Operation(
    operation_id="add_charge_note",
    summary="Note something about a charge",
    description="Adds a note to a charge. A note is never changed or deleted: a further one corrects it.",
    tag="Payments",
    parameters=(CHARGE_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffChargeNoteRequest, description="The note, and why it is made."),
    responses={201: Content(shape=StaffChargeNote, description="The note.", headers=ACT_HEADERS)},
    problems=(*ACT_PROBLEMS, "charge_not_found", "card_number_not_allowed", "too_many_notes"),
)
