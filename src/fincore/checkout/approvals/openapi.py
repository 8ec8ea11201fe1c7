"""How /approvals/... is documented."""

from typing import Final

from fincore.checkout.approvals.body import ApprovalBody
from fincore.http.openapi import Content, Operation, path_parameter

_PARAMETERS: Final = (
    path_parameter("charge_id", "The charge's id.", example="ch_01kab5m5wvfb9v1c2m5hfv0d2e"),
    path_parameter("word", "A word that only the address of this approval holds.", example="Jx2vX0mS"),
)


def _operation(operation_id: str, summary: str, description: str) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tag="Customers",
        is_authenticated=False,
        parameters=_PARAMETERS,
        responses={200: Content(shape=ApprovalBody, description="The approval.")},
        problems=("route_not_found", "rate_limited"),
    )


GET_APPROVAL: Final = _operation(
    "get_approval",
    "Get what a customer is to approve",
    "For fincore.js: the address is the `next_action.approval_url` of a charge. The wallet's script takes the payment's id at the PSP.",
)
TELL_APPROVAL: Final = _operation(
    "tell_approval",
    "Tell that a customer approved",
    "For fincore.js, after a wallet's script said so. FinCore asks the PSP how the charge stands, and waits for the outcome for a few "
    "seconds. The request has no body.",
)
