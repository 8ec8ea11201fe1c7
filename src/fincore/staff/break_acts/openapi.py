"""How acts on breaks are documented."""

from typing import Final

from fincore.http.openapi import Content, Operation, Parameter, path_parameter
from fincore.http.problems import ProblemCode
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS, Reasoned
from fincore.staff.break_acts.body import StaffDecidedAdjustmentBody
from fincore.staff.break_acts.requests import StaffBreakAmountRequest, StaffOpeningRequest
from fincore.staff.proposals.body import StaffProposalBody

TAG: Final = "Acts on breaks"
BREAK_ID: Final = path_parameter("break_id", "The number of the break.", example="17")
ADJUSTMENT_ID: Final = path_parameter(
    "adjustment_id", "The adjustment's id.", example="adj_33ypk166phbggbw12kaksehndv"
)
_SECOND_PERSON: Final = "Above the caller's limit nothing is booked: the answer is 202 with a proposal, which a second person approves."


def _act(
    operation_id: str,
    summary: str,
    description: str,
    parameters: tuple[Parameter, ...],
    body: Content,
    *problems: ProblemCode,
) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=f"{description} {_SECOND_PERSON}",
        tag=TAG,
        parameters=(*parameters, *ACT_PARAMETERS),
        request_body=body,
        responses={
            200: Content(
                shape=StaffDecidedAdjustmentBody, description="What was decided.", headers=ACT_HEADERS
            ),
            202: Content(
                shape=StaffProposalBody, description="A second person has to agree.", headers=ACT_HEADERS
            ),
        },
        problems=(*ACT_PROBLEMS, "act_not_possible", *problems),
    )


_AMOUNT: Final = Content(shape=StaffBreakAmountRequest, description="The amount of the break, and why.")
ADJUST_BREAK: Final = _act(
    "adjust_break",
    "Adjust a break",
    "Books the difference of a break as the statement has it, and closes the break.",
    (BREAK_ID,),
    _AMOUNT,
    "break_not_found",
)
WRITE_OFF_BREAK: Final = _act(
    "write_off_break",
    "Write a break off",
    "Gives up what the PSP owes by a break, and closes the break.",
    (BREAK_ID,),
    _AMOUNT,
    "break_not_found",
)
REVERSE_ADJUSTMENT: Final = _act(
    "reverse_adjustment",
    "Take an adjustment back",
    "Takes an adjustment or a write-off back as a whole; its break is open again.",
    (ADJUSTMENT_ID,),
    Content(shape=Reasoned, description="Why."),
    "adjustment_not_found",
)
EXPLAIN_OPENING: Final = _act(
    "explain_opening",
    "Explain what a PSP held at first",
    "Explains what an account at a PSP held before its first statement.",
    (),
    Content(shape=StaffOpeningRequest, description="What it held, and why that is right."),
)
