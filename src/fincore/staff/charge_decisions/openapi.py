"""How decisions about charges are documented."""

from typing import Final

from fincore.http.openapi import Content, Operation
from fincore.http.problems import ProblemCode
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS, Reasoned
from fincore.staff.charge_acts.openapi import CHARGE_ID
from fincore.staff.charge_decisions.body import StaffDecisionBody
from fincore.staff.charge_decisions.requests import StaffReportRequest, StaffResolveRequest

TAG: Final = "Decisions on charges"
_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    *ACT_PROBLEMS,
    "charge_not_found",
    "charge_busy",
    "charge_unreadable",
    "act_not_possible",
)


def _decision(
    operation_id: str, summary: str, description: str, body: Content, *problems: ProblemCode
) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tag=TAG,
        parameters=(CHARGE_ID, *ACT_PARAMETERS),
        request_body=body,
        responses={
            200: Content(
                shape=StaffDecisionBody, description="The charge after the decision.", headers=ACT_HEADERS
            )
        },
        problems=(*_PROBLEMS, *problems),
    )


APPROVE_CASE: Final = _decision(
    "approve_case",
    "Approve a charge under review",
    "Lets a charge that the risk rules put under review go on. What is held is captured at once where the merchant wanted that.",
    Content(shape=Reasoned, description="Why."),
)
DECLINE_CASE: Final = _decision(
    "decline_case",
    "Decline a charge under review",
    "Gives a charge under review up: the PSP is asked to release what it holds.",
    Content(shape=Reasoned, description="Why."),
)
RESOLVE_OUTCOME: Final = _decision(
    "resolve_outcome",
    "Resolve an unknown outcome",
    "Records what a person read at the PSP about an operation or a refund with an unknown outcome. FinCore goes on from there, and no call is "
    "repeated because of it.",
    Content(shape=StaffResolveRequest, description="What the PSP shows, and how you know."),
    "refund_not_found",
)
RELEASE_REPORT: Final = _decision(
    "release_report",
    "Release a held report",
    "Dismisses a report of a PSP that FinCore could not bring together with the charge: refunds of the charge are accepted again.",
    Content(shape=StaffReportRequest, description="Which report, and why."),
)
READ_REPORT_AGAIN: Final = _decision(
    "read_report_again",
    "Read a held report again",
    "Has the worker read a held report again, such as after an upgrade: one that it understands is then released.",
    Content(shape=StaffReportRequest, description="Which report, and why."),
)
