"""How entries of the ledger are documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.staff.ledger_entries.body import StaffLedgerEntry, StaffLedgerEntryList
from fincore.staff.lists import MODE, StaffList
from fincore.staff.reading import parse_number

_TAG: Final = "Ledger"

SUBJECT: Final = Parameter(
    name="subject",
    place="query",
    is_required=True,
    description="The charge, payout, settlement file or adjustment of which entries are listed.",
    schema={"type": "string", "examples": ["ch_01kab5m5wvfb9v1c2m5hfv0d2e"]},
)
ENTRIES: Final[StaffList[int, StaffLedgerEntry]] = StaffList(
    "ledger entries",
    tag=_TAG,
    description="Returns what was booked for one subject, the last first. For the entries of an account list its postings.",
    filters=(SUBJECT,),
    parse_id=parse_number,
    body=StaffLedgerEntryList,
    of_merchants=False,
)
GET_ENTRY: Final = Operation(
    operation_id="get_ledger_entry",
    summary="Get an entry of the ledger",
    description="Returns an entry with its legs, the event that it books, and its seal.",
    tag=_TAG,
    parameters=(path_parameter("entry", "The number of the entry.", example="4711"), MODE),
    responses={200: Content(shape=StaffLedgerEntry, description="The entry.")},
    problems=(*READ_PROBLEMS, "ledger_entry_not_found"),
)
