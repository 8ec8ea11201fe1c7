"""What a merchant tells of the customer who pays, for the rules of risk, and what may be wrong with it. Pure."""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.country import COUNTRIES
from fincore.domain.risk import CustomerContext
from fincore.write.payments.flaw import NO_NUL, Flaw, text_flaw

EMAIL_CHARACTERS_MAX: Final = 254
ID_CHARACTERS_MAX: Final = 255
USER_AGENT_CHARACTERS_MAX: Final = 512
IP_CHARACTERS_MAX: Final = 45
"""An address of version 6 that ends in one of version 4."""

_EMAIL: Final = r"^[^\s@\u0000]+@[^\s@\u0000]+\.[^\s@\u0000]+$"
_IS_EMAIL: Final = re.compile(_EMAIL.strip("^$"))

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IS_IPV4: Final = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
"""The only form of an address of version 4. Each request has its address read twice, and the library takes five times as long."""

CustomerEmail = Annotated[
    str,
    Meta(
        max_length=EMAIL_CHARACTERS_MAX,
        description="The customer's e-mail address.",
        examples=["ada@example.com"],
        extra_json_schema={"pattern": _EMAIL},
    ),
]
_OwnId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=ID_CHARACTERS_MAX,
        examples=["customer-6735"],
        extra_json_schema={"pattern": NO_NUL},
    ),
]
_Country = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=2,
        description="ISO 3166-1 code of two letters, in upper case.",
        examples=["DE"],
        extra_json_schema={"enum": sorted(COUNTRIES)},
    ),
]
BillingCountry = Annotated[
    _Country, Meta(description="The country of the billing address: an ISO 3166-1 code, in upper case.")
]
ShippingCountry = Annotated[
    _Country, Meta(description="The country that the order goes to: an ISO 3166-1 code, in upper case.")
]


class CustomerRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What you know of the customer who pays. The rules of this installation decide by it; leave out what you do not know."""

    id: Annotated[_OwnId, Meta(description="Your own id of the customer.")] | None = None
    email: CustomerEmail | None = None
    ip: (
        Annotated[
            str,
            Meta(
                min_length=2,
                max_length=IP_CHARACTERS_MAX,
                description="The address from which the customer pays, of IP version 4 or 6; not that of your server.",
                examples=["192.0.2.7"],
                extra_json_schema={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
            ),
        ]
        | None
    ) = None
    user_agent: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=USER_AGENT_CHARACTERS_MAX,
                description="The header User-Agent of the customer's browser.",
                extra_json_schema={"pattern": NO_NUL},
            ),
        ]
        | None
    ) = None
    device_id: (
        Annotated[
            _OwnId,
            Meta(
                description="Your own id of the customer's device, such as of a cookie of your shop. FinCore does not "
                "recognise devices itself."
            ),
        ]
        | None
    ) = None
    country: Annotated[_Country, Meta(description="The country where the customer lives.")] | None = None


Customer = Annotated[CustomerRequest | None, Meta(description="The customer who pays.")]


def customer_flaw(
    customer: CustomerRequest | None,
    *,
    customer_email: str | None = None,
    billing_country: str | None = None,
    shipping_country: str | None = None,
) -> Flaw | None:
    """The first thing that is wrong with what is told of a customer; lengths are checked before."""
    flaw = email_flaw("customer_email", customer_email)
    if flaw is None and customer is not None:
        flaw = _flaw_of(customer) or _contradiction(customer, customer_email)
    return (
        flaw
        or _country_flaw("billing_country", billing_country)
        or _country_flaw("shipping_country", shipping_country)
    )


def email_flaw(param: str, email: str | None) -> Flaw | None:
    """What is wrong with an address, as far as its form tells."""
    if email is None or _IS_EMAIL.fullmatch(email):
        return None
    return Flaw(code="field_invalid", param=param, detail=f"{param} must look like name@example.com.")


def customer_texts(customer: CustomerRequest | None) -> Iterator[tuple[str, str]]:
    """Every text about a customer but the IP address, which cannot hold anything else, with the path to it."""
    if customer is None:
        return
    for name, text in (
        ("id", customer.id),
        ("email", customer.email),
        ("user_agent", customer.user_agent),
        ("device_id", customer.device_id),
    ):
        if text is not None:
            yield f"customer.{name}", text


def customer_context(customer: CustomerRequest | None) -> CustomerContext | None:
    """What a checked request tells of its customer, the IP address in its shortest form; None where it tells nothing."""
    if customer is None:
        return None
    context = CustomerContext(
        id=customer.id,
        email=customer.email,
        ip=None if customer.ip is None else _shortest_ip(customer.ip),
        user_agent=customer.user_agent,
        device_id=customer.device_id,
        country=customer.country,
    )
    return None if context == _UNKNOWN else context


def seen_user_agent(said: str | None) -> str | None:
    """What a browser said of itself, as far as it can be kept: None where it said nothing, or something else."""
    text = (said or "").strip()[:USER_AGENT_CHARACTERS_MAX]
    return text if text and text_flaw("user_agent", text) is None else None


_UNKNOWN: Final = CustomerContext()


def _flaw_of(customer: CustomerRequest) -> Flaw | None:
    if customer.ip is not None and _shortest_ip(customer.ip) is None:
        return Flaw(
            code="field_invalid",
            param="customer.ip",
            detail="customer.ip must be an IP address of version 4 or 6, without port and zone.",
        )
    return email_flaw("customer.email", customer.email) or _country_flaw("customer.country", customer.country)


def _contradiction(customer: CustomerRequest, customer_email: str | None) -> Flaw | None:
    if customer.email is None or customer_email is None or customer.email.lower() == customer_email.lower():
        return None
    return Flaw(
        code="field_invalid",
        param="customer.email",
        detail="customer.email and customer_email must be the same address: send one of them.",
    )


def _country_flaw(param: str, country: str | None) -> Flaw | None:
    if country is None or country in COUNTRIES:
        return None
    return Flaw(
        code="field_invalid",
        param=param,
        detail=f"{param} must be an ISO 3166-1 code of two letters in upper case, such as DE.",
    )


def _shortest_ip(text: str) -> str | None:
    if _IS_IPV4.fullmatch(text):
        return text
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return str(address.ipv4_mapped or address)
    return str(address)
