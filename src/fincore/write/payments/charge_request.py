"""What a merchant asks for when it creates a charge, and what may be wrong with it."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.currency import ACTIVE_CURRENCIES, Currency, parse_currency
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.domain.outcome import PspAccount
from fincore.domain.route_plan import ATTEMPTS_MAX, PaymentMethodChoice
from fincore.write.payments.flaw import NO_NUL, Flaw, text_flaw
from fincore.write.payments.metadata import Metadata, metadata_flaw
from fincore.write.payments.payment_method_request import (
    TOKEN,
    TOKEN_CHARACTERS_MAX,
    AnyPaymentMethod,
    PagedPaymentMethod,
    choice_of,
    payment_method_flaw,
    texts_of,
)

DESCRIPTION_CHARACTERS_MAX: Final = 1_000
CURRENCY_CHARACTERS_MAX: Final = 64
"""Far more than a code has: a value sent by mistake is refused by its own error."""
EMAIL_CHARACTERS_MAX: Final = 254
RETURN_URL_CHARACTERS_MAX: Final = 2_048

_EMAIL: Final = r"^[^\s@\u0000]+@[^\s@\u0000]+\.[^\s@\u0000]+$"
_HOST: Final = (
    r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?)*"
)
_LOOPBACK: Final = r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])"
_PORT: Final = (
    r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"  # 1 to 65535
)
# What may follow the host by RFC 3986, less the fragment: a browser keeps it to itself, and PSPs append parameters.
_PATH_AND_QUERY: Final = r"(?:[/?][A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]]*)?"
PAGE_URL: Final = rf"^(?:https://{_HOST}|http://{_LOOPBACK})(?::{_PORT})?{_PATH_AND_QUERY}$"


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
SentCurrency = Annotated[
    str,
    Meta(
        max_length=CURRENCY_CHARACTERS_MAX,
        description="ISO 4217 code of the currency. Upper case is accepted; answers are in lower case.",
        examples=["usd"],
        extra_json_schema={"enum": sorted(ACTIVE_CURRENCIES)},
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
CustomerEmail = Annotated[
    str,
    Meta(
        max_length=EMAIL_CHARACTERS_MAX,
        description="The customer's e-mail address.",
        examples=["ada@example.com"],
        extra_json_schema={"pattern": _EMAIL},
    ),
]
ReturnUrl = Annotated[
    str,
    Meta(
        max_length=RETURN_URL_CHARACTERS_MAX,
        description="Where the customer returns to after authentication (3-D Secure) or approval of a wallet: an "
        "https URL, or http on loopback, without user name and fragment. A wallet needs it. Without it a charge "
        "that needs authentication fails with the code `authentication_required`.",
        examples=["https://shop.example/orders/6735"],
        extra_json_schema={"pattern": PAGE_URL},
    ),
]
CancelUrl = Annotated[
    str,
    Meta(
        max_length=RETURN_URL_CHARACTERS_MAX,
        description="Where the customer returns to from a wallet without having approved the payment: a URL of the "
        "same form. A wallet needs it.",
        examples=["https://shop.example/cart"],
        extra_json_schema={"pattern": PAGE_URL},
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
    metadata: Annotated[
        Metadata, Meta(description="Your own keys and values. You can filter lists by them.")
    ] = {}
    return_url: ReturnUrl | None = None
    cancel_url: CancelUrl | None = None


_Sent = list[tuple[str, str | AnyPaymentMethod]]
"""Payment methods as they were sent, each with the dotted path to it."""

_IS_EMAIL: Final = re.compile(_EMAIL.strip("^$"))
IS_PAGE_URL: Final = re.compile(PAGE_URL.removeprefix("^").removesuffix("$"), re.ASCII)


def checked(request: ChargeRequest, *, is_paid_apart: bool = False) -> ChargeRequest | Flaw:
    """The request with its currency in lower case, or the first thing that is wrong with it.

    What its type says (ranges, lengths) is checked where it is decoded. `is_paid_apart`: the payment method stands beside it.
    """
    flaw = _first_flaw(request, is_paid_apart=is_paid_apart)
    if flaw is not None:
        return flaw
    currency = parse_currency(request.currency)
    if currency not in ACTIVE_CURRENCIES:
        return Flaw(
            code="currency_unknown",
            param="currency",
            detail="Send an ISO 4217 currency code, such as usd or eur."
            if currency is None
            else f"{currency.upper()} is no longer in use; send the currency that followed it.",
        )
    if currency == request.currency:
        return request
    return msgspec.structs.replace(request, currency=currency)


def choices_of(request: ChargeRequest) -> tuple[PaymentMethodChoice, ...]:
    """What a checked request offers, the preferred one first."""
    return tuple(choice_of(sent) for _, sent in _sent(request))


def account_param(request: ChargeRequest, place: int) -> str:
    """The path to the account of the payment method at a place of `choices_of`."""
    param, _ = _sent(request)[place]
    return f"{param}.account"


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
        or _text_flaw(request, sent)
        or (None if is_paid_apart else _payment_method_flaw(request, sent))
        or _email_flaw(request.customer_email)
        or _url_flaw(request, sent)
    )


def _text_flaw(request: ChargeRequest, sent: _Sent) -> Flaw | None:
    for name, text in _texts(request, sent):
        if flaw := text_flaw(name, text):
            return flaw
    return None


def _email_flaw(email: str | None) -> Flaw | None:
    if email is None or _IS_EMAIL.fullmatch(email):
        return None
    return Flaw(
        code="field_invalid",
        param="customer_email",
        detail="customer_email must look like name@example.com.",
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
    accounts: set[tuple[type, PspAccount | None]] = set()
    for param, one in sent:
        if flaw := payment_method_flaw(one, param):
            return flaw
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
        if page is not None and not IS_PAGE_URL.fullmatch(page):
            return Flaw(
                code="field_invalid",
                param=name,
                detail=f"{name} must begin with https:// and a host name (or http:// and a loopback address), with a "
                "port up to 65535 if any, no user name and no fragment, and other characters percent-encoded.",
            )
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
