"""How a customer pays, as a merchant says it when it creates a charge, and what may be wrong with that. Pure."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.errors import InvalidId
from fincore.domain.ids import CardId, parse_card_id
from fincore.domain.outcome import PspAccount
from fincore.domain.payment_method import (
    CardToken,
    HostedCard,
    Initiator,
    KeptCard,
    PaymentMethod,
    PayPalVaultToken,
    PayPalWallet,
)
from fincore.domain.route_plan import PaymentMethodChoice
from fincore.write.payments.flaw import Flaw

TOKEN_CHARACTERS_MAX: Final = 255
ACCOUNT_CHARACTERS_MAX: Final = 64
CARD_ID_CHARACTERS_MAX: Final = 64

TOKEN: Final = rf"^[A-Za-z0-9_\-]{{1,{TOKEN_CHARACTERS_MAX}}}$"
_ACCOUNT: Final = rf"^[A-Za-z0-9_\-]{{1,{ACCOUNT_CHARACTERS_MAX}}}$"
_IS_TOKEN: Final = re.compile(TOKEN.strip("^$"), re.ASCII)
_IS_ACCOUNT: Final = re.compile(_ACCOUNT.strip("^$"), re.ASCII)

_Account = Annotated[
    str,
    Meta(
        max_length=ACCOUNT_CHARACTERS_MAX,
        description="The PSP account that made the token, as the operator of this installation names it; without it "
        "the default account of your key's mode.",
        examples=["test"],
        extra_json_schema={"pattern": _ACCOUNT},
    ),
]


class CardPaymentMethod(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="card",
):
    """A card behind a token of a PSP account."""

    token: Annotated[
        str,
        Meta(
            max_length=TOKEN_CHARACTERS_MAX,
            description="The PSP's token for the customer's card. Never a card number.",
            examples=["pm_card_visa"],
            extra_json_schema={"pattern": TOKEN},
        ),
    ]
    account: _Account | None = None


class PayPalPaymentMethod(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="paypal",
):
    """A PayPal account: the customer approves the payment on PayPal's page."""

    account: (
        Annotated[
            str,
            Meta(
                max_length=ACCOUNT_CHARACTERS_MAX,
                description="The PSP account that the customer pays, as fincore.js and the client configuration name it; without it "
                "the routing decides.",
                examples=["test"],
                extra_json_schema={"pattern": _ACCOUNT},
            ),
        ]
        | None
    ) = None


class PayPalVaultPaymentMethod(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="paypal_vault",
):
    """A PayPal account or a card that the customer let PayPal keep for you: it pays without a page."""

    token: Annotated[
        str,
        Meta(
            max_length=TOKEN_CHARACTERS_MAX,
            description="PayPal's id of the payment token.",
            examples=["8kk8451t"],
            extra_json_schema={"pattern": TOKEN},
        ),
    ]
    account: _Account | None = None


class HostedCardPaymentMethod(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="hosted_card"
):
    """A card that the customer types in on the PSP's page. No page of yours sees it."""


class KeptCardPaymentMethod(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="kept_card",
):
    """A card that FinCore keeps for you (`keep_card` of the card edge). It is charged without a security code."""

    card: Annotated[
        str,
        Meta(
            max_length=CARD_ID_CHARACTERS_MAX,
            description="The id of the card.",
            examples=["card_01kab5m5wvfb9v1c2m5hfv0d2e"],
        ),
    ]
    initiator: Annotated[
        Initiator,
        Meta(
            description="`customer`: your customer asks for this payment and is there. `merchant`: you do, as you agreed with "
            "your customer, who is not there: a bank that wants them to authenticate refuses it."
        ),
    ] = "customer"


AnyPaymentMethod = (
    CardPaymentMethod
    | PayPalPaymentMethod
    | PayPalVaultPaymentMethod
    | HostedCardPaymentMethod
    | KeptCardPaymentMethod
)
PagedPaymentMethod = PayPalPaymentMethod | HostedCardPaymentMethod
"""The customer pays on a page of the PSP and comes back; there is no token."""


def _method_of(sent: str | AnyPaymentMethod) -> PaymentMethod:
    """The payment method that was sent; a bare string is the token of a card."""
    match sent:
        case str():
            return CardToken(sent)
        case CardPaymentMethod():
            return CardToken(sent.token)
        case PayPalPaymentMethod():
            return PayPalWallet()
        case HostedCardPaymentMethod():
            return HostedCard()
        case PayPalVaultPaymentMethod():
            return PayPalVaultToken(sent.token)
        case KeptCardPaymentMethod():
            return KeptCard(CardId(sent.card), sent.initiator)


_WITHOUT_ACCOUNT: Final = (str, HostedCardPaymentMethod, KeptCardPaymentMethod)


def _account_of(sent: str | AnyPaymentMethod) -> str | None:
    """The account that was named."""
    return None if isinstance(sent, _WITHOUT_ACCOUNT) else sent.account


def choice_of(sent: str | AnyPaymentMethod) -> PaymentMethodChoice:
    """The payment method that was sent, with the account that it names."""
    account = _account_of(sent)
    return PaymentMethodChoice(_method_of(sent), None if account is None else PspAccount(account))


def texts_of(sent: str | AnyPaymentMethod, param: str) -> Iterator[tuple[str, str]]:
    """Every text of a payment method, with the dotted path to it; `param` is the path to the payment method."""
    match sent:
        case str():
            yield param, sent
        case CardPaymentMethod() | PayPalVaultPaymentMethod():
            yield f"{param}.token", sent.token
        case KeptCardPaymentMethod():
            yield f"{param}.card", sent.card
        case PayPalPaymentMethod() | HostedCardPaymentMethod():
            pass
    if (account := _account_of(sent)) is not None:
        yield f"{param}.account", account


def payment_method_flaw(sent: str | AnyPaymentMethod, param: str) -> Flaw | None:
    """The first thing that is wrong with one payment method; its lengths are checked before."""
    if isinstance(sent, KeptCardPaymentMethod):
        return _card_flaw(sent.card, f"{param}.card")
    token = None if isinstance(sent, PagedPaymentMethod) else sent if isinstance(sent, str) else sent.token
    account = _account_of(sent)
    if token is not None and not _IS_TOKEN.fullmatch(token):
        of_token = param if isinstance(sent, str) else f"{param}.token"
        return Flaw(
            code="field_invalid",
            param=of_token,
            detail=f"{of_token} must be a token of 1 to {TOKEN_CHARACTERS_MAX} letters, digits, underscores and dashes.",
        )
    if account is not None and not _IS_ACCOUNT.fullmatch(account):
        return Flaw(
            code="field_invalid",
            param=f"{param}.account",
            detail=f"{param}.account must be a name of 1 to {ACCOUNT_CHARACTERS_MAX} letters, digits, underscores and "
            "dashes.",
        )
    return None


def _card_flaw(card_id: str, param: str) -> Flaw | None:
    try:
        parse_card_id(card_id)
    except InvalidId:
        return Flaw(
            code="field_invalid", param=param, detail=f"{param} must be the id of a kept card, card_..."
        )
    return None
