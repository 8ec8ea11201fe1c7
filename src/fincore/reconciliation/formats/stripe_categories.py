"""What Stripe's reporting categories are to us: one table (docs.stripe.com/reports/reporting-categories). Pure.

A category that is not here refuses the file.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.domain.settlement_events import LineKind

CATEGORIES: Final[Mapping[str, LineKind]] = MappingProxyType(
    {
        "advance": "adjustment",
        "advance_funding": "adjustment",
        "anticipation_repayment": "adjustment",
        "charge": "payment",
        # A payment that failed after its money was there, and what a capture of a part gives back: with the payment's own
        # line they sum to what was kept of it.
        "charge_failure": "payment",
        "climate_order_purchase": "outgoing",
        "climate_order_refund": "outgoing",
        "connect_collection_transfer": "adjustment",
        "connect_reserved_funds": "reserve",
        "contribution": "account_fee",
        "dispute": "dispute",
        "dispute_reversal": "dispute_reversal",
        "fee": "account_fee",
        "financing_paydown": "adjustment",
        "financing_paydown_reversal": "adjustment",
        "financing_payout": "adjustment",
        "financing_payout_reversal": "adjustment",
        "issuing_authorization_hold": "reserve",
        "issuing_authorization_release": "reserve",
        "issuing_dispute": "outgoing",
        "issuing_transaction": "outgoing",
        "network_cost": "account_fee",
        "other_adjustment": "adjustment",
        "partial_capture_reversal": "payment",
        "payout": "payout",
        "payout_reversal": "payout_returned",
        "platform_earning": "adjustment",
        "platform_earning_refund": "adjustment",
        "refund": "refund",
        "refund_failure": "refund_failed",
        "risk_reserved_funds": "reserve",
        "tax": "account_fee",
        "topup": "payout",
        "topup_reversal": "payout_returned",
        "transfer": "outgoing",
        "transfer_reversal": "outgoing",
        "unreconciled_customer_funds": "adjustment",
    }
)
"""Reporting category -> what a line of it is."""
