"""How sealed days are documented."""

from datetime import date
from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.staff.lists import MODE, StaffList
from fincore.staff.reading import parse_day
from fincore.staff.sealed_days.body import StaffDayVerification, StaffSealedDay, StaffSealedDayList

_TAG: Final = "Ledger"

EXPECTED: Final = Parameter(
    name="expected",
    place="query",
    description="The `manifest_hash` of the day as you kept it elsewhere: it is compared with the one that is kept here.",
    schema={"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
)
DAYS: Final[StaffList[date, StaffSealedDay]] = StaffList(
    "sealed days",
    tag=_TAG,
    description="Returns the sealed days, the latest first. Keep the hash of each on another system: it vouches for all up to that day.",
    parse_id=parse_day,
    body=StaffSealedDayList,
    of_merchants=False,
)
VERIFY_DAY: Final = Operation(
    operation_id="verify_sealed_day",
    summary="Verify a sealed day",
    description="Hashes the entries of a sealed day again, from the seal of the day before on, and returns what is not as it was sealed. "
    "`fincore ledger verify` does it for all days. One day is verified at a time.",
    tag=_TAG,
    parameters=(path_parameter("day", "The day.", example="2026-11-26"), MODE, EXPECTED),
    responses={200: Content(shape=StaffDayVerification, description="What was found.")},
    problems=(*READ_PROBLEMS, "sealed_day_not_found", "sealed_day_too_long"),
)
