"""Request bodies as PayPal reads them: JSON, in which fields that it does not know mean nothing."""

import re
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from psp_sandbox.messages import Request
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import Intent

P = TypeVar("P", bound=msgspec.Struct)

Text127 = Annotated[str, Meta(min_length=1, max_length=127)]
Url = Annotated[str, Meta(max_length=4_000, pattern="^https?://")]

_PATH = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount as it is sent: not checked yet."""

    currency_code: Annotated[str, Meta(min_length=3, max_length=3)]
    value: Annotated[str, Meta(max_length=32)]


class AmountWithBreakdown(Money, frozen=True, kw_only=True):
    """An amount and what it is made of."""

    breakdown: dict[str, Money] | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is bought; only what sums are made of."""

    unit_amount: Money
    quantity: Annotated[str, Meta(max_length=10, pattern="^[1-9][0-9]*$")]
    tax: Money | None = None


class PurchaseUnit(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid for."""

    amount: AmountWithBreakdown
    reference_id: Annotated[str, Meta(min_length=1, max_length=256)] = "default"
    description: Text127 | None = None
    custom_id: Text127 | None = None
    invoice_id: Text127 | None = None
    soft_descriptor: Annotated[str, Meta(min_length=1, max_length=22)] | None = None
    items: list[Item] | None = None


class ExperienceContext(msgspec.Struct, frozen=True, kw_only=True):
    """How the payer is led back."""

    brand_name: Text127 | None = None
    return_url: Url | None = None
    cancel_url: Url | None = None


class VaultInstruction(msgspec.Struct, frozen=True, kw_only=True):
    """That the payment source is to be kept."""

    store_in_vault: Literal["ON_SUCCESS"]


class CustomerName(msgspec.Struct, frozen=True, kw_only=True):
    """What the merchant calls the customer."""

    id: Annotated[str, Meta(min_length=1, max_length=22, pattern="^[0-9a-zA-Z_-]+$")] | None = None


class SourceAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with a payment source besides paying with it."""

    customer: CustomerName = CustomerName()
    vault: VaultInstruction | None = None


VaultId = Annotated[str, Meta(min_length=1, max_length=255, pattern="^[0-9a-zA-Z_-]+$")]


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """A PayPal account: a kept one, or one that its owner has to name on the approval page."""

    attributes: SourceAttributes = SourceAttributes()
    experience_context: ExperienceContext = ExperienceContext()
    vault_id: VaultId | None = None


class CardSource(msgspec.Struct, frozen=True, kw_only=True):
    """A kept card, or a raw one, which is read, used and dropped: see `cards.py`."""

    attributes: SourceAttributes = SourceAttributes()
    vault_id: VaultId | None = None
    number: Annotated[str, Meta(pattern="^[0-9]{13,19}$")] | None = None
    expiry: Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$")] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    security_code: Annotated[str, Meta(pattern="^[0-9]{3,4}$")] | None = None


class PaymentSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the money comes from: one of them."""

    paypal: Wallet | None = None
    card: CardSource | None = None


class CreateOrder(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v2/checkout/orders."""

    intent: Intent
    purchase_units: Annotated[list[PurchaseUnit], Meta(min_length=1, max_length=10)]
    payment_source: PaymentSource | None = None
    application_context: ExperienceContext | None = None


class TokenSource(msgspec.Struct, frozen=True, kw_only=True):
    """A setup token, of which a payment token is to be made."""

    id: VaultId
    type: Literal["SETUP_TOKEN"]


class KeptSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be kept: one of them."""

    paypal: Wallet | None = None
    card: CardSource | None = None
    token: TokenSource | None = None


class KeepSource(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v3/vault/setup-tokens and /v3/vault/payment-tokens."""

    payment_source: KeptSource
    customer: CustomerName = CustomerName()


class CaptureAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v2/payments/authorizations/{id}/capture."""

    amount: Money | None = None
    invoice_id: Annotated[str, Meta(max_length=127)] | None = None
    final_capture: bool = False


class Reauthorize(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v2/payments/authorizations/{id}/reauthorize."""

    amount: Money | None = None


class RefundCapture(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v2/payments/captures/{id}/refund."""

    amount: Money | None = None
    custom_id: Text127 | None = None
    invoice_id: Text127 | None = None
    note_to_payer: Annotated[str, Meta(min_length=1, max_length=255)] | None = None


def read(request: Request, shape: type[P]) -> P:
    """The body of a request; an empty one is an empty object. Raises Refusal (400), which names the field."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=shape)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal("MALFORMED_REQUEST_JSON") from error


def read_query(request: Request, shape: type[P]) -> P:
    """The query of a request. Raises Refusal (400), which names the field."""
    given = {name: values[-1] for name, values in parse_qs(request.query.decode("latin-1")).items()}
    try:
        return msgspec.convert(given, type=shape, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def _refusal(message: str) -> Refusal:
    """The refusal for a message of msgspec, which names the field nowhere else."""
    found = _PATH.search(message)
    pointer = "" if found is None else re.sub(r"\.|(?=\[)", "/", found[1]).replace("[...]", "*")
    if missing := _MISSING.match(message):
        return Refusal("MISSING_REQUIRED_PARAMETER", field=f"{pointer}/{missing[1]}")
    if "length" in message:
        return Refusal("INVALID_STRING_LENGTH", field=pointer or "/")
    if "Invalid enum value" in message or "matching regex" in message:
        return Refusal("INVALID_PARAMETER_SYNTAX", field=pointer or "/")
    if "unknown field" in message:
        return Refusal("NOT_SUPPORTED", field=pointer or "/")
    return Refusal("MALFORMED_REQUEST_JSON", field=pointer or "/")
