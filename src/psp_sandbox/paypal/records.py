"""What the simulated PayPal keeps of an order and its payments. Amounts are minor units, times unix seconds."""

from typing import Literal

import msgspec

OrderStatus = Literal["CREATED", "APPROVED", "COMPLETED", "PAYER_ACTION_REQUIRED", "VOIDED"]
AuthorizationStatus = Literal["CREATED", "CAPTURED", "DENIED", "PARTIALLY_CAPTURED", "VOIDED", "PENDING"]
CaptureStatus = Literal["COMPLETED", "DECLINED", "PARTIALLY_REFUNDED", "PENDING", "REFUNDED"]
RefundStatus = Literal["FAILED", "PENDING", "COMPLETED"]
PendingReason = Literal["ECHECK", "PENDING_REVIEW"]
Intent = Literal["CAPTURE", "AUTHORIZE"]

Funding = Literal[
    "completes", "declined", "echeck", "echeck_denied", "review", "review_denied", "refund_fails"
]
"""What becomes of the money that the payer's instrument gives; chosen on the approval page."""


class Amount(msgspec.Struct, frozen=True, gc=False):
    """Minor units of a currency, which PayPal writes in upper case."""

    currency: str
    minor: int


class Payer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The person who approved, as PayPal tells the merchant."""

    id: str
    email: str
    given_name: str
    surname: str
    country: str


class Card(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is kept of a card: never its number or security code."""

    last_digits: str
    brand: str
    expiry: str
    name: str | None


class ProcessorResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the card's processor said, as PayPal shows it."""

    response_code: str
    avs_code: str | None = None
    cvv_code: str | None = None
    payment_advice_code: str | None = None


