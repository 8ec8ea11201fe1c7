"""What requests about payment intents may say. Unknown parameters are refused by name."""

from typing import Any, Literal

import msgspec

from psp_sandbox.stripe.lists import ListParameters
from psp_sandbox.stripe.payment_methods import PaymentMethodParameters
from psp_sandbox.stripe.wire import (
    AutomaticPaymentMethods,
    CaptureMethod,
    ConfirmationMethod,
    Metadata,
    ThreeDSecureRequest,
)

CancellationReason = Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"]


class CardOptions(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`payment_method_options[card]`, as far as the sandbox acts on it."""

    request_three_d_secure: ThreeDSecureRequest = "automatic"


class PaymentMethodOptions(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`payment_method_options`."""

    card: CardOptions = CardOptions()


class ConfirmParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents/{id}/confirm."""

    payment_method: str | None = None
    payment_method_data: PaymentMethodParameters | None = None
    payment_method_options: PaymentMethodOptions = PaymentMethodOptions()
    payment_method_types: list[str] | None = None
    capture_method: CaptureMethod | None = None
    error_on_requires_action: bool = False
    off_session: bool | str = False
    receipt_email: str | None = None
    return_url: str | None = None
    setup_future_usage: Literal["off_session", "on_session"] | None = None
    shipping: dict[str, Any] | None = None
    use_stripe_sdk: bool = False
    client_secret: str | None = None
    expand: list[str] = []


class CreateParameters(ConfirmParameters, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents. What belongs to a confirmation may only be given with `confirm=true`."""

    amount: int
    currency: str
    automatic_payment_methods: AutomaticPaymentMethods | None = None
    confirm: bool = False
    confirmation_method: ConfirmationMethod = "automatic"
    customer: str | None = None
    description: str | None = None
    metadata: Metadata | str = {}
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None


class UpdateParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents/{id}. An empty text unsets."""

    amount: int | None = None
    capture_method: CaptureMethod | None = None
    currency: str | None = None
    customer: str | None = None
    description: str | None = None
    metadata: Metadata | str | None = None
    payment_method: str | None = None
    payment_method_data: PaymentMethodParameters | None = None
    payment_method_options: PaymentMethodOptions | None = None
    payment_method_types: list[str] | None = None
    receipt_email: str | None = None
    setup_future_usage: Literal["off_session", "on_session", ""] | None = None
    shipping: dict[str, Any] | str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None
    expand: list[str] = []


class CaptureParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents/{id}/capture."""

    amount_to_capture: int | None = None
    metadata: Metadata | str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    expand: list[str] = []


class CancelParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents/{id}/cancel."""

    cancellation_reason: CancellationReason | None = None
    expand: list[str] = []


class RetrieveParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """GET /v1/payment_intents/{id}."""

    client_secret: str | None = None
    expand: list[str] = []


class ListIntents(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/payment_intents."""

    customer: str | None = None
