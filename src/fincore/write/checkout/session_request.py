"""What a merchant asks for when it creates a checkout session, and what may be wrong with it."""

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.checkout_session_events import SessionPaymentMethod
from fincore.domain.currency import Currency
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.write.payments.charge_request import AmountMinor
from fincore.write.payments.customer_request import (
    BillingCountry,
    Customer,
    ShippingCountry,
    customer_flaw,
    customer_texts,
)
from fincore.write.payments.flaw import NO_NUL, Flaw, first_text_flaw
from fincore.write.payments.metadata import Metadata, metadata_flaw
from fincore.write.payments.page_url import PageUrl, page_url_flaw
from fincore.write.payments.sent_currency import SentCurrency, active_currency

LINE_ITEMS_MAX: Final = 50
ITEM_NAME_CHARACTERS_MAX: Final = 127
ITEM_QUANTITY_MAX: Final = 1_000_000
LASTS_SECONDS_MIN: Final = 30 * 60
LASTS_SECONDS_MAX: Final = 24 * 3_600


class LineItemRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of what you sell, as the customer is shown it."""

    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=ITEM_NAME_CHARACTERS_MAX,
            description="What the line is called.",
            examples=["A book"],
            extra_json_schema={"pattern": NO_NUL},
        ),
    ]
    quantity: Annotated[int, Meta(ge=1, le=ITEM_QUANTITY_MAX, description="How many of it.", examples=[1])]
    amount_minor: Annotated[
        int,
        Meta(
            ge=0,
            le=AMOUNT_MINOR_MAX,
            description="The amount of the whole line, in the session's minor unit.",
            examples=[1999],
        ),
    ]


class CheckoutSessionRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The checkout session to create."""

    amount_minor: AmountMinor
    currency: SentCurrency
    success_url: Annotated[
        PageUrl,
        Meta(
            description="Where the customer goes on to after they paid: an https URL, or http on loopback, without user name and "
            "fragment. FinCore appends `checkout_session=cos_...`. That proves nothing: read the session before you deliver.",
            examples=["https://shop.example/thanks"],
        ),
    ]
    cancel_url: Annotated[
        PageUrl,
        Meta(
            description="Where the customer goes back to without having paid: a URL of the same form.",
            examples=["https://shop.example/cart"],
        ),
    ]
    capture: Annotated[
        bool,
        Meta(
            description="`true`: take the money at once. `false`: only hold it until you capture the charge."
        ),
    ] = True
    payment_methods: Annotated[
        tuple[SessionPaymentMethod, ...],
        Meta(
            min_length=1,
            max_length=2,
            description="How the customer may pay, in the order in which they are offered. What no PSP account takes is not "
            "offered; the session is refused where nothing is left.",
        ),
    ] = ("card", "paypal")
    expires_in_seconds: Annotated[
        int,
        Meta(
            ge=LASTS_SECONDS_MIN,
            le=LASTS_SECONDS_MAX,
            description="How long the customer has to pay.",
            examples=[3_600],
        ),
    ] = LASTS_SECONDS_MAX
    metadata: Annotated[
        Metadata, Meta(description="Your own keys and values. The charge of the session has them, too.")
    ] = {}
    line_items: Annotated[
        tuple[LineItemRequest, ...],
        Meta(
            max_length=LINE_ITEMS_MAX,
            description="What you sell, shown to the customer. FinCore does not add it up: `amount_minor` is what is paid.",
        ),
    ] = ()
    customer: Customer = None
    billing_country: BillingCountry | None = None
    shipping_country: ShippingCountry | None = None


class ExpireRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Ends the session. The body can be left out."""


SessionRequest = CheckoutSessionRequest | ExpireRequest


def checked_session(request: CheckoutSessionRequest) -> CheckoutSessionRequest | Flaw:
    """The request with its currency in lower case, or the first thing that is wrong with it.

    What its type says (ranges, lengths) is checked where it is decoded.
    """
    flaw = _first_flaw(request)
    if flaw is not None:
        return flaw
    currency = active_currency(request.currency)
    if isinstance(currency, Flaw):
        return currency
    return msgspec.structs.replace(request, currency=currency)


def currency_of_session(request: CheckoutSessionRequest) -> Currency:
    """The currency of a checked request."""
    return Currency(request.currency)


def _first_flaw(request: CheckoutSessionRequest) -> Flaw | None:
    if flaw := metadata_flaw(request.metadata):
        return flaw
    if flaw := first_text_flaw(list(_texts(request))):
        return flaw
    if len(set(request.payment_methods)) != len(request.payment_methods):
        return Flaw(
            code="field_invalid",
            param="payment_methods",
            detail="payment_methods must name each method once.",
        )
    if flaw := customer_flaw(
        request.customer,
        billing_country=request.billing_country,
        shipping_country=request.shipping_country,
    ):
        return flaw
    for name, page in (("success_url", request.success_url), ("cancel_url", request.cancel_url)):
        if flaw := page_url_flaw(name, page):
            return flaw
    return None


def _texts(request: CheckoutSessionRequest) -> Iterator[tuple[str, str]]:
    """Every text of a request outside its metadata, with the path to it."""
    yield "currency", request.currency
    yield "success_url", request.success_url
    yield "cancel_url", request.cancel_url
    for place, item in enumerate(request.line_items):
        yield f"line_items[{place}].name", item.name
    yield from customer_texts(request.customer)
