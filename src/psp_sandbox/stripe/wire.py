"""The shapes of Stripe's resources, API version 2026-10-28.endive: field for field what goes over the wire.

Every object is immutable. A transition makes a new snapshot, so an event keeps the object as it was
by keeping a reference, and a million payments share what they have in common.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from psp_sandbox.stripe.wire_address import Address
from psp_sandbox.stripe.wire_balance import BalanceTransaction
from psp_sandbox.stripe.wire_checkout import CheckoutSession
from psp_sandbox.stripe.wire_customers import Customer
from psp_sandbox.stripe.wire_disputes import Dispute, EarlyFraudWarning
from psp_sandbox.stripe.wire_payouts import Payout, ReportRun
from psp_sandbox.stripe.wire_refunds import Refund

API_VERSION = "2026-10-28.endive"

PaymentIntentStatus = Literal[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
]
ThreeDSecureRequest = Literal["any", "automatic", "challenge"]
CaptureMethod = Literal["automatic", "automatic_async", "manual"]
ConfirmationMethod = Literal["automatic", "manual"]
Metadata = dict[str, str]


class BillingDetails(Struct, frozen=True, kw_only=True, gc=False):
    """The cardholder."""

    address: Address = Address()
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    tax_id: str | None = None


class CardChecks(Struct, frozen=True, kw_only=True, gc=False):
    """What the issuer said of the CVC and the address: pass, fail, unavailable, or null when not given."""

    address_line1_check: str | None = None
    address_postal_code_check: str | None = None
    cvc_check: str | None = None


class Networks(Struct, frozen=True, kw_only=True, gc=False):
    """Card networks the card can run on."""

    available: tuple[str, ...]
    preferred: str | None = None


class ThreeDSecureUsage(Struct, frozen=True, kw_only=True, gc=False):
    """Whether the card can be authenticated at all."""

    supported: bool = True


class CardOnFile(Struct, frozen=True, kw_only=True, gc=False):
    """`payment_method.card`: never more of the number than its last four digits and a keyed fingerprint."""

    brand: str
    checks: CardChecks
    country: str | None
    display_brand: str
    exp_month: int
    exp_year: int
    fingerprint: str
    funding: str
    generated_from: None = None
    last4: str
    networks: Networks
    regulated_status: str | None = "unregulated"
    three_d_secure_usage: ThreeDSecureUsage = ThreeDSecureUsage()
    wallet: None = None


class PaymentMethod(Struct, frozen=True, kw_only=True, gc=False):
    """A card a payment can be taken from."""

    id: str
    object: Literal["payment_method"] = "payment_method"
    allow_redisplay: str = "unspecified"
    billing_details: BillingDetails
    card: CardOnFile
    created: int
    customer: str | None = None
    customer_account: str | None = None
    livemode: bool
    metadata: Metadata
    type: Literal["card"] = "card"


class AutomaticPaymentMethods(Struct, frozen=True, kw_only=True, gc=False):
    """Whether Stripe picks the payment methods, and whether those that redirect are among them."""

    allow_redirects: Literal["always", "never"] = "always"
    enabled: bool


class RedirectToUrl(Struct, frozen=True, kw_only=True, gc=False):
    """Where the customer authenticates and where they come back to."""

    return_url: str
    url: str


class UseStripeSdk(Struct, frozen=True, kw_only=True, gc=False):
    """What Stripe.js would need; `stripe_js` is the page on which the customer authenticates."""

    type: str = "three_d_secure_redirect"
    stripe_js: str


class NextAction(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What the customer has to do before the payment goes on."""

    type: Literal["redirect_to_url", "use_stripe_sdk"]
    redirect_to_url: RedirectToUrl | UnsetType = UNSET
    use_stripe_sdk: UseStripeSdk | UnsetType = UNSET


