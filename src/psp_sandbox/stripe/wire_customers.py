"""Stripe's customers, API version 2026-10-28.endive: field for field what goes over the wire."""

from typing import Any, Literal

from msgspec import Struct

from psp_sandbox.stripe.wire_address import Address

TaxExempt = Literal["none", "exempt", "reverse"]


class InvoiceSettings(Struct, frozen=True, kw_only=True, gc=False):
    """What invoices of the customer begin with; the sandbox has no invoices."""

    custom_fields: None = None
    default_payment_method: str | None = None
    footer: None = None
    rendering_options: None = None


class Customer(Struct, frozen=True, kw_only=True, gc=False):
    """A person or company that pays more than once, with payment methods that Stripe keeps."""

    id: str
    object: Literal["customer"] = "customer"
    address: Address | None
    balance: int = 0
    created: int
    currency: None = None
    default_source: None = None
    delinquent: bool = False
    description: str | None
    discount: None = None
    email: str | None
    invoice_prefix: str
    invoice_settings: InvoiceSettings
    livemode: bool
    metadata: dict[str, str]
    name: str | None
    next_invoice_sequence: int = 1
    phone: str | None
    preferred_locales: tuple[str, ...]
    shipping: dict[str, Any] | None
    tax_exempt: TaxExempt
    test_clock: None = None
