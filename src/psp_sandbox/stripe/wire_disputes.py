"""The shapes of disputes and of the warnings that come before them."""

from typing import Any, Literal

from msgspec import Struct

from psp_sandbox.stripe.wire_balance import BalanceTransaction

DisputeReason = Literal[
    "credit_not_processed",
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
]
DisputeStatus = Literal[
    "lost",
    "needs_response",
    "under_review",
    "warning_closed",
    "warning_needs_response",
    "warning_under_review",
    "won",
]


class Evidence(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """What the merchant says against a dispute; also what a request may say of it. Files are named by their ids."""

    access_activity_log: str | None = None
    billing_address: str | None = None
    cancellation_policy: str | None = None
    cancellation_policy_disclosure: str | None = None
    cancellation_rebuttal: str | None = None
    customer_communication: str | None = None
    customer_email_address: str | None = None
    customer_name: str | None = None
    customer_purchase_ip: str | None = None
    customer_signature: str | None = None
    duplicate_charge_documentation: str | None = None
    duplicate_charge_explanation: str | None = None
    duplicate_charge_id: str | None = None
    enhanced_evidence: dict[str, Any] = {}
    product_description: str | None = None
    receipt: str | None = None
    refund_policy: str | None = None
    refund_policy_disclosure: str | None = None
    refund_refusal_explanation: str | None = None
    service_date: str | None = None
    service_documentation: str | None = None
    shipping_address: str | None = None
    shipping_carrier: str | None = None
    shipping_date: str | None = None
    shipping_documentation: str | None = None
    shipping_tracking_number: str | None = None
    uncategorized_file: str | None = None
    uncategorized_text: str | None = None


class EnhancedEligibility(Struct, frozen=True, gc=False):
    """No dispute here is eligible for the card networks' special programmes."""


class EvidenceDetails(Struct, frozen=True, kw_only=True, gc=False):
    """Until when evidence is taken, in unix seconds, and whether there is any."""

    due_by: int
    enhanced_eligibility: EnhancedEligibility = EnhancedEligibility()
    has_evidence: bool = False
    past_due: bool = False
    submission_count: int = 0


class DisputedCard(Struct, frozen=True, kw_only=True, gc=False):
    """What the card's network says of the dispute."""

    brand: str
    case_type: Literal["chargeback", "inquiry"]
    network: str
    network_reason_code: str | None


class DisputedMethod(Struct, frozen=True, kw_only=True, gc=False):
    """How the disputed charge was paid."""

    card: DisputedCard
    type: Literal["card"] = "card"


class Dispute(Struct, frozen=True, kw_only=True, gc=False):
    """A cardholder's objection to a charge. An inquiry (`warning_*`) takes no money; a chargeback does, at once."""

    id: str
    object: Literal["dispute"] = "dispute"
    amount: int
    balance_transactions: tuple[BalanceTransaction, ...] = ()
    charge: str
    created: int
    currency: str
    enhanced_eligibility_types: tuple[str, ...] = ()
    evidence: Evidence = Evidence()
    evidence_details: EvidenceDetails
    is_charge_refundable: bool
    livemode: bool
    metadata: dict[str, str]
    payment_intent: str
    payment_method_details: DisputedMethod
    reason: DisputeReason
    status: DisputeStatus


FraudType = Literal[
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
]


class EarlyFraudWarning(Struct, frozen=True, kw_only=True, gc=False):
    """The card's issuer suspects fraud; `actionable` while a refund could still prevent a dispute."""

    id: str
    object: Literal["radar.early_fraud_warning"] = "radar.early_fraud_warning"
    actionable: bool
    charge: str
    created: int
    fraud_type: FraudType
    livemode: bool
    payment_intent: str
