"""The shape of a Checkout session, API version 2026-10-28.endive: field for field what goes over the wire."""

from typing import Any, Literal

from msgspec import Struct

SessionStatus = Literal["open", "complete", "expired"]
PaymentStatus = Literal["paid", "unpaid", "no_payment_required"]


class Liability(Struct, frozen=True, kw_only=True, gc=False):
    """Who owes the tax."""

    type: Literal["account", "self"] = "self"


class AutomaticTax(Struct, frozen=True, kw_only=True, gc=False):
    """Taxes that Stripe computes: none."""

    enabled: bool = False
    liability: Liability | None = None
    provider: str | None = None
    status: str | None = None


class Texts(Struct, frozen=True, kw_only=True, gc=False):
    """The merchant's own words on the page: none."""

    after_submit: None = None
    shipping_address: None = None
    submit: None = None
    terms_of_service_acceptance: None = None


class Switch(Struct, frozen=True, kw_only=True, gc=False):
    """A feature that is off."""

    enabled: bool = False


class InvoiceData(Struct, frozen=True, kw_only=True, gc=False):
    """What an invoice would say."""

    account_tax_ids: None = None
    custom_fields: None = None
    description: None = None
    footer: None = None
    issuer: None = None
    metadata: dict[str, str] | None = None
    rendering_options: None = None


class InvoiceCreation(Struct, frozen=True, kw_only=True, gc=False):
    """Whether an invoice is made of the payment: it is not."""

    enabled: bool = False
    invoice_data: InvoiceData = InvoiceData(metadata={})


class TotalDetails(Struct, frozen=True, kw_only=True, gc=False):
    """What the total holds beside the items."""

    amount_discount: int = 0
    amount_shipping: int | None = 0
    amount_tax: int = 0


class CustomerDetails(Struct, frozen=True, kw_only=True, gc=False):
    """What the customer said on the page."""

    address: None = None
    business_name: str | None = None
    email: str | None
    individual_name: str | None = None
    name: str | None = None
    phone: str | None = None
    tax_exempt: str | None = "none"
    tax_ids: list[Any] | None = None


class CheckoutSession(Struct, frozen=True, kw_only=True, gc=False):
    """One stay of a customer on Stripe's page. Amounts are in Stripe's minor units of the currency.

    `payment_intent` is made by the first attempt to pay; `url` is there while the session is open.
    """

    id: str
    object: Literal["checkout.session"] = "checkout.session"
    adaptive_pricing: Switch | None = Switch()
    after_expiration: None = None
    allow_promotion_codes: None = None
    amount_subtotal: int
    amount_total: int
    automatic_tax: AutomaticTax = AutomaticTax()
    billing_address_collection: None = None
    cancel_url: str | None
    client_reference_id: str | None
    client_secret: None = None
    collected_information: None = None
    consent: None = None
    consent_collection: None = None
    created: int
    currency: str
    currency_conversion: None = None
    custom_fields: tuple[Any, ...] = ()
    custom_text: Texts = Texts()
    customer: str | None = None
    customer_account: None = None
    customer_creation: str | None = "if_required"
    customer_details: CustomerDetails | None = None
    customer_email: str | None
    discounts: tuple[Any, ...] = ()
    expires_at: int
    integration_identifier: None = None
    invoice: None = None
    invoice_creation: InvoiceCreation = InvoiceCreation()
    livemode: bool
    locale: str | None = None
    managed_payments: None = None
    metadata: dict[str, str]
    mode: Literal["payment"] = "payment"
    origin_context: None = None
    payment_intent: str | Struct | None = None
    payment_link: None = None
    payment_method_collection: str = "if_required"
    payment_method_configuration_details: None = None
    payment_method_options: dict[str, Any] = {}
    payment_method_types: tuple[str, ...] = ("card",)
    payment_status: PaymentStatus = "unpaid"
    permissions: None = None
    phone_number_collection: Switch = Switch()
    recovered_from: None = None
    saved_payment_method_options: None = None
    setup_intent: None = None
    shipping_address_collection: None = None
    shipping_cost: None = None
    shipping_options: tuple[Any, ...] = ()
    status: SessionStatus = "open"
    submit_type: None = None
    subscription: None = None
    success_url: str
    total_details: TotalDetails = TotalDetails()
    ui_mode: str = "hosted_page"
    url: str | None
    wallet_options: None = None
