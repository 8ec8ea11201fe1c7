"""How /return/... is documented."""

from typing import Final

from fincore.checkout.page.document import HTML
from fincore.http.openapi import Content, Operation, path_parameter

_PARAMETERS: Final = (
    path_parameter("charge_id", "The charge's id.", example="ch_01kab5m5wvfb9v1c2m5hfv0d2e"),
    path_parameter("word", "A word that only the address of this charge's page holds.", example="Jx2vX0mS"),
)
_RESPONSES: Final = {
    303: Content(
        shape={"type": "string"},
        media_type=HTML,
        description="The way on to the merchant's site.",
        headers=("Location",),
    ),
    404: Content(
        shape={"type": "string"}, media_type=HTML, description="FinCore has not given out this address."
    ),
}


def _operation(operation_id: str, summary: str, description: str) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tag="Customers",
        is_authenticated=False,
        parameters=_PARAMETERS,
        responses=_RESPONSES,
        problems=("rate_limited",),
    )


RETURN_APPROVED: Final = _operation(
    "return_approved",
    "Come back from a wallet",
    "For customers only: the PSP of a wallet sends them here after they approved a payment. FinCore asks the PSP how the charge "
    "stands, waits for the outcome for a few seconds, and sends the customer on to the `return_url` of the charge, with "
    "`charge=ch_...` in its query. The query of the request is ignored.",
)
RETURN_CANCELED: Final = _operation(
    "return_canceled",
    "Come back from a wallet without approving",
    "For customers only: the PSP of a wallet sends them here if they did not approve a payment. FinCore sends them on to the "
    "`cancel_url` of the charge, with `charge=ch_...` in its query. The charge stays as it is.",
)
