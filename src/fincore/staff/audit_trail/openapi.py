"""How the audit trail is documented."""

from typing import Final

from fincore.domain.ids import ActId, parse_act_id
from fincore.http.list_operation import CREATED
from fincore.http.openapi import Parameter
from fincore.staff.audit_trail.body import StaffActBody, StaffActList
from fincore.staff.list_filters import flag
from fincore.staff.lists import StaffList

ACTOR: Final = Parameter(
    name="actor",
    place="query",
    description="Only acts of the person with this `subject`.",
    schema={"type": "string", "maxLength": 255},
)
OBJECT: Final = Parameter(
    name="object",
    place="query",
    description="Only acts on what has this id.",
    schema={"type": "string", "maxLength": 255},
)
WITHOUT_MODE: Final = flag("without_mode", "`true`: only what belongs to no mode.")
ACTS: Final[StaffList[ActId, StaffActBody]] = StaffList(
    "acts",
    tag="Audit trail",
    description="Returns what people of staff did in a mode, latest first, with what belongs to no mode for those who see all merchants.",
    filters=(ACTOR, OBJECT, WITHOUT_MODE, CREATED),
    parse_id=parse_act_id,
    body=StaffActList,
)
LIST_ACTS: Final = ACTS.operation
