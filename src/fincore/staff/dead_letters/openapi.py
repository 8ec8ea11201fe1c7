"""How `/staff/v1/dead_letters` is documented."""

from typing import Final, get_args

from fincore.backoffice.dead_letters import LetterPlace
from fincore.domain.job import JobKind
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.dead_letters.body import (
    StaffDeadLetterBody,
    StaffDeadLetterDetailBody,
    StaffDeadLetterEndBody,
    StaffDeadLetterList,
    StaffDeadLetterReplaysBody,
)
from fincore.staff.dead_letters.letter_id import parse_letter_id
from fincore.staff.dead_letters.requests import (
    REPLAYED_AT_ONCE_MAX,
    StaffDeadLetterDiscardRequest,
    StaffDeadLetterReplayRequest,
    StaffDeadLetterReplaysRequest,
)
from fincore.staff.installation_list import InstallationList
from fincore.staff.proposals.body import StaffProposalBody

TAG: Final = "Dead letters"
_ID: Final = path_parameter("letter_id", "The id of the dead letter.", example="dl_1795477069123456_NDcxMQ")
KINDS: Final[tuple[JobKind, ...]] = get_args(JobKind)
LETTERS: Final[InstallationList[LetterPlace, StaffDeadLetterBody]] = InstallationList(
    "dead letters",
    tag=TAG,
    description="Lists the jobs that failed for good, newest first.",
    filters=(
        Parameter(
            name="kind",
            place="query",
            description="Only jobs that do this.",
            schema={"type": "string", "enum": list(KINDS)},
        ),
    ),
    parse_id=parse_letter_id,
    body=StaffDeadLetterList,
)
LIST_DEAD_LETTERS: Final = LETTERS.operation

GET_DEAD_LETTER: Final = Operation(
    operation_id="get_dead_letter",
    summary="Get a dead letter",
    description="Returns a dead letter, and what a replay would do now.",
    tag=TAG,
    parameters=(_ID,),
    responses={200: Content(shape=StaffDeadLetterDetailBody, description="The dead letter.")},
    problems=(*READ_PROBLEMS, "dead_letter_not_found"),
)

REPLAY_DEAD_LETTER: Final = Operation(
    operation_id="replay_dead_letter",
    summary="Replay a dead letter",
    description="Makes the job due now, as if it were new. It does what the log says is left to do, and moves no money twice.",
    tag=TAG,
    parameters=(_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffDeadLetterReplayRequest, description="Why."),
    responses={
        200: Content(shape=StaffDeadLetterEndBody, description="It is replayed.", headers=ACT_HEADERS)
    },
    problems=(*ACT_PROBLEMS, "dead_letter_not_found"),
)

REPLAY_DEAD_LETTERS: Final = Operation(
    operation_id="replay_dead_letters",
    summary="Replay several dead letters",
    description=f"Makes up to {REPLAYED_AT_ONCE_MAX} jobs due now. Those that are gone meanwhile are named, and the others are replayed.",
    tag=TAG,
    parameters=ACT_PARAMETERS,
    request_body=Content(shape=StaffDeadLetterReplaysRequest, description="Which, and why."),
    responses={
        200: Content(shape=StaffDeadLetterReplaysBody, description="What was replayed.", headers=ACT_HEADERS)
    },
    problems=ACT_PROBLEMS,
)

DISCARD_DEAD_LETTER: Final = Operation(
    operation_id="discard_dead_letter",
    summary="Discard a dead letter",
    description="Deletes a job that nothing waits for. The audit trail keeps what it was to do. A job that an outcome depends on is refused: replay "
    "it, or record what became of what it is about. A webhook of which FinCore has the body may tell of money: a second person has to agree.",
    tag=TAG,
    parameters=(_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffDeadLetterDiscardRequest, description="Why."),
    responses={
        200: Content(shape=StaffDeadLetterEndBody, description="It is discarded.", headers=ACT_HEADERS),
        202: Content(
            shape=StaffProposalBody, description="It waits for a second person.", headers=ACT_HEADERS
        ),
    },
    problems=(*ACT_PROBLEMS, "dead_letter_not_found", "dead_letter_needed"),
)