class Instrument(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How the payer's instrument behaves. `declined_once`: the next capture or authorization asks the payer again."""

    funding: Funding = "completes"
    declined_once: bool = False
    processor_response: ProcessorResponse | None = None


class Saving(msgspec.Struct, frozen=True, gc=False):
    """What to do with the payment source once the payment succeeds: keep it, for a customer of the merchant."""

    customer_id: str
    token_id: str


class Unit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One purchase unit. `given` are the fields of the request that PayPal shows again as they came."""

    reference_id: str
    amount: Amount
    custom_id: str | None
    invoice_id: str | None
    given: dict[str, object]


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order. `approval_rel` is how its approval link is called; None where no payer has to approve.

    An expired order is not found any more.
    """

    id: str
    account: str
    intent: Intent
    status: OrderStatus
    units: tuple[Unit, ...]
    created_at: int
    updated_at: int
    approval_rel: Literal["approve", "payer-action"] | None
    return_url: str | None = None
    cancel_url: str | None = None
    brand_name: str | None = None
    wallet: bool = False
    card: Card | None = None
    payer: Payer | None = None
    instrument: Instrument = Instrument()
    saving: Saving | None = None
    saved: bool = False
    expired: bool = False


class Authorization(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A hold. A reauthorization has a `parent_id` and shares what was captured with it."""

    id: str
    account: str
    order_id: str
    reference_id: str
    parent_id: str | None
    status: AuthorizationStatus
    reason: Literal["PENDING_REVIEW"] | None
    amount: Amount
    captured_minor: int
    created_at: int
    updated_at: int
    honored_until: int
    expires_at: int
    custom_id: str | None
    invoice_id: str | None
    instrument: Instrument
    expired: bool = False


class Capture(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Money taken from the payer, or refused, or on its way."""

    id: str
    account: str
    order_id: str
    reference_id: str
    authorization_id: str | None
    status: CaptureStatus
    reason: PendingReason | None
    amount: Amount
    refunded_minor: int
    final: bool
    created_at: int
    updated_at: int
    custom_id: str | None
    invoice_id: str | None
    instrument: Instrument


class Refund(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Money sent back. `fee_minor` is the part of PayPal's fee that the merchant gets back with it.

    `reversal`: the payer's bank took it, the merchant did not send it.
    """

    id: str
    account: str
    order_id: str
    reference_id: str
    capture_id: str
    status: RefundStatus
    reason: Literal["ECHECK"] | None
    amount: Amount
    fee_minor: int
    total_refunded_minor: int
    created_at: int
    updated_at: int
    custom_id: str | None
    invoice_id: str | None
    note: str | None
    reversal: bool = False


SetupStatus = Literal["PAYER_ACTION_REQUIRED", "APPROVED", "VAULTED"]


class SetupToken(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payment source that is to be kept, once its owner has approved: a card at once, a PayPal account on a page."""

    id: str
    account: str
    customer_id: str
    status: SetupStatus
    created_at: int
    return_url: str | None = None
    cancel_url: str | None = None
    brand_name: str | None = None
    card: Card | None = None
    payer: Payer | None = None
    instrument: Instrument = Instrument()


class PaymentToken(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A card or a PayPal account that pays without a page. A deleted one is not found any more."""

    id: str
    account: str
    customer_id: str
    created_at: int
    card: Card | None
    payer: Payer | None
    instrument: Instrument
    deleted: bool = False


DisputeReason = Literal[
    "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
    "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED",
    "UNAUTHORISED",
    "CREDIT_NOT_PROCESSED",
    "DUPLICATE_TRANSACTION",
    "INCORRECT_AMOUNT",
    "PAYMENT_BY_OTHER_MEANS",
    "CANCELED_RECURRING_BILLING",
    "PROBLEM_WITH_REMITTANCE",
    "OTHER",
]
DisputeStage = Literal["INQUIRY", "CHARGEBACK", "PRE_ARBITRATION", "ARBITRATION"]
DisputeStatus = Literal["WAITING_FOR_SELLER_RESPONSE", "UNDER_REVIEW", "RESOLVED"]
DisputeOutcome = Literal[
    "RESOLVED_BUYER_FAVOUR", "RESOLVED_SELLER_FAVOUR", "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER"
]
MovementKind = Literal["hold", "release", "settlement", "reversal", "fee", "payout"]


class Movement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Money that a dispute moved from the merchant, back to it, or (`payout`) from PayPal to the buyer. It is positive."""

    id: str
    kind: MovementKind
    minor: int
    at: int


class Dispute(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A buyer's objection to one capture or several. INTERNAL ones come by PayPal, EXTERNAL ones by the card's bank."""

    id: str
    account: str
    capture_ids: tuple[str, ...]
    reason: DisputeReason
    stage: DisputeStage
    channel: Literal["INTERNAL", "EXTERNAL"]
    status: DisputeStatus
    amount: Amount
    created_at: int
    updated_at: int
    due_at: int | None
    outcome: DisputeOutcome | None = None
    movements: tuple[Movement, ...] = ()
    evidences: tuple[dict[str, object], ...] = ()

    def moved(self, kind: MovementKind) -> int:
        """Minor units moved in one way so far."""
        return sum(movement.minor for movement in self.movements if movement.kind == kind)

    @property
    def held_minor(self) -> int:
        """What the merchant cannot dispose of now."""
        return self.moved("hold") - self.moved("release")

    @property
    def taken_minor(self) -> int:
        """What the merchant has lost by now, the fee aside."""
        return self.moved("settlement") - self.moved("reversal")


Record = Order | Authorization | Capture | Refund | SetupToken | PaymentToken | Dispute


def references(record: Record) -> dict[str, str]:
    """The merchant's own names of an object, by which faults know it: `custom_id` and `invoice_id`."""
    if isinstance(record, SetupToken | PaymentToken | Dispute):
        return {}
    about = record.units[0] if isinstance(record, Order) else record
    named = {"custom_id": about.custom_id, "invoice_id": about.invoice_id}
    return {name: value for name, value in named.items() if value is not None}
