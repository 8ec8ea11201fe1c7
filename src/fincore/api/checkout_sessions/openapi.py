"""How /v1/checkout_sessions is documented."""

from typing import Final, get_args

from fincore.domain.checkout_session import CheckoutSessionStatus
from fincore.domain.ids import parse_checkout_session_id
from fincore.http.idempotent_call import (
    IDEMPOTENCY_KEY,
    IDEMPOTENT_PROBLEMS,
    PREFER,
    RESPONSE_HEADERS,
)
from fincore.http.list_filters import status_filter
from fincore.http.list_operation import CREATED, ListOperation
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, path_parameter
from fincore.public.checkout_session_body import CheckoutSessionBody, CheckoutSessionListBody
from fincore.write.checkout.session_request import CheckoutSessionRequest, ExpireRequest

_TAG: Final = "Checkout sessions"
_SESSION_ID: Final = path_parameter(
    "session_id", "The session's id.", example="cos_01kab5m5wvfb9v1c2m5hfv0d2e"
)

CREATE_SESSION: Final = Operation(
    operation_id="create_checkout_session",
    summary="Create a checkout session",
    description=(
        "Creates a page on which a customer pays you, once: send them to `url`. After a decline the customer can try again, "
        "or pay otherwise; each try is a charge, and one of them at most takes the money. The webhook `checkout_session.completed` "
        "tells that the session is paid, and `checkout_session.expired` that it was not and cannot be any more."
    ),
    tag=_TAG,
    parameters=(IDEMPOTENCY_KEY,),
    request_body=Content(
        shape=CheckoutSessionRequest, description="The session to create. Unknown fields are refused."
    ),
    responses={
        201: Content(
            shape=CheckoutSessionBody,
            description="The checkout session.",
            headers=("Location", *RESPONSE_HEADERS),
        )
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
        "payment_method_not_taken",
        "psp_not_configured",
        "checkout_not_configured",
        "checkout_session_busy",
    ),
)

GET_SESSION: Final = Operation(
    operation_id="get_checkout_session",
    summary="Get a checkout session",
    description="Returns the checkout session as it is now. It includes everything that you wrote before.",
    tag=_TAG,
    parameters=(_SESSION_ID,),
    responses={200: Content(shape=CheckoutSessionBody, description="The checkout session.")},
    problems=(*READ_PROBLEMS, "checkout_session_not_found"),
)

EXPIRE_SESSION: Final = Operation(
    operation_id="expire_checkout_session",
    summary="End a checkout session",
    description=(
        "Ends an open session, so that it cannot be paid. While an attempt of the customer is under way, FinCore cancels it at the "
        "PSP first: the session stays `open` until that is known, and is `completed` if the attempt turns out paid. With "
        "`Prefer: wait=N` the response holds the outcome. A session that is ending already, because you asked before or its time is "
        "over, is answered 409 `checkout_session_not_open`: its end is under way, and its webhook tells how it ended. "
        "Where its time is over and staff review the payment, it ends with their decision, or once you cancel the charge."
    ),
    tag=_TAG,
    parameters=(_SESSION_ID, IDEMPOTENCY_KEY, PREFER),
    request_body=Content(
        shape=ExpireRequest, description="Nothing; the body can be left out.", is_required=False
    ),
    responses={
        200: Content(
            shape=CheckoutSessionBody,
            description="The checkout session.",
            headers=("Location", *RESPONSE_HEADERS),
        )
    },
    problems=(
        *IDEMPOTENT_PROBLEMS,
        "checkout_session_not_found",
        "checkout_session_not_open",
        "checkout_session_busy",
    ),
)

LIST_SESSIONS: Final = ListOperation(
    "checkout sessions",
    tag=_TAG,
    description="Lists your checkout sessions, newest first. A session appears in lists a moment after you created it.",
    filters=(
        status_filter("checkout sessions", {"type": "string", "enum": list(get_args(CheckoutSessionStatus))}),
        CREATED,
    ),
    parse_id=parse_checkout_session_id,
    body=CheckoutSessionListBody,
)
