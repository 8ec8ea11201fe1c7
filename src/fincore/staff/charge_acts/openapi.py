"""How the acts on a charge are documented."""

from typing import Final

from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.http.idempotent_call import PREFER, RESPONSE_HEADERS
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.http.problems import ProblemCode
from fincore.public.charge_body import ChargeBody
from fincore.public.refund_body import RefundBody
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS, Reasoned
from fincore.staff.charge_acts.body import StaffInquiryBody, StaffRefundPreviewBody
from fincore.staff.charge_acts.requests import StaffCancelRequest, StaffCaptureRequest, StaffRefundRequest
from fincore.staff.proposals.body import StaffProposalBody

TAG: Final = "Acts on charges"
CHARGE_ID: Final = path_parameter("charge_id", "The charge's id.", example="ch_01kab5m5wvfb9v1c2m5hfv0d2e")
AMOUNT: Final = Parameter(
    name="amount_minor",
    place="query",
    description="The amount to look at, in the charge's minor unit; without it, all that is left.",
    schema={"type": "integer", "minimum": 1, "maximum": AMOUNT_MINOR_MAX},
)
_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    *ACT_PROBLEMS,
    "charge_not_found",
    "charge_busy",
    "charge_unreadable",
)

PREVIEW_REFUND: Final = Operation(
    operation_id="preview_refund",
    summary="Preview a refund",
    description="Says what a refund would do as things stand, and whether it needs a second person. Nothing is changed.",
    tag=TAG,
    parameters=(CHARGE_ID, AMOUNT),
    responses={200: Content(shape=StaffRefundPreviewBody, description="What the refund would do.")},
    problems=(*READ_PROBLEMS, "charge_not_found", "charge_unreadable"),
)
REFUND: Final = Operation(
    operation_id="refund_charge",
    summary="Refund a charge",
    description="Gives money back, as the merchant's own refund does; the merchant reads `origin` `staff`. Above the caller's limit nothing is "
    "refunded: the answer is 202 with a proposal, which a second person approves.",
    tag=TAG,
    parameters=(CHARGE_ID, *ACT_PARAMETERS, PREFER),
    request_body=Content(shape=StaffRefundRequest, description="What to refund, and why."),
    responses={
        201: Content(shape=RefundBody, description="The refund.", headers=RESPONSE_HEADERS),
        202: Content(
            shape=StaffProposalBody, description="A second person has to agree.", headers=ACT_HEADERS
        ),
    },
    problems=(
        *_PROBLEMS,
        "act_not_possible",
        "charge_not_refundable",
        "charge_already_refunded",
        "charge_disputed",
        "charge_report_held",
        "too_many_refunds",
        "amount_too_small",
        "refund_amount_too_large",
    ),
)
CAPTURE: Final = Operation(
    operation_id="capture_charge",
    summary="Capture a charge",
    description="Takes the money that an authorized charge holds, or a part of it, as the merchant's own capture does.",
    tag=TAG,
    parameters=(CHARGE_ID, *ACT_PARAMETERS, PREFER),
    request_body=Content(shape=StaffCaptureRequest, description="What to capture, and why."),
    responses={200: Content(shape=ChargeBody, description="The charge.", headers=RESPONSE_HEADERS)},
    problems=(
        *_PROBLEMS,
        "operation_in_progress",
        "charge_not_capturable",
        "charge_under_review",
        "amount_too_small",
        "capture_amount_too_large",
    ),
)
CANCEL: Final = Operation(
    operation_id="cancel_charge",
    summary="Cancel a charge",
    description="Gives an authorized charge up, or one that requires action: the bank releases what it holds.",
    tag=TAG,
    parameters=(CHARGE_ID, *ACT_PARAMETERS, PREFER),
    request_body=Content(shape=StaffCancelRequest, description="Why."),
    responses={200: Content(shape=ChargeBody, description="The charge.", headers=RESPONSE_HEADERS)},
    problems=(*_PROBLEMS, "operation_in_progress", "charge_not_cancelable"),
)
INQUIRE: Final = Operation(
    operation_id="ask_psp",
    summary="Ask the PSP now",
    description="Has the PSP asked at once how the charge and its refunds stand, once in ten seconds at most. It repeats nothing at the PSP; what "
    "the PSP says is recorded in the charge.",
    tag=TAG,
    parameters=(CHARGE_ID, *ACT_PARAMETERS),
    request_body=Content(shape=Reasoned, description="Why."),
    responses={200: Content(shape=StaffInquiryBody, description="The PSP is asked.", headers=ACT_HEADERS)},
    problems=(*_PROBLEMS, "act_not_possible"),
)
