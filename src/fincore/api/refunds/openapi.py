"""How /v1/refunds is documented."""

from typing import Final

from fincore.api.docs.schemas import words_reference
from fincore.api.refunds.body import FailedRefundProblem
from fincore.domain.ids import parse_refund_id
from fincore.http.idempotent_call import (
    IDEMPOTENCY_KEY,
    IDEMPOTENT_PROBLEMS,
    PREFER,
    PREFER_READ,
    READ_HEADERS,
    RESPONSE_HEADERS,
)
from fincore.http.list_filters import CHARGE, status_filter
from fincore.http.list_operation import CREATED, ListOperation
from fincore.http.openapi import (
    READ_PROBLEMS,
    Content,
    Operation,
    path_parameter,
    problem_content,
)
from fincore.public.refund_body import RefundBody, RefundListBody
from fincore.write.payments.operation_request import RefundRequest

_TAG: Final = "Refunds"

CREATE_REFUND: Final = Operation(
    operation_id="create_refund",
    summary="Refund a charge",
    description=(
        "Gives back the money of a charge that succeeded, or a part of it. A charge can have many refunds; together they "
        "never exceed the captured amount, however many requests you send at once. FinCore stores the refund before it "
        "answers: the refund is `processing`, its amount is reserved, and no crash or outage loses it. With "
        "`Prefer: wait=N` the response holds the outcome; a refund that fails while you wait is answered with 402."
    ),
    tag=_TAG,
    parameters=(IDEMPOTENCY_KEY, PREFER),
    request_body=Content(shape=RefundRequest, description="The refund to make. Unknown fields are refused."),
    responses={
        201: Content(shape=RefundBody, description="The refund.", headers=("Location", *RESPONSE_HEADERS)),
        402: problem_content(
            FailedRefundProblem,
            "The refund failed while you waited.",
            headers=("Location", *RESPONSE_HEADERS),
        ),
    },
    problems=(
        *IDEMPOTENT_PROBLEMS,
        "field_missing",
        "card_number_not_allowed",
        "charge_not_found",
        "charge_not_refundable",
        "charge_already_refunded",
        "charge_disputed",
        "charge_report_held",
        "too_many_refunds",
        "charge_busy",
        "charge_unreadable",
        "amount_too_small",
        "amount_too_large",
        "refund_amount_too_large",
    ),
)

GET_REFUND: Final = Operation(
    operation_id="get_refund",
    summary="Get a refund",
    description=(
        "Returns the refund as it is now. It includes everything that you wrote before. With `Prefer: wait=N` FinCore "
        "answers when the refund leaves `processing`."
    ),
    tag=_TAG,
    parameters=(
        path_parameter("refund_id", "The refund's id.", example="re_01kab5m5wvfb9v1c2m5hfv0d2e"),
        PREFER_READ,
    ),
    responses={200: Content(shape=RefundBody, description="The refund.", headers=READ_HEADERS)},
    problems=(*READ_PROBLEMS, "refund_not_found", "charge_unreadable"),
)

LIST_REFUNDS: Final = ListOperation(
    "refunds",
    tag=_TAG,
    description=(
        "Lists your refunds, newest first, also those made at the PSP. A refund appears in lists a moment after you "
        "created it."
    ),
    filters=(
        CHARGE,
        status_filter("refunds", words_reference("RefundStatus")),
        CREATED,
    ),
    parse_id=parse_refund_id,
    body=RefundListBody,
)
