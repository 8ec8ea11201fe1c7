"""With what a customer paid, as merchants see it. Pure."""

from typing import Annotated

import msgspec
from msgspec import Meta

from fincore.domain.payment_method import (
    CardInstrument,
    Instrument,
    PaymentMethod,
    PaymentMethodType,
    PayPalInstrument,
    payment_method_type,
)


class CardDetailsBody(msgspec.Struct, frozen=True, kw_only=True):
    """A card, as far as the PSP tells. It never holds a card number."""

    brand: Annotated[str | None, Meta(description="The card's brand, in the PSP's word.", examples=["visa"])]
    last4: Annotated[str | None, Meta(description="The last four digits of its number.", examples=["4242"])]
    exp_month: Annotated[
        int | None, Meta(description="The month in which it expires, from 1.", examples=[12])
    ]
    exp_year: Annotated[int | None, Meta(description="The year in which it expires.", examples=[2034])]
    country: Annotated[
        str | None, Meta(description="ISO 3166 code of the country that issued it.", examples=["US"])
    ]
    funding: Annotated[
        str | None, Meta(description="Where its money comes from, in the PSP's word.", examples=["credit"])
    ]
    fingerprint: Annotated[
        str | None,
        Meta(
            description="A word of the PSP for the card's number: the same for one card at one PSP account."
        ),
    ]


class PayPalDetailsBody(msgspec.Struct, frozen=True, kw_only=True):
    """A PayPal account, as far as PayPal tells."""

    payer_id: Annotated[str | None, Meta(description="PayPal's id of the account.")]
    country: Annotated[
        str | None, Meta(description="ISO 3166 code of the account's country.", examples=["DE"])
    ]
    email_masked: Annotated[
        str | None,
        Meta(
            description="The account's e-mail address without all but the first letter of the name.",
            examples=["a***@example.com"],
        ),
    ]


class PaymentMethodDetailsBody(msgspec.Struct, frozen=True, kw_only=True):
    """With what the customer pays. The details are null until the PSP has told them."""

    type: Annotated[PaymentMethodType, Meta(description="The type of the payment method that you sent.")]
    card: Annotated[CardDetailsBody | None, Meta(description="The card that paid; null for anything else.")]
    paypal: Annotated[
        PayPalDetailsBody | None, Meta(description="The PayPal account that paid; null for anything else.")
    ]


def payment_method_details(method: PaymentMethod, instrument: Instrument | None) -> PaymentMethodDetailsBody:
    """A payment method with what the PSP told of the instrument; a kept PayPal token may turn out to be a card."""
    return PaymentMethodDetailsBody(
        type=payment_method_type(method),
        card=_card(instrument) if isinstance(instrument, CardInstrument) else None,
        paypal=_paypal(instrument) if isinstance(instrument, PayPalInstrument) else None,
    )


def _card(card: CardInstrument) -> CardDetailsBody:
    return CardDetailsBody(
        brand=card.brand,
        last4=card.last4,
        exp_month=card.expiry_month,
        exp_year=card.expiry_year,
        country=card.country,
        funding=card.funding,
        fingerprint=card.fingerprint,
    )


def _paypal(account: PayPalInstrument) -> PayPalDetailsBody:
    return PayPalDetailsBody(
        payer_id=account.payer_id, country=account.country, email_masked=account.email_masked
    )
