"""What a merchant asks for when it creates a charge, and what may be wrong with it."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.card_number import holds_card_number
from fincore.domain.currency import EXPONENTS, Currency, parse_currency

AMOUNT_MINOR_MAX: Final = 99_999_999
"""Eight digits: the most a card payment may be at Stripe."""
DESCRIPTION_CHARACTERS_MAX: Final = 1_000
EMAIL_CHARACTERS_MAX: Final = 254
METADATA_PAIRS_MAX: Final = 50
METADATA_KEY_CHARACTERS_MAX: Final = 40
METADATA_VALUE_CHARACTERS_MAX: Final = 500

_NO_NUL: Final = r"^[^\u0000]*$"
_PAYMENT_METHOD: Final = r"^[A-Za-z0-9_]{1,255}$"
_EMAIL: Final = r"^[^\s@\u0000]+@[^\s@\u0000]+\.[^\s@\u0000]+$"
_METADATA_KEY: Final = rf"^[^\[\]\u0000]{{1,{METADATA_KEY_CHARACTERS_MAX}}}$"


class ChargeRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A charge to create. Amounts are in the currency's minor unit: 1999 with usd is 19.99 dollars.

    Defaults are left out when it is encoded, so that a field added later leaves the fingerprints of older requests
    as they are.
    """

    amount_minor: Annotated[
        int,
        Meta(
            ge=1,
            le=AMOUNT_MINOR_MAX,
            description="The amount in the currency's minor unit.",
            examples=[1999],
        ),
    ]
    currency: Annotated[
        str,
        Meta(
            description="ISO 4217 code. Upper case is taken too; answers are lower case.",
            examples=["usd"],
            extra_json_schema={"enum": sorted(EXPONENTS)},
        ),
    ]
    payment_method: Annotated[
        str,
        Meta(
            description="The PSP's token for the customer's card. Never a card number.",
            examples=["pm_card_visa"],
            extra_json_schema={"pattern": _PAYMENT_METHOD},
        ),
    ]
    capture: Annotated[
        bool, Meta(description="Take the money at once (true), or only hold it until you capture it (false).")
    ] = True
    description: (
        Annotated[
            str,
            Meta(
                max_length=DESCRIPTION_CHARACTERS_MAX,
                description="For you and your staff.",
                extra_json_schema={"pattern": _NO_NUL},
            ),
        ]
        | None
    ) = None
    customer_email: (
        Annotated[
            str,
            Meta(
                max_length=EMAIL_CHARACTERS_MAX,
                description="Who pays.",
                examples=["ada@example.com"],
                extra_json_schema={"pattern": _EMAIL},
            ),
        ]
        | None
    ) = None
    metadata: Annotated[
        dict[str, str],
        Meta(
            max_length=METADATA_PAIRS_MAX,
            description="Your own keys and values; lists can be filtered by them.",
            examples=[{"order_id": "6735"}],
            extra_json_schema={
                "propertyNames": {"pattern": _METADATA_KEY},
                "additionalProperties": {
                    "type": "string",
                    "maxLength": METADATA_VALUE_CHARACTERS_MAX,
                    "pattern": _NO_NUL,
                },
            },
        ),
    ] = {}


RequestFlaw = Literal["currency_unknown", "field_invalid", "text_not_storable", "card_number_not_allowed"]


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a request, and where: `param` is a dotted path. `detail` never repeats what was sent."""

    code: RequestFlaw
    param: str
    detail: str


_IS_PAYMENT_METHOD: Final = re.compile(_PAYMENT_METHOD.strip("^$"), re.ASCII)
_IS_EMAIL: Final = re.compile(_EMAIL.strip("^$"))
_IS_METADATA_KEY: Final = re.compile(_METADATA_KEY.strip("^$"))


def checked(request: ChargeRequest) -> ChargeRequest | Flaw:
    """The request with its currency in lower case, or the first thing that is wrong with it.

    What its type says (ranges, lengths) is checked where it is decoded.
    """
    flaw = next(_flaws(request), None)
    if flaw is not None:
        return flaw
    currency = parse_currency(request.currency)
    if currency is None:
        return Flaw(
            code="currency_unknown",
            param="currency",
            detail="Send an ISO 4217 currency code, such as usd or eur.",
        )
    if currency == request.currency:
        return request
    return msgspec.structs.replace(request, currency=currency)


def currency_of(request: ChargeRequest) -> Currency:
    """The currency of a checked request."""
    return Currency(request.currency)


def _flaws(request: ChargeRequest) -> Iterator[Flaw]:
    # Keys first: what follows names a value by its key.
    for key in request.metadata:
        if not _IS_METADATA_KEY.fullmatch(key):
            yield Flaw(
                code="field_invalid",
                param="metadata",
                detail=f"A metadata key must have 1 to {METADATA_KEY_CHARACTERS_MAX} characters and no [, ] or NUL.",
            )
    for param, text in _texts(request):
        if holds_card_number(text):
            yield Flaw(
                code="card_number_not_allowed",
                param=param,
                detail=f"{param} holds a card number. Send the token your PSP gave for the card, "
                "and keep card numbers out of every field.",
            )
        if "\0" in text:
            yield Flaw(
                code="text_not_storable", param=param, detail=f"Remove the NUL character from {param}."
            )
    yield from _shape_flaws(request)


def _shape_flaws(request: ChargeRequest) -> Iterator[Flaw]:
    if not _IS_PAYMENT_METHOD.fullmatch(request.payment_method):
        yield Flaw(
            code="field_invalid",
            param="payment_method",
            detail="payment_method must be a token of 1 to 255 letters, digits and underscores.",
        )
    if request.customer_email is not None and not _IS_EMAIL.fullmatch(request.customer_email):
        yield Flaw(
            code="field_invalid",
            param="customer_email",
            detail="customer_email must look like name@example.com.",
        )
    for key, value in request.metadata.items():
        if len(value) > METADATA_VALUE_CHARACTERS_MAX:
            yield Flaw(
                code="field_invalid",
                param=f"metadata.{key}",
                detail=f"A metadata value may have {METADATA_VALUE_CHARACTERS_MAX} characters at most.",
            )


def _texts(request: ChargeRequest) -> Iterator[tuple[str, str]]:
    """Every text of a request and the dotted path to it. A metadata key is named by its place in `metadata`."""
    yield "currency", request.currency
    yield "payment_method", request.payment_method
    if request.description is not None:
        yield "description", request.description
    if request.customer_email is not None:
        yield "customer_email", request.customer_email
    for key, value in request.metadata.items():
        yield "metadata", key
        yield f"metadata.{key}", value
