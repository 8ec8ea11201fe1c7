"""How /v1/charges is documented."""

from typing import Final

from fincore.api.charges.body import FailedChargeProblem, UnreadableChargeProblem
from fincore.api.docs.schemas import words_reference
from fincore.domain.ids import parse_charge_id
from fincore.http.idempotent_call import (
    IDEMPOTENCY_KEY,
    IDEMPOTENT_PROBLEMS,
    PREFER,
    PREFER_READ,
    READ_HEADERS,
    RESPONSE_HEADERS,
)
from fincore.http.list_filters import AMOUNT_MAX, status_filter
from fincore.http.list_operation import CREATED, ListOperation
from fincore.http.list_query import BOUNDS
from fincore.http.openapi import (
    READ_PROBLEMS,
    Content,
    Operation,
    Parameter,
    path_parameter,
    problem_content,
)
from fincore.public.charge_body import ChargeBody, ChargeListBody
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.metadata import METADATA_PAIRS_MAX

_TAG: Final = "Charges"

CHARGE_ID: Final = path_parameter("charge_id", "The charge's id.", example="ch_01kab5m5wvfb9v1c2m5hfv0d2e")

CREATE_CHARGE: Final = Operation(
    operation_id="create_charge",
    summary="Create a charge",
    description=(
        "Takes money from a customer's card or wallet, or holds it. FinCore stores the charge before it answers: the charge is "
        "`processing`, and no crash or outage loses it. With `Prefer: wait=N` the response holds the outcome; "
        "a charge that fails while you wait is answered with 402. Send a `return_url` if the customer is present: if the "
        "bank wants authentication (3-D Secure), the charge becomes `requires_action`, and you send the customer to "
        "`next_action.redirect_url`. Without a `return_url` such a charge fails with `authentication_required`. A wallet needs "
        "`return_url` and `cancel_url`: the customer approves the payment at `next_action.redirect_url`."
    ),
    tag=_TAG,
    parameters=(IDEMPOTENCY_KEY, PREFER),
    request_body=Content(
        shape=ChargeRequest, description="The charge to create. Unknown fields are refused."
    ),
    responses={
        201: Content(
            shape=ChargeBody,
            description="The charge.",
            headers=("Location", *RESPONSE_HEADERS),
        ),
        402: problem_content(
            FailedChargeProblem,
            "The charge failed while you waited.",
            headers=("Location", *RESPONSE_HEADERS),
        ),
    },
    problems=(
        *IDEMPOTENT_PROBLEMS,
        "field_missing",
        "currency_unknown",
        "currency_not_supported",
        "amount_too_small",
        "amount_too_large",
        "amount_not_expressible",
        "card_number_not_allowed",
        "card_deleted",
        "card_not_found",
        "account_unknown",
        "payment_method_not_taken",
        "psp_not_configured",
        "raw_cards_not_enabled",
        "vault_not_configured",
    ),
)

GET_CHARGE: Final = Operation(
    operation_id="get_charge",
    summary="Get a charge",
    description=(
        "Returns the charge as it is now, with all that happened to it. It includes everything that you wrote before. "
        "With `Prefer: wait=N` FinCore answers when the charge leaves `processing` or `requires_action`, or when its "
        "pending operation is over. On the page that a customer returns to from the bank, request the charge with a "
        "wait: FinCore then asks the PSP, at most every 10 seconds, and does not wait for the PSP's webhook."
    ),
    tag=_TAG,
    parameters=(CHARGE_ID, PREFER_READ),
    responses={
        200: Content(
            shape=ChargeBody,
            description="The charge, with its `refunds`, its `disputes` and its `timeline`.",
            headers=READ_HEADERS,
        ),
        500: problem_content(
            UnreadableChargeProblem,
            "`charge_unreadable`: the charge as far as it can be read. `internal_error`: something else.",
        ),
    },
    problems=(*READ_PROBLEMS, "charge_not_found", "charge_unreadable"),
)

LIST_CHARGES: Final = ListOperation(
    "charges",
    tag=_TAG,
    description="Lists your charges, newest first. A charge appears in lists a moment after you created it.",
    filters=(
        status_filter("charges", words_reference("ChargeStatus")),
        Parameter(
            name="customer_email",
            place="query",
            description="Only charges with this `customer_email`.",
            schema={"type": "string", "pattern": r"^[^\u0000]*$"},
        ),
        Parameter(
            name="disputed",
            place="query",
            description="Only charges that the customer's bank questioned, or only the others.",
            schema={"type": "boolean"},
        ),
        Parameter(
            name="currency",
            place="query",
            description="Only charges in this currency.",
            schema={"type": "string", "pattern": "^[A-Za-z]{3}$", "examples": ["eur"]},
        ),
        Parameter(
            name="amount_minor",
            place="query",
            is_deep_object=True,
            has_plain_form=True,
            description="Only charges of such an amount: `amount_minor[gte]=1000`. `amount_minor=1999` is exactly that one.",
            schema={
                "type": "object",
                "properties": {
                    bound: {"type": "integer", "minimum": 0, "maximum": AMOUNT_MAX} for bound in BOUNDS
                },
                "additionalProperties": False,
            },
        ),
        Parameter(
            name="psp_reference",
            place="query",
            description="Only the charge with this id at the PSP: of its payment, of an authorization or a capture, of a refund or "
            "of a dispute.",
            schema={"type": "string", "pattern": r"^[^\u0000]*$"},
        ),
        Parameter(
            name="last4",
            place="query",
            description="Only charges paid with a card with these last four digits.",
            schema={"type": "string", "pattern": "^[0-9]{4}$", "examples": ["4242"]},
        ),
        Parameter(
            name="brand",
            place="query",
            description="Only charges paid with a card of this brand, in the PSP's word.",
            schema={"type": "string", "pattern": r"^[^\u0000]*$", "examples": ["visa"]},
        ),
        Parameter(
            name="review",
            place="query",
            description="Only charges with a review that stands so.",
            schema=words_reference("ReviewStatus"),
        ),
        CREATED,
        Parameter(
            name="metadata",
            place="query",
            is_deep_object=True,
            description="Only charges that carry all of these: `metadata[order_id]=6735`.",
            schema={
                "type": "object",
                "maxProperties": METADATA_PAIRS_MAX,
                "propertyNames": {"pattern": r"^[^\[\]\u0000]+$"},
                "additionalProperties": {"type": "string", "pattern": r"^[^\u0000]*$"},
            },
        ),
    ),
    parse_id=parse_charge_id,
    body=ChargeListBody,
)