class ErrorDetail(Struct, frozen=True, kw_only=True, gc=False):
    """Stripe's error object, in an answer's `error` and in `last_payment_error`. Absent fields are left out."""

    type: Literal["api_error", "card_error", "idempotency_error", "invalid_request_error"]
    advice_code: str | UnsetType = UNSET
    charge: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    decline_code: str | UnsetType = UNSET
    doc_url: str | UnsetType = UNSET
    message: str
    network_decline_code: str | UnsetType = UNSET
    param: str | UnsetType = UNSET
    payment_intent: "PaymentIntent | UnsetType" = UNSET
    payment_method: PaymentMethod | UnsetType = UNSET
    request_log_url: str | UnsetType = UNSET


class ErrorBody(Struct, frozen=True, gc=False):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class Outcome(Struct, frozen=True, kw_only=True, gc=False):
    """Why a charge was approved, declined by the issuer, or blocked by Radar."""

    advice_code: str | None = None
    network_advice_code: str | None = None
    network_decline_code: str | None = None
    network_status: str
    reason: str | None = None
    risk_level: str
    risk_score: int
    seller_message: str
    type: Literal["authorized", "issuer_declined", "blocked"]


class Authorization(Struct, frozen=True, kw_only=True, gc=False):
    """Whether a feature of a card authorization is at hand; the sandbox offers none of them."""

    status: str = "unavailable"


class Overcapture(Struct, frozen=True, kw_only=True, gc=False):
    """How far above the authorized amount a capture may go: not at all."""

    maximum_amount_capturable: int
    status: str = "unavailable"


class NetworkToken(Struct, frozen=True, kw_only=True, gc=False):
    """Whether a network token stood in for the number."""

    used: bool = False


class ThreeDSecure(Struct, frozen=True, kw_only=True, gc=False):
    """How the customer was authenticated."""

    authentication_flow: str | None = None
    electronic_commerce_indicator: str | None = None
    exemption_indicator: str | None = None
    result: str | None = None
    result_reason: str | None = None
    transaction_id: str | None = None
    version: str | None = None


class CardDetails(Struct, frozen=True, kw_only=True, gc=False):
    """`payment_method_details.card` of a charge. `capture_before` is there while an authorization waits."""

    amount_authorized: int | None
    authorization_code: str | None
    brand: str
    capture_before: int | UnsetType = UNSET
    checks: CardChecks
    country: str | None
    exp_month: int
    exp_year: int
    extended_authorization: Authorization = Authorization(status="disabled")
    fingerprint: str
    funding: str
    incremental_authorization: Authorization = Authorization()
    installments: None = None
    last4: str
    mandate: None = None
    multicapture: Authorization = Authorization()
    network: str
    network_token: NetworkToken = NetworkToken()
    network_transaction_id: str | None
    overcapture: Overcapture
    regulated_status: str | None = "unregulated"
    three_d_secure: ThreeDSecure | None = None
    transaction_link_id: None = None
    wallet: None = None


class PaymentMethodDetails(Struct, frozen=True, kw_only=True, gc=False):
    """How a charge was paid."""

    card: CardDetails
    type: Literal["card"] = "card"


class FraudDetails(Struct, frozen=True, gc=False):
    """What is known of fraud on a charge: nothing yet."""


class Charge(Struct, frozen=True, kw_only=True, gc=False):
    """One attempt to move money. A payment intent has one per attempt; `latest_charge` names the last."""

    id: str
    object: Literal["charge"] = "charge"
    amount: int
    amount_captured: int = 0
    amount_refunded: int = 0
    application: None = None
    application_fee: None = None
    application_fee_amount: None = None
    balance_transaction: str | BalanceTransaction | None = None
    billing_details: BillingDetails
    calculated_statement_descriptor: str | None
    captured: bool
    created: int
    currency: str
    customer: str | None
    description: str | None
    disputed: bool = False
    failure_balance_transaction: None = None
    failure_code: str | None = None
    failure_message: str | None = None
    fraud_details: FraudDetails = FraudDetails()
    livemode: bool
    metadata: Metadata
    on_behalf_of: None = None
    outcome: Outcome
    paid: bool
    payment_intent: str
    payment_method: str
    payment_method_details: PaymentMethodDetails
    receipt_email: str | None
    receipt_number: None = None
    receipt_url: str | None = None
    refunded: bool = False
    review: None = None
    shipping: dict[str, Any] | None = None
    source: None = None
    source_transfer: None = None
    statement_descriptor: str | None
    statement_descriptor_suffix: str | None
    status: Literal["succeeded", "pending", "failed"]
    transfer_data: None = None
    transfer_group: str | None


