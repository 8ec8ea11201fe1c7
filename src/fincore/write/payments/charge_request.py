"""What a merchant asks for when it creates a charge, and what may be wrong with it."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.currency import Currency
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.domain.outcome import PspAccount
from fincore.domain.route_plan import ATTEMPTS_MAX, PaymentMethodChoice
from fincore.write.payments.customer_request import (
    BillingCountry,
    Customer,
    CustomerEmail,
    ShippingCountry,
    customer_flaw,
    customer_texts,
)
from fincore.write.payments.flaw import NO_NUL, Flaw, first_text_flaw
from fincore.write.payments.metadata import Metadata, metadata_flaw
from fincore.write.payments.page_url import PageUrl, page_url_flaw
from fincore.write.payments.payment_method_request import (
    TOKEN,
    TOKEN_CHARACTERS_MAX,
    AnyPaymentMethod,
    PagedPaymentMethod,
    choice_of,
    payment_method_flaw,
    texts_of,
)
from fincore.write.payments.sent_currency import SentCurrency, active_currency

DESCRIPTION_CHARACTERS_MAX: Final = 1_000

AmountMinor = Annotated[
    int,
    Meta(
        ge=1,
        le=AMOUNT_MINOR_MAX,
        description="The amount in the currency's minor unit: 1999 with `usd` is 19.99 dollars. The PSP and the "
        "currency decide how large it can be, and whether its last digits must be 0.",
        examples=[1999],
    ),
]
Capture = Annotated[
    bool, Meta(description="`true`: take the money at once. `false`: only hold it until you capture it.")
]
Description = Annotated[
    str,
    Meta(
        max_length=DESCRIPTION_CHARACTERS_MAX,
        description="A text for you and your staff.",
        extra_json_schema={"pattern": NO_NUL},
    ),
]
ChargeMetadata = Annotated[
    Metadata, Meta(description="Your own keys and values. You can filter lists by them.")
]
ReturnUrl = Annotated[
    PageUrl,
    Meta(
        description="Where the customer returns to after authentication (3-D Secure) or approval of a wallet: an "
        "https URL, or http on loopback, without user name and fragment. A wallet needs it. Without it a charge "
        "that needs authentication fails with the code `authentication_required`.",
        examples=["https://shop.example/orders/6735"],
    ),
]
CancelUrl = Annotated[
    PageUrl,
    Meta(
        description="Where the customer returns to from a wallet without having approved the payment: a URL of the "
        "same form. A wallet needs it.",
        examples=["https://shop.example/cart"],
    ),
]


class ChargeRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The charge to create."""

    EXACTLY_ONE_OF: ClassVar = ("payment_method", "payment_methods")
    # Defaults are left out when it is encoded: a field added later leaves the fingerprints of older requests as they are.

    amount_minor: AmountMinor
    currency: SentCurrency
    payment_method: (
        Annotated[
            Annotated[
                str,
                Meta(
                    max_length=TOKEN_CHARACTERS_MAX,
                    examples=["pm_card_visa"],
                    extra_json_schema={"pattern": TOKEN},
                ),
            ]
            | AnyPaymentMethod,
            Meta(
                description="How the customer pays. A string is the PSP's token for a card, made by the default account of "
                "your key's mode. Never a card number."
            ),
        ]
        | UnsetType
    ) = UNSET
    payment_methods: (
        Annotated[
            tuple[AnyPaymentMethod, ...],
            Meta(
                min_length=1,
                max_length=ATTEMPTS_MAX,
                description="In place of `payment_method`: several, the preferred one first, each for another PSP account. If "
                "an account cannot be reached, and the attempt is known not to have happened, FinCore goes on to the next.",
            ),
        ]
        | UnsetType
    ) = UNSET
    capture: Capture = True
    description: Description | None = None
    customer_email: CustomerEmail | None = None
    metadata: ChargeMetadata = {}
    return_url: ReturnUrl | None = None
    cancel_url: CancelUrl | None = None
    customer: Customer = None
    billing_country: BillingCountry | None = None
    shipping_country: ShippingCountry | None = None


_Sent = list[tuple[str, str | AnyPaymentMethod]]
"""Payment methods as they were sent, each with the dotted path to it."""


