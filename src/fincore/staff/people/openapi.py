"""How people of the built-in issuer are documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation, path_parameter
from fincore.http.problems import ProblemCode
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS, Reasoned
from fincore.staff.people.body import StaffMemberBody, StaffMemberList
from fincore.staff.people.requests import StaffPersonRequest, StaffRolesRequest
from fincore.staff.proposals.body import StaffProposalBody

TAG: Final = "People"
SUBJECT: Final = path_parameter("subject", "The id of the person.", example="per_01h2xcejqtf2nbrexx3vqjhp41")
_PROBLEMS: Final[tuple[ProblemCode, ...]] = (*ACT_PROBLEMS, "act_not_possible")
_OWN: Final = "Only with the built-in issuer: an issuer of your own keeps its people itself."

LIST_PEOPLE: Final = Operation(
    operation_id="list_people",
    summary="List people of staff",
    description=f"Returns all people of the built-in issuer, by username. {_OWN}",
    tag=TAG,
    responses={200: Content(shape=StaffMemberList, description="The people.")},
    problems=(*READ_PROBLEMS, "act_not_possible"),
)
ADD_PERSON: Final = Operation(
    operation_id="add_person",
    summary="Propose a person of staff",
    description=f"Proposes a person with roles; a second admin approves. The person is added without a password, "
    f"which an operator gives at a terminal (`fincore staff reset`). {_OWN}",
    tag=TAG,
    parameters=ACT_PARAMETERS,
    request_body=Content(shape=StaffPersonRequest, description="The person, and why."),
    responses={
        202: Content(
            shape=StaffProposalBody, description="A second person has to agree.", headers=ACT_HEADERS
        )
    },
    problems=_PROBLEMS,
)
SET_ROLES: Final = Operation(
    operation_id="set_roles",
    summary="Propose roles of a person",
    description=f"Proposes the roles that a person is to have; a second admin approves, and they count at once then. {_OWN}",
    tag=TAG,
    parameters=(SUBJECT, *ACT_PARAMETERS),
    request_body=Content(shape=StaffRolesRequest, description="The roles, and why."),
    responses={
        202: Content(
            shape=StaffProposalBody, description="A second person has to agree.", headers=ACT_HEADERS
        )
    },
    problems=(*_PROBLEMS, "person_not_found"),
)
DISABLE_PERSON: Final = Operation(
    operation_id="disable_person",
    summary="Disable a person of staff",
    description="Ends every session of a person at once, and lets them in no more; an operator at a terminal lets a person in again "
    f"(`fincore staff reset`). No person disables themself. {_OWN}",
    tag=TAG,
    parameters=(SUBJECT, *ACT_PARAMETERS),
    request_body=Content(shape=Reasoned, description="Why."),
    responses={200: Content(shape=StaffMemberBody, description="The person.", headers=ACT_HEADERS)},
    problems=(*_PROBLEMS, "person_not_found"),
)
