"""What requests about Checkout sessions may say. Unknown parameters are refused by name."""

from typing import Literal

import msgspec

from psp_sandbox.stripe.lists import ListParameters
from psp_sandbox.stripe.payment_intent_parameters import PaymentMethodOptions
from psp_sandbox.stripe.wire import CaptureMethod, Metadata
from psp_sandbox.stripe.wire_checkout import SessionStatus


class ProductData(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`line_items[][price_data][product_data]`."""

    name: str
    description: str | None = None
    metadata: Metadata | str = {}


class PriceData(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`line_items[][price_data]`: a price that is made for this session."""

    currency: str
    product_data: ProductData
    unit_amount: int


class LineItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """One of `line_items`. The sandbox keeps no prices, so that each brings its own."""

    price_data: PriceData
    quantity: int


class PaymentIntentData(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`payment_intent_data`."""

    capture_method: CaptureMethod | None = None
    description: str | None = None
    metadata: Metadata | str = {}
    receipt_email: str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None


class CreateSession(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/checkout/sessions. In other modes than `payment` there is nothing to pay at once."""

    mode: Literal["payment"]
    line_items: list[LineItem]
    success_url: str
    cancel_url: str | None = None
    client_reference_id: str | None = None
    customer_email: str | None = None
    expires_at: int | None = None
    locale: str | None = None
    metadata: Metadata | str = {}
    payment_intent_data: PaymentIntentData = PaymentIntentData()
    payment_method_options: PaymentMethodOptions = PaymentMethodOptions()
    payment_method_types: list[str] | None = None
    expand: list[str] = []


class CustomerDetailsFilter(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """`customer_details` of a list."""

    email: str


class ListSessions(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/checkout/sessions."""

    customer: str | None = None
    customer_details: CustomerDetailsFilter | None = None
    payment_intent: str | None = None
    status: SessionStatus | None = None