def checked(request: ChargeRequest, *, is_paid_apart: bool = False) -> ChargeRequest | Flaw:
    """The request with its currency in lower case, or the first thing that is wrong with it.

    What its type says (ranges, lengths) is checked where it is decoded. `is_paid_apart`: the payment method stands beside it.
    """
    flaw = _first_flaw(request, is_paid_apart=is_paid_apart)
    if flaw is not None:
        return flaw
    currency = active_currency(request.currency)
    if isinstance(currency, Flaw):
        return currency
    if currency == request.currency:
        return request
    return msgspec.structs.replace(request, currency=currency)


def choices_of(request: ChargeRequest) -> tuple[PaymentMethodChoice, ...]:
    """What a checked request offers, the preferred one first."""
    return tuple(choice_of(sent) for _, sent in _sent(request))


def method_param(request: ChargeRequest, place: int) -> str:
    """The path to the payment method at a place of `choices_of`."""
    return _sent(request)[place][0]


def _sent(request: ChargeRequest) -> _Sent:
    """Each payment method of a request, with the path to it."""
    sent: _Sent = []
    if request.payment_method is not UNSET:
        sent.append(("payment_method", request.payment_method))
    if request.payment_methods is not UNSET:
        sent += [(f"payment_methods[{place}]", one) for place, one in enumerate(request.payment_methods)]
    return sent


def currency_of(request: ChargeRequest) -> Currency:
    """The currency of a checked request."""
    return Currency(request.currency)


def _first_flaw(request: ChargeRequest, *, is_paid_apart: bool) -> Flaw | None:
    sent = _sent(request)
    return (
        metadata_flaw(request.metadata)
        or first_text_flaw(list(_texts(request, sent)))
        or (None if is_paid_apart else _payment_method_flaw(request, sent))
        or customer_flaw(
            request.customer,
            customer_email=request.customer_email,
            billing_country=request.billing_country,
            shipping_country=request.shipping_country,
        )
        or _url_flaw(request, sent)
    )


def _payment_method_flaw(request: ChargeRequest, sent: _Sent) -> Flaw | None:
    if request.payment_method is UNSET and request.payment_methods is UNSET:
        return Flaw(code="field_missing", param="payment_method", detail="Add the field payment_method.")
    if request.payment_method is not UNSET and request.payment_methods is not UNSET:
        return Flaw(
            code="field_invalid",
            param="payment_methods",
            detail="Send payment_method or payment_methods, not both.",
        )
    for param, one in sent:
        if flaw := payment_method_flaw(one, param):
            return flaw
    return _same_account_flaw(sent) if len(sent) > 1 else None


def _same_account_flaw(sent: _Sent) -> Flaw | None:
    accounts: set[tuple[type, PspAccount | None]] = set()
    for param, one in sent:
        account = (type(one), choice_of(one).psp_account)
        if account in accounts:
            return Flaw(
                code="field_invalid",
                param=param,
                detail=f"{param} is for the same PSP account as one before it: send one payment method for each account.",
            )
        accounts.add(account)
    return None


def _url_flaw(request: ChargeRequest, sent: _Sent) -> Flaw | None:
    is_paged = any(isinstance(one, PagedPaymentMethod) for _, one in sent)
    for name, page in (("return_url", request.return_url), ("cancel_url", request.cancel_url)):
        if page is None and is_paged:
            return Flaw(
                code="field_missing",
                param=name,
                detail=f"Add the field {name}: a customer who pays on the PSP's page comes back to your site.",
            )
        if page is not None and (flaw := page_url_flaw(name, page)):
            return flaw
    return None


def _texts(request: ChargeRequest, sent: _Sent) -> Iterator[tuple[str, str]]:
    """Every text of a request outside its metadata, with its name."""
    yield "currency", request.currency
    for param, one in sent:
        yield from texts_of(one, param)
    for name, text in (
        ("description", request.description),
        ("customer_email", request.customer_email),
        ("return_url", request.return_url),
        ("cancel_url", request.cancel_url),
    ):
        if text is not None:
            yield name, text
    yield from customer_texts(request.customer)
