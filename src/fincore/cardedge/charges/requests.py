"""What a merchant sends with a card number, and what may be wrong with it. Nothing of the card is in a message or a fingerprint. Pure."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.cardedge.card_fields import ExpiryMonth, ExpiryYear, Holder, Number, holder_flaw
from fincore.domain.raw_card import RawCard, card_flaw
from fincore.domain.secret import MASK, Secret
from fincore.write.payments.charge_request import (
    AmountMinor,
    CancelUrl,
    Capture,
    ChargeMetadata,
    ChargeRequest,
    Description,
    ReturnUrl,
    checked,
)
from fincore.write.payments.customer_request import (
    BillingCountry,
    Customer,
    CustomerEmail,
    ShippingCountry,
)
from fincore.write.payments.flaw import Flaw
from fincore.write.payments.sent_currency import SentCurrency
from fincore.write.raw_cards.number_hmac import NumberHmac

CARD: Final = "payment_method.card"
CVC_CHARACTERS_MAX: Final = 4

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card by its number."""

    number: Number
    expiry_month: ExpiryMonth
    expiry_year: ExpiryYear
    cvc: Annotated[
        str,
        Meta(
            max_length=CVC_CHARACTERS_MAX,
            description="The security code: four digits for American Express, three for others. FinCore never keeps it.",
            examples=["123"],
        ),
    ]
    holder: Holder | None = None

    def __repr__(self) -> str:
        """Nothing of the card."""
        return f"Card({MASK!r})"


class RawCardPaymentMethod(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="card"
):
    """A card that FinCore makes into tokens of PSP accounts before it writes the charge."""

    card: Annotated[Card, Meta(description="The card.")]


class RawCardChargeRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The charge to create by card."""

    amount_minor: AmountMinor
    currency: SentCurrency
    payment_method: Annotated[RawCardPaymentMethod, Meta(description="The card that pays.")]
    capture: Capture = True
    description: Description | None = None
    customer_email: CustomerEmail | None = None
    metadata: ChargeMetadata = {}
    return_url: ReturnUrl | None = None
    cancel_url: CancelUrl | None = None
    customer: Customer = None
    billing_country: BillingCountry | None = None
    shipping_country: ShippingCountry | None = None


class CheckedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request without a flaw: its terms, which name no payment method, and its card."""

    terms: ChargeRequest
    card: RawCard


def checked_request(request: RawCardChargeRequest, now: datetime) -> CheckedRequest | Flaw:
    """The terms and the card of a request, or the first thing that is wrong with it."""
    terms = checked(
        ChargeRequest(
            amount_minor=request.amount_minor,
            currency=request.currency,
            capture=request.capture,
            description=request.description,
            customer_email=request.customer_email,
            metadata=request.metadata,
            return_url=request.return_url,
            cancel_url=request.cancel_url,
            customer=request.customer,
            billing_country=request.billing_country,
            shipping_country=request.shipping_country,
        ),
        is_paid_apart=True,
    )
    if isinstance(terms, Flaw):
        return terms
    sent = request.payment_method.card
    card = RawCard(
        number=Secret(sent.number),
        expiry_month=sent.expiry_month,
        expiry_year=sent.expiry_year,
        cvc=Secret(sent.cvc),
        holder=None if sent.holder is None else Secret(sent.holder),
    )
    flaw = card_flaw(card, now)
    if flaw is not None:
        return Flaw(code="field_invalid", param=f"{CARD}.{flaw.field}", detail=flaw.detail)
    return holder_flaw(sent.holder, f"{CARD}.holder") or CheckedRequest(terms=terms, card=card)


class Fingerprints(msgspec.Struct, frozen=True):
    """What a request is known by again, and what it was known by under the key before; None where there is none."""

    now: bytes
    before: bytes | None


def fingerprints_of(method: str, path: str, request: CheckedRequest, hmac: NumberHmac) -> Fingerprints:
    """What two requests with one key must have in common: the terms, the holder, the expiry, and the number as an HMAC.

    The security code is in none: with all else known, three digits could be guessed.
    """
    card = request.card
    head = b"%s %s\n%s\n" % (method.encode(), path.encode(), _ENCODER.encode(request.terms))
    before = hmac.before_of(card.number)

    def fingerprint(number_hmac: str) -> bytes:
        holder = None if card.holder is None else card.holder.reveal()
        facts = _ENCODER.encode([number_hmac, card.expiry_month, card.expiry_year, holder])
        return sha256(head + facts).digest()

    return Fingerprints(fingerprint(hmac.of(card.number)), None if before is None else fingerprint(before))
