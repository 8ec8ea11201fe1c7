"""How capture and cancel are documented."""

from typing import Final

from fincore.api.charges.body import FailedChargeProblem
from fincore.api.charges.openapi import CHARGE_ID
from fincore.http.idempotent_call import IDEMPOTENCY_KEY, IDEMPOTENT_PROBLEMS, PREFER, RESPONSE_HEADERS
from fincore.http.openapi import Content, Operation, problem_content
from fincore.http.problems import ProblemCode
from fincore.public.charge_body import ChargeBody
from fincore.write.payments.operation_request import CancelRequest, CaptureRequest

_TAG: Final = "Charges"
_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    *IDEMPOTENT_PROBLEMS,
    "charge_not_found",
    "operation_in_progress",
    "charge_busy",
    "charge_unreadable",
)


def _failed(description: str) -> Content:
    return problem_content(FailedChargeProblem, description, headers=RESPONSE_HEADERS)


CAPTURE_CHARGE: Final = Operation(
    operation_id="capture_charge",
    summary="Capture a charge",
    description=(
        "Takes the money that an authorized charge holds, or a part of it. The bank releases the rest: a charge is "
        "captured once. FinCore stores the capture before it answers: it is the charge's `pending_operation`, and "
        "no crash or outage loses it. With `Prefer: wait=N` the response holds the outcome; a capture that "
        "fails while you wait is answered with 402, and the charge stays as it was."
    ),
    tag=_TAG,
    parameters=(CHARGE_ID, IDEMPOTENCY_KEY, PREFER),
    request_body=Content(
        shape=CaptureRequest,
        description="What to capture; without a body all that is held.",
        is_required=False,
    ),
    responses={
        200: Content(shape=ChargeBody, description="The charge.", headers=RESPONSE_HEADERS),
        402: _failed("The capture failed while you waited."),
    },
    problems=(
        *_PROBLEMS,
        "charge_not_capturable",
        "charge_under_review",
        "amount_too_small",
        "amount_too_large",
        "capture_amount_too_large",
    ),
)

CANCEL_CHARGE: Final = Operation(
    operation_id="cancel_charge",
    summary="Cancel a charge",
    description=(
        "Cancels a charge that is `authorized` or `requires_action`: the bank releases what it holds, and takes nothing. "
        "Refund a charge that succeeded. FinCore stores the cancellation before it answers, as it stores a capture."
    ),
    tag=_TAG,
    parameters=(CHARGE_ID, IDEMPOTENCY_KEY, PREFER),
    request_body=Content(
        shape=CancelRequest, description="Why; the body can be left out.", is_required=False
    ),
    responses={
        200: Content(shape=ChargeBody, description="The charge.", headers=RESPONSE_HEADERS),
        402: _failed("The cancellation failed while you waited."),
    },
    problems=(*_PROBLEMS, "charge_not_cancelable"),
)
