"""The statuses and reasons of PayPal's payments, refunds and disputes, and what each means to FinCore, as tables. Pure.

What no table holds is Unknown. Sources: PayPal's specifications of Orders v2, Payments v2 and Customer Disputes v1, and
developer.paypal.com/api/rest/reference/orders/v2/errors for the response codes of card processors.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.outcome import DeclineAdvice, DisputeCategory, DisputeStatus, FailureCode

CaptureState = Literal["taken", "pending", "refused"]

CAPTURE_STATUSES: Final[Mapping[str, CaptureState]] = MappingProxyType(
    {
        "COMPLETED": "taken",
        "PARTIALLY_REFUNDED": "taken",
        "REFUNDED": "taken",
        "PENDING": "pending",
        "DECLINED": "refused",
        "DENIED": "refused",
        "FAILED": "refused",
    }
)
"""Status of a capture -> whether it took the money. What was given back later, only refunds tell: a capture turns
PARTIALLY_REFUNDED when a dispute opens, too. DENIED is what its webhook calls one that was pending and failed."""

AuthorizationState = Literal["held", "captured", "pending", "refused", "released"]

AUTHORIZATION_STATUSES: Final[Mapping[str, AuthorizationState]] = MappingProxyType(
    {
        "CREATED": "held",
        "CAPTURED": "captured",
        "PARTIALLY_CAPTURED": "captured",
        "PENDING": "pending",
        "DENIED": "refused",
        "VOIDED": "released",
        "EXPIRED": "released",
    }
)
"""Status of an authorization -> what it holds. VOIDED is said of one that we voided and of one that ran out."""

DAYS_UNTIL_DECIDED: Final[Mapping[str, int]] = MappingProxyType(
    {
        "ECHECK": 14,
        "PENDING_REVIEW": 7,
        "TRANSACTION_APPROVED_AWAITING_FUNDING": 14,
        "BUYER_COMPLAINT": 31,
        "CHARGEBACK": 31,
        "INTERNATIONAL_WITHDRAWAL": 31,
        "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION": 31,
        "REFUNDED": 31,
        "UNILATERAL": 31,
        "VERIFICATION_REQUIRED": 31,
    }
)
"""Reason of what is pending -> days after which a person looks. A bank debit takes three to six days, a review one or more;
what the merchant does not accept within thirty days PayPal gives back."""
DAYS_UNTIL_DECIDED_OTHERWISE: Final = 31

RefundState = Literal["pending", "succeeded", "failed"]

REFUND_STATUSES: Final[Mapping[str, RefundState]] = MappingProxyType(
    {"COMPLETED": "succeeded", "PENDING": "pending", "FAILED": "failed", "CANCELLED": "failed"}
)
"""Status of a refund -> ours."""


class ProcessorDecline(msgspec.Struct, frozen=True):
    """Why the card's network refused."""

    code: FailureCode
    advice: DeclineAdvice
    discreet: bool = False


def _declines(decline: ProcessorDecline, codes: str) -> dict[str, ProcessorDecline]:
    return dict.fromkeys(codes.split(), decline)


PROCESSOR_DECLINES: Final[Mapping[str, ProcessorDecline]] = MappingProxyType(
    _declines(ProcessorDecline("incorrect_cvc", "ask_customer"), "00N7 5110")
    | _declines(ProcessorDecline("card_declined", "retry_later"), "0500 5100 5120 9100")
    | _declines(ProcessorDecline("processing_error", "retry_later"), "5920")
    | _declines(ProcessorDecline("payment_method_invalid", "ask_customer"), "1330")
    | _declines(ProcessorDecline("payment_method_invalid", "do_not_retry"), "5140 5180 5700 5910 5930")
    | _declines(ProcessorDecline("expired_card", "ask_customer"), "5400")
    | _declines(ProcessorDecline("authentication_required", "ask_customer"), "5650")
    | _declines(
        ProcessorDecline("card_declined", "do_not_retry", discreet=True),
        "5150 5160 9500 9510 9520 9530 9540",
    )
)
"""`processor_response.response_code` -> why the payment failed. With any other it is declined, and the customer may try."""
UNLISTED_DECLINE: Final = ProcessorDecline("card_declined", "ask_customer")

PAYMENT_ADVICE: Final[Mapping[str, DeclineAdvice]] = MappingProxyType(
    {"01": "ask_customer", "02": "retry_later", "03": "do_not_retry", "21": "do_not_retry"}
)
"""The network's advice on a decline, which goes before the advice of the table above."""

DISPUTE_STATUSES: Final[Mapping[str, DisputeStatus]] = MappingProxyType(
    {
        "OPEN": "needs_response",
        "WAITING_FOR_SELLER_RESPONSE": "needs_response",
        "WAITING_FOR_BUYER_RESPONSE": "under_review",
        "UNDER_REVIEW": "under_review",
        "OTHER": "under_review",
    }
)
"""Status of a dispute that is not decided -> ours. How a RESOLVED one ended, the money moved and the outcome tell."""
RESOLVED: Final = "RESOLVED"

INQUIRY_STAGE: Final = "INQUIRY"
DISPUTE_STAGES: Final = frozenset({INQUIRY_STAGE, "CHARGEBACK", "PRE_ARBITRATION", "ARBITRATION"})

DISPUTE_ENDINGS: Final[Mapping[str, DisputeStatus]] = MappingProxyType(
    {
        "RESOLVED_BUYER_FAVOUR": "lost",
        "ACCEPTED": "lost",
        "RESOLVED_SELLER_FAVOUR": "won",
        "RESOLVED_WITH_PAYOUT": "won",
        "DENIED": "won",
        "CANCELED_BY_BUYER": "closed",
        "NONE": "closed",
    }
)
"""Outcome of a resolved dispute -> how it ended, where no money of ours moved."""

DISPUTE_CATEGORIES: Final[Mapping[str, DisputeCategory]] = MappingProxyType(
    {
        "MERCHANDISE_OR_SERVICE_NOT_RECEIVED": "not_received",
        "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED": "not_as_described",
        "UNAUTHORISED": "fraud",
        "CREDIT_NOT_PROCESSED": "credit_not_processed",
        "DUPLICATE_TRANSACTION": "duplicate",
        "INCORRECT_AMOUNT": "incorrect_amount",
        "PAYMENT_BY_OTHER_MEANS": "paid_by_other_means",
        "CANCELED_RECURRING_BILLING": "canceled_subscription",
        "PROBLEM_WITH_REMITTANCE": "processing_error",
        "OTHER": "other",
    }
)
"""Reason of a dispute -> ours. Any other reason is `other`."""

MovementKind = Literal["money", "fee"]

MOVEMENT_REASONS: Final[Mapping[str, MovementKind]] = MappingProxyType(
    {
        "DISPUTE_SETTLEMENT": "money",
        "DISPUTE_SETTLEMENT_FEE": "fee",
        "DISPUTE_FEE": "fee",
        "CHARGEBACK_FEE": "fee",
    }
)
"""Reason of a movement of money by a dispute -> what of it is disputed money, and what is PayPal's price."""
