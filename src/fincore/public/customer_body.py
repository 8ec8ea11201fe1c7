"""The customer of a charge or a checkout session as merchants see it. Pure."""

from typing import Annotated

import msgspec
from msgspec import Meta

from fincore.domain.risk import CustomerContext


class CustomerBody(msgspec.Struct, frozen=True, kw_only=True):
    """The customer who pays, as far as it is known; what is null is unknown."""

    id: Annotated[str | None, Meta(description="Your own id of the customer.")]
    email: Annotated[str | None, Meta(description="Their e-mail address.")]
    ip: Annotated[
        str | None,
        Meta(description="The address from which they pay, of IP version 4 or 6, in its shortest form."),
    ]
    user_agent: Annotated[str | None, Meta(description="The header User-Agent of their browser.")]
    device_id: Annotated[str | None, Meta(description="Your own id of their device.")]
    country: Annotated[str | None, Meta(description="The country where they live: an ISO 3166-1 code.")]


def customer_body(customer: CustomerContext | None) -> CustomerBody | None:
    """The customer; None where nothing is known."""
    return None if customer is None else CustomerBody(**msgspec.structs.asdict(customer))
