"""The statuses and reasons of Stripe's payments, refunds and disputes, and what each means to FinCore, as tables.

What no table holds is Unknown. Sources: docs.stripe.com/payments/paymentintents/lifecycle, docs.stripe.com/refunds,
docs.stripe.com/disputes/how-disputes-work.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.outcome import DisputeStatus, RefundFailureCode

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
