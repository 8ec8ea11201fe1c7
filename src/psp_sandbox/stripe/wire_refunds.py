"""The shape of a refund."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from psp_sandbox.stripe.wire_balance import BalanceTransaction

RefundReason = Literal["duplicate", "fraudulent", "requested_by_customer"]
RefundStatus = Literal["canceled", "failed", "pending", "succeeded"]


class CardDestination(Struct, frozen=True, kw_only=True, gc=False):
    """How the card's bank learns of a refund; its reference comes later and the sandbox gives none."""

    reference_status: str = "pending"
    reference_type: str = "acquirer_reference_number"
    type: Literal["refund"] = "refund"


class DestinationDetails(Struct, frozen=True, kw_only=True, gc=False):
    """Where a refund goes."""

    card: CardDestination = CardDestination()
    type: Literal["card"] = "card"


class Refund(Struct, frozen=True, kw_only=True, gc=False):
    """Money on its way back to a card. It can fail after it succeeded; then the balance has it again."""

    id: str
    object: Literal["refund"] = "refund"
    amount: int
    balance_transaction: str | BalanceTransaction
    charge: str
    created: int
    currency: str
    customer: str | None
    customer_account: None = None
    destination_details: DestinationDetails = DestinationDetails()
    failure_balance_transaction: str | BalanceTransaction | UnsetType = UNSET
    failure_reason: str | UnsetType = UNSET
    metadata: dict[str, str]
    payment_intent: str
    payment_method: str
    pending_reason: Literal["processing"] | UnsetType = UNSET
    reason: RefundReason | None
    receipt_number: None = None
    source_transfer_reversal: None = None
    status: RefundStatus
    transfer_reversal: None = None
