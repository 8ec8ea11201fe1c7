"""How proposals are documented."""

from typing import Final

from fincore.domain.ids import ProposalId, parse_proposal_id
from fincore.domain.proposal import PROPOSAL_STATUSES
from fincore.http.list_filters import status_filter
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.http.problems import ProblemCode
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS, Reasoned
from fincore.staff.lists import StaffList
from fincore.staff.proposals.body import StaffProposalBody, StaffProposalList

TAG: Final = "Proposals"
PROPOSAL_ID: Final = path_parameter(
    "proposal_id", "The proposal's id.", example="prop_01h2xcejqtf2nbrexx3vqjhp41"
)
STATUS: Final = status_filter("proposals", {"type": "string", "enum": list(PROPOSAL_STATUSES)})
OBJECT: Final = Parameter(
    name="object",
    place="query",
    description="Only proposals about what has this id.",
    schema={"type": "string", "maxLength": 255},
)
BY: Final = Parameter(
    name="by",
    place="query",
    description="`me`: only those that you proposed. `others`: only those of other people, which you may decide.",
    schema={"type": "string", "enum": ["me", "others"]},
)
PROPOSALS: Final[StaffList[ProposalId, StaffProposalBody]] = StaffList(
    "proposals",
    tag=TAG,
    description="Returns what people proposed in a mode, latest first, with what belongs to no mode for those who see all merchants.",
    filters=(STATUS, OBJECT, BY),
    parse_id=parse_proposal_id,
    body=StaffProposalList,
)
LIST_PROPOSALS: Final = PROPOSALS.operation
GET_PROPOSAL: Final = Operation(
    operation_id="get_proposal",
    summary="Get a proposal",
    description="Returns one proposal as it stands.",
    tag=TAG,
    parameters=(PROPOSAL_ID,),
    responses={200: Content(shape=StaffProposalBody, description="The proposal.")},
    problems=(*READ_PROBLEMS, "proposal_not_found"),
)
_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    *ACT_PROBLEMS,
    "proposal_not_found",
    "proposal_not_open",
    "second_person_needed",
)


def _decision(verb: str, summary: str, description: str, *problems: ProblemCode) -> Operation:
    return Operation(
        operation_id=f"{verb}_proposal",
        summary=summary,
        description=description,
        tag=TAG,
        parameters=(PROPOSAL_ID, *ACT_PARAMETERS),
        request_body=Content(shape=Reasoned, description="Why."),
        responses={
            200: Content(
                shape=StaffProposalBody, description="The proposal as it stands.", headers=ACT_HEADERS
            )
        },
        problems=(*_PROBLEMS, *problems),
    )


APPROVE_PROPOSAL: Final = _decision(
    "approve",
    "Approve a proposal",
    "Agrees to what another person proposed, and carries it out. Amounts and state are compared again: what is impossible by now is answered "
    "409, and the proposal stays. `approved` in the answer: FinCore carries it out as soon as it can. Needs the permission that "
    "`approve_permission` of the proposal names, too.",
    "act_not_possible",
)
DECLINE_PROPOSAL: Final = _decision(
    "decline",
    "Decline a proposal",
    "Refuses what another person proposed: nothing is done. Needs the permission that `approve_permission` of the proposal names, too.",
)
GIVE_UP_PROPOSAL: Final = _decision(
    "give_up",
    "Give an agreed proposal up",
    "Ends a proposal that is `approved` and cannot be carried out: it is `refused`, and nothing is done. Where it was carried out meanwhile, it "
    "is `executed`. Needs the permission that `approve_permission` of the proposal names, too; the person may be one of the two.",
    "act_not_possible",
)
WITHDRAW_PROPOSAL: Final = _decision(
    "withdraw", "Withdraw a proposal", "Takes a proposal of your own back: nothing is done."
)