class Tip(Struct, frozen=True, gc=False):
    """No tip."""


class AmountDetails(Struct, frozen=True, kw_only=True, gc=False):
    """What the amount is made of."""

    tip: Tip = Tip()


class PaymentIntent(Struct, frozen=True, kw_only=True, gc=False):
    """One payment, from the wish to take it to its end. Amounts are in Stripe's minor units of the currency."""

    id: str
    object: Literal["payment_intent"] = "payment_intent"
    amount: int
    amount_capturable: int = 0
    amount_details: AmountDetails = AmountDetails()
    amount_received: int = 0
    application: None = None
    application_fee_amount: None = None
    automatic_payment_methods: AutomaticPaymentMethods | None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    capture_method: CaptureMethod
    client_secret: str
    confirmation_method: ConfirmationMethod
    created: int
    currency: str
    customer: str | None
    customer_account: None = None
    description: str | None
    excluded_payment_method_types: None = None
    last_payment_error: ErrorDetail | None = None
    latest_charge: str | Charge | None = None
    livemode: bool
    managed_payments: None = None
    metadata: Metadata
    next_action: NextAction | None = None
    on_behalf_of: None = None
    payment_method: str | PaymentMethod | None
    payment_method_configuration_details: None = None
    payment_method_options: dict[str, Any]
    payment_method_types: tuple[str, ...] = ("card",)
    processing: None = None
    receipt_email: str | None
    review: None = None
    setup_future_usage: str | None
    shipping: dict[str, Any] | None = None
    source: None = None
    statement_descriptor: str | None
    statement_descriptor_suffix: str | None
    status: PaymentIntentStatus
    transfer_data: None = None
    transfer_group: str | None


class EventRequest(Struct, frozen=True, kw_only=True, gc=False):
    """The API request that made the event happen; both null when none did."""

    id: str | None
    idempotency_key: str | None


EventObject = (
    PaymentIntent
    | Charge
    | CheckoutSession
    | Customer
    | PaymentMethod
    | Refund
    | Dispute
    | EarlyFraudWarning
    | Payout
    | ReportRun
)
"""What an event may be about."""


class EventData(Struct, frozen=True, kw_only=True, gc=False):
    """The object as it was right after the event, and what it replaced where Stripe tells."""

    object: EventObject
    previous_attributes: dict[str, Any] | UnsetType = UNSET


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened in an account."""

    id: str
    object: Literal["event"] = "event"
    api_version: str
    created: int
    data: EventData
    livemode: bool
    pending_webhooks: int
    request: EventRequest
    type: str


class WebhookEndpoint(Struct, frozen=True, kw_only=True, gc=False):
    """Where an account's events are sent. `secret` is shown once, in the answer that created it."""

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    api_version: str | None
    application: None = None
    created: int
    description: str | None
    enabled_events: tuple[str, ...]
    livemode: bool
    metadata: Metadata
    secret: str | UnsetType = UNSET
    status: Literal["enabled", "disabled"] = "enabled"
    url: str


class Deleted(Struct, frozen=True, kw_only=True, gc=False):
    """The grave of an object."""

    id: str
    object: str
    deleted: bool = True


class Page(Struct, frozen=True, kw_only=True, gc=False):
    """A list, newest first."""

    object: Literal["list"] = "list"
    data: tuple[Any, ...]
    has_more: bool
    url: str


class SearchPage(Struct, frozen=True, kw_only=True, gc=False):
    """A page of search results; `next_page` is opaque."""

    object: Literal["search_result"] = "search_result"
    data: tuple[Any, ...]
    has_more: bool
    next_page: str | None
    url: str
