"""How /v1/charges of the card edge is documented."""

from typing import Annotated, Final

from msgspec import Meta

from fincore.cardedge.charges.requests import RawCardChargeRequest
from fincore.http.idempotent_call import IDEMPOTENCY_KEY, IDEMPOTENT_PROBLEMS, PREFER, RESPONSE_HEADERS
from fincore.http.openapi import Content, Operation, problem_content
from fincore.http.problems import ProblemBody
from fincore.public.charge_body import ChargeBody


class FailedRawCardChargeProblem(ProblemBody, frozen=True, kw_only=True):
    """The error where the card was refused, or the charge failed while you waited."""

    charge: Annotated[ChargeBody, Meta(description="The charge as it is now.")]


CREATE_RAW_CARD_CHARGE: Final = Operation(
    operation_id="create_raw_card_charge",
    summary="Create a charge by card number",
    description=(
        "Takes money from a card by its number, or holds it. The operator must have enabled card numbers for your key's mode. "
        "FinCore makes the card into tokens at the PSP accounts that may carry the charge, and stores the charge with the tokens "
        "alone: look at it and operate on it at the merchants' API. The security code is not part of what makes two requests "
        "the same. Where no PSP answers, the answer is `card_not_tokenised` and nothing is kept. A card that a PSP refuses is a "
        "`failed` charge, answered with 402. For `Prefer`, `return_url` and 3-D Secure see `create_charge` of the API."
    ),
    tag="Charges",
    parameters=(IDEMPOTENCY_KEY, PREFER),
    request_body=Content(
        shape=RawCardChargeRequest, description="The charge to create. Unknown fields are refused."
    ),
    responses={
        201: Content(shape=ChargeBody, description="The charge.", headers=("Location", *RESPONSE_HEADERS)),
        402: problem_content(
            FailedRawCardChargeProblem,
            "The card was refused, or the charge failed while you waited.",
            headers=("Location", *RESPONSE_HEADERS),
        ),
    },
    problems=(
        *IDEMPOTENT_PROBLEMS,
        "raw_cards_not_enabled",
        "field_missing",
        "currency_unknown",
        "currency_not_supported",
        "amount_too_small",
        "amount_too_large",
        "amount_not_expressible",
        "card_number_not_allowed",
        "card_not_tokenised",
        "payment_method_not_taken",
        "psp_not_configured",
    ),
)
