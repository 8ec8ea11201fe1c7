"""How /v1/charges is documented."""

from typing import Final, get_args

from fincore.api.charge_body import ChargeBody, ChargeListBody, FailedChargeProblem
from fincore.api.list_query import CREATED, CURSOR, LIMIT, LIST_PROBLEMS
from fincore.api.operation import Content, Operation, Parameter
from fincore.domain.events import ChargeStatus
from fincore.write.payments.charge_request import METADATA_PAIRS_MAX, ChargeRequest
from fincore.write.payments.idempotency import KEY_HEADER_PATTERN

_TAG: Final = "Charges"

_IDEMPOTENCY_KEY: Final = Parameter(
    name="Idempotency-Key",
    place="header",
    is_required=True,
    description=(
        "A key of your own for this payment, such as a UUID: 1 to 255 printable ASCII characters, bare or in double "
        "quotes. The same request with the same key gets the same answer, byte for byte, for 72 hours."
    ),
    schema={"type": "string", "pattern": KEY_HEADER_PATTERN, "examples": ["order-6735-attempt-1"]},
)
_PREFER: Final = Parameter(
    name="Prefer",
    place="header",
    description=(
        "`wait=N`: answer when the outcome is known, or after N seconds (30 at most) with what is known then (RFC 7240). "
        "Other preferences are ignored."
    ),
    schema={"type": "string", "examples": ["wait=10"]},
)

CREATE_CHARGE: Final = Operation(
    operation_id="create_charge",
    summary="Create a charge",
    description=(
        "Takes money from a customer's card, or holds it. The answer is durable when it comes: the charge is in "
        "`processing` and is carried out whatever happens. With `Prefer: wait=N` the answer comes with the outcome; a "
        "charge that failed in that time is answered 402."
    ),
    tag=_TAG,
    parameters=(_IDEMPOTENCY_KEY, _PREFER),
    request_body=Content(
        shape=ChargeRequest, description="The charge to create. Unknown fields are refused."
    ),
    answers={
        201: Content(
            shape=ChargeBody,
            description="The charge.",
            headers=("Location", "Idempotent-Replayed", "Preference-Applied"),
        ),
        402: Content(
            shape=FailedChargeProblem,
            media_type="application/problem+json",
            description="The charge failed while you waited.",
            headers=("Location", "Idempotent-Replayed", "Preference-Applied"),
        ),
    },
    problems=(
        "json_invalid",
        "idempotency_key_missing",
        "idempotency_key_invalid",
        "idempotency_key_in_use",
        "idempotency_key_reused",
        "body_too_slow",
        "body_too_large",
        "media_type_unsupported",
        "field_missing",
        "field_unknown",
        "field_invalid",
        "currency_unknown",
        "text_not_storable",
        "card_number_not_allowed",
        "psp_not_configured",
    ),
)

GET_CHARGE: Final = Operation(
    operation_id="get_charge",
    summary="Look at a charge",
    description="The charge as it is now, with everything that happened to it. It never lags behind what you wrote.",
    tag=_TAG,
    parameters=(
        Parameter(
            name="charge_id",
            place="path",
            is_required=True,
            description="The charge's id.",
            schema={"type": "string", "examples": ["ch_01kab5m5wvfb9v1c2m5hfv0d2e"]},
        ),
    ),
    answers={200: Content(shape=ChargeBody, description="The charge, with its `timeline`.")},
    problems=("charge_not_found",),
)

LIST_CHARGES: Final = Operation(
    operation_id="list_charges",
    summary="List charges",
    description=(
        "Your charges, newest first. A page costs the same however far it is from the first. A charge appears in lists "
        "a moment after it was created."
    ),
    tag=_TAG,
    parameters=(
        LIMIT,
        CURSOR,
        Parameter(
            name="status",
            place="query",
            description="Only charges in this state.",
            schema={"type": "string", "enum": list(get_args(ChargeStatus))},
        ),
        Parameter(
            name="customer_email",
            place="query",
            description="Only charges of this customer.",
            schema={"type": "string", "pattern": r"^[^\u0000]*$"},
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
    answers={200: Content(shape=ChargeListBody, description="A page of charges.")},
    problems=LIST_PROBLEMS,
)
