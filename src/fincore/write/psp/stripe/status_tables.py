"""The statuses and reasons of Stripe's payments, refunds, disputes, fraud warnings and payouts, and what each means to FinCore, as tables.

What no table holds is Unknown. Sources: docs.stripe.com/payments/paymentintents/lifecycle, docs.stripe.com/refunds,
docs.stripe.com/disputes/how-disputes-work, docs.stripe.com/disputes/categories, docs.stripe.com/api/charges/object,
docs.stripe.com/api/radar/early_fraud_warnings, docs.stripe.com/api/payouts/object.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.outcome import DisputeCategory, DisputeStatus, FraudType, RefundFailureCode
from fincore.domain.payout_statuses import PayoutStatus
from fincore.domain.psp_risk import PspRiskLevel

ExpiryReason = Literal["authorization_lapsed", "abandoned"]

EXPIRY_REASONS: Final[Mapping[str, ExpiryReason]] = MappingProxyType(
    {"abandoned": "abandoned", "automatic": "authorization_lapsed", "expired": "authorization_lapsed"}
)
"""`cancellation_reason` of a payment intent that was not canceled on purpose. With any other it is Canceled."""

RefundState = Literal["pending", "succeeded", "failed"]

REFUND_STATUSES: Final[Mapping[str, RefundState]] = MappingProxyType(
    {
        "pending": "pending",
        "requires_action": "pending",
        "succeeded": "succeeded",
        "failed": "failed",
        "canceled": "failed",
    }
)
"""Status of a refund -> ours. Any other status is Unknown."""

REFUND_FAILURES: Final[Mapping[str, RefundFailureCode]] = MappingProxyType(
    {
        "charge_for_pending_refund_disputed": "charge_disputed",
        "declined": "declined",
        "expired_or_canceled_card": "account_closed",
        "insufficient_funds": "insufficient_funds",
        "lost_or_stolen_card": "card_lost_or_stolen",
        "merchant_request": "canceled",
        "unknown": "unknown_reason",
    }
)
"""`failure_reason` of a refund that failed. With any other the reason is unknown."""

HOLD_RELEASES: Final = frozenset({"expired_uncaptured_charge", "partial_capture"})
"""`reason` of what Stripe shows as a refund although nothing was captured: a hold, or the rest of one, let go."""


class DisputeStage(msgspec.Struct, frozen=True):
    """Where a dispute stands, and whether it is only a question of the bank so far."""

    status: DisputeStatus
    is_inquiry: bool = False


DISPUTE_STATUSES: Final[Mapping[str, DisputeStage]] = MappingProxyType(
    {
        "warning_needs_response": DisputeStage("needs_response", is_inquiry=True),
        "warning_under_review": DisputeStage("under_review", is_inquiry=True),
        "warning_closed": DisputeStage("closed", is_inquiry=True),
        "needs_response": DisputeStage("needs_response"),
        "under_review": DisputeStage("under_review"),
        "appeal_needs_response": DisputeStage("under_review"),
        "appeal_under_review": DisputeStage("under_review"),
        "won": DisputeStage("won"),
        "lost": DisputeStage("lost"),
        "prevented": DisputeStage("closed"),
    }
)
"""Status of a dispute -> ours. Any other status is Unknown."""

DISPUTE_CATEGORIES: Final[Mapping[str, DisputeCategory]] = MappingProxyType(
    {
        "bank_cannot_process": "processing_error",
        "check_returned": "processing_error",
        "credit_not_processed": "credit_not_processed",
        "customer_initiated": "other",
        "debit_not_authorized": "fraud",
        "duplicate": "duplicate",
        "fraudulent": "fraud",
        "general": "other",
        "incorrect_account_details": "processing_error",
        "insufficient_funds": "processing_error",
        "noncompliant": "other",
        "product_not_received": "not_received",
        "product_unacceptable": "not_as_described",
        "subscription_canceled": "canceled_subscription",
        "unrecognized": "unrecognized",
    }
)
"""Reason of a dispute -> ours. Any other reason is `other`."""

PAYOUT_STATUSES: Final[Mapping[str, PayoutStatus]] = MappingProxyType(
    {
        "pending": "in_transit",
        "in_transit": "in_transit",
        "paid": "paid",
        "failed": "failed",
        "canceled": "canceled",
    }
)
"""Status of a payout -> ours. One that waits for the bank has left the balance already. With any other the report is held."""

FRAUD_TYPES: Final[Mapping[str, FraudType]] = MappingProxyType(
    {
        "card_never_received": "card_never_received",
        "fraudulent_card_application": "account_application",
        "made_with_counterfeit_card": "counterfeit_card",
        "made_with_lost_card": "lost_card",
        "made_with_stolen_card": "stolen_card",
        "misc": "other",
        "unauthorized_use_of_card": "unauthorized_use",
    }
)
"""`fraud_type` of an early fraud warning -> ours. Any other is `other`."""

RISK_LEVELS: Final[Mapping[str, PspRiskLevel]] = MappingProxyType(
    {
        "normal": "normal",
        "elevated": "elevated",
        "highest": "highest",
        "not_assessed": "not_assessed",
        "unknown": "unknown",
    }
)
"""`outcome.risk_level` of a charge -> ours. Any other is `unknown`."""
