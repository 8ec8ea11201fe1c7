"""Tokens of cards: a number given once, to be used once as `card[token]`."""

from typing import Literal

import msgspec

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.parameters import read
from psp_sandbox.stripe.payment_methods import CardParameters, read_card
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.wire import BillingDetails, Metadata, PaymentMethod
from psp_sandbox.stripe.wire_address import Address

BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
"""A token names brands otherwise than a payment method does."""


class TokenCard(CardParameters, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`card` of a token: the number, and its holder in fields of their own."""

    address_city: str | None = None
    address_country: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_state: str | None = None
    address_zip: str | None = None
    name: str | None = None


class TokenParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/tokens, for cards."""

    card: TokenCard
    expand: list[str] = []


class ShownCard(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`card` of a token's answer: the older shape of a card."""

    id: str
    object: Literal["card"] = "card"
    address_city: str | None
    address_country: str | None
    address_line1: str | None
    address_line1_check: str | None
    address_line2: str | None
    address_state: str | None
    address_zip: str | None
    address_zip_check: str | None
    brand: str
    country: str | None
    cvc_check: str | None
    dynamic_last4: None = None
    exp_month: int
    exp_year: int
    fingerprint: str
    funding: str
    last4: str
    metadata: Metadata = {}
    name: str | None
    tokenization_method: None = None


class Token(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A card that can be used once."""

    id: str
    object: Literal["token"] = "token"
    card: ShownCard
    client_ip: None = None
    created: int
    livemode: bool
    type: Literal["card"] = "card"
    used: bool = False


def create(call: Call) -> Response:
    """POST /v1/tokens."""
    given = read(call.request, TokenParameters).card
    card, kept = read_card(call, given)
    address = Address(
        city=given.address_city,
        country=given.address_country,
        line1=given.address_line1,
        line2=given.address_line2,
        postal_code=given.address_zip,
        state=given.address_state,
    )
    token_id = new_id("tok")
    now = call.store.now()
    method = PaymentMethod(
        id=token_id,
        billing_details=BillingDetails(address=address, name=given.name),
        card=kept,
        created=now,
        livemode=call.caller.livemode,
        metadata={},
    )
    call.store.tokens.add(call.account, token_id, StoredCard(method, card))
    shown = ShownCard(
        id=new_id("card"),
        address_city=given.address_city,
        address_country=given.address_country,
        address_line1=given.address_line1,
        address_line1_check=kept.checks.address_line1_check,
        address_line2=given.address_line2,
        address_state=given.address_state,
        address_zip=given.address_zip,
        address_zip_check=kept.checks.address_postal_code_check,
        brand=BRANDS.get(kept.brand, "Unknown"),
        country=kept.country,
        cvc_check="unchecked" if given.cvc is not None else None,
        exp_month=kept.exp_month,
        exp_year=kept.exp_year,
        fingerprint=kept.fingerprint,
        funding=kept.funding,
        last4=kept.last4,
        name=given.name,
    )
    return Response(payload=Token(id=token_id, card=shown, created=now, livemode=call.caller.livemode))
