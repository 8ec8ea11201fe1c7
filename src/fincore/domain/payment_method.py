"""How a customer pays (`PaymentMethod`), and what the PSP tells of the instrument they paid with (`Instrument`).

A payment method is what a merchant names; a token belongs to the account at the PSP that made it. An instrument is what staff
search by and risk counts by. Neither holds a card number.
"""

from typing import Final, Literal

import msgspec

from fincore.domain.ids import CardId


class CardToken(msgspec.Struct, frozen=True, tag_field="type", tag="card"):
    """A card behind a token of the PSP, e.g. `pm_...`."""

    token: str


class PayPalWallet(msgspec.Struct, frozen=True, tag_field="type", tag="paypal"):
    """The customer approves the payment on PayPal's page."""


class PayPalVaultToken(msgspec.Struct, frozen=True, tag_field="type", tag="paypal_vault"):
    """A PayPal account or card that the customer let PayPal keep for the merchant: it pays without a page."""

    token: str


class HostedCard(msgspec.Struct, frozen=True, tag_field="type", tag="hosted_card"):
    """The customer types a card in on the PSP's page, which takes the payment; FinCore sees no token of it."""


class UntokenisedCard(msgspec.Struct, frozen=True, tag_field="type", tag="untokenised_card"):
    """A card that the merchant sent by its number, and that no account has made a token of; it holds nothing of the card."""


Initiator = Literal["customer", "merchant"]
"""Who asks for a payment by a card that is kept: the customer, who is there, or the merchant, as agreed with the customer before."""


class KeptCard(msgspec.Struct, frozen=True, tag_field="type", tag="kept_card", omit_defaults=True):
    """A card that the vault keeps for the merchant, by its id. For each attempt the card edge makes a token of it."""

    card_id: CardId
    initiator: Initiator = "customer"


PaymentMethod = CardToken | PayPalWallet | PayPalVaultToken | HostedCard | UntokenisedCard | KeptCard
PaymentMethodType = Literal["card", "paypal", "paypal_vault", "hosted_card", "kept_card"]


class CardInstrument(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="card", omit_defaults=True
):
    """The card that paid, as far as the PSP tells. `fingerprint` is the PSP's: equal for the same card at one account.

    `network_transaction_id` is the card network's own name of the payment: that of the first one by a card shows a bank, at
    any PSP that can be told it, that the customer has agreed to later ones. `bin` are the six digits that name the issuer.
    """

    brand: str | None = None
    last4: str | None = None
    expiry_month: int | None = None
    expiry_year: int | None = None
    country: str | None = None
    funding: str | None = None
    fingerprint: str | None = None
    network_transaction_id: str | None = None
    bin: str | None = None


class PayPalInstrument(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="paypal", omit_defaults=True
):
    """The PayPal account that paid. `email_masked` shows the first letter and the domain: `a***@example.com`."""

    payer_id: str | None = None
    country: str | None = None
    email_masked: str | None = None


Instrument = CardInstrument | PayPalInstrument


_WITH_TOKEN: Final = (CardToken, PayPalVaultToken)


def payment_method_type(method: PaymentMethod) -> PaymentMethodType:
    """The word for a kind of payment method in requests, responses and rules."""
    match method:
        case CardToken() | UntokenisedCard():
            return "card"
        case PayPalWallet():
            return "paypal"
        case PayPalVaultToken():
            return "paypal_vault"
        case HostedCard():
            return "hosted_card"
        case KeptCard():
            return "kept_card"


def payment_method_of(kind: PaymentMethodType, name: str | None) -> PaymentMethod:
    """The payment method of a kind, named as `name_of` does; raise `ValueError` where the kind needs a name and there is none."""
    if kind == "paypal":
        return PayPalWallet()
    if kind == "hosted_card":
        return HostedCard()
    if kind == "card":
        return UntokenisedCard() if name is None else CardToken(name)
    if name is None:
        raise ValueError(f"a payment method of type {kind} needs a token, or the id of a card")
    return KeptCard(CardId(name)) if kind == "kept_card" else PayPalVaultToken(name)


def token_of(method: PaymentMethod) -> str | None:
    """The PSP's token behind a payment method; None for one that needs none."""
    return method.token if isinstance(method, _WITH_TOKEN) else None


def name_of(method: PaymentMethod) -> str | None:
    """What names a payment method among those of its type: the PSP's token, or the id of a kept card."""
    return method.card_id if isinstance(method, KeptCard) else token_of(method)


def initiator_of(method: PaymentMethod) -> Initiator:
    """Who asks for the payment: of all payment methods, only a kept card lets a merchant do so without the customer."""
    return method.initiator if isinstance(method, KeptCard) else "customer"
