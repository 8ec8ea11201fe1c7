"""A checkout session as merchants see it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.checkout_session import CheckoutSession, CheckoutSessionStatus
from fincore.domain.checkout_session_events import SessionPaymentMethod
from fincore.domain.ids import CheckoutSessionId
from fincore.public.customer_body import CustomerBody, customer_body
from fincore.public.fields import (
    CHARGE_ID_EXAMPLE,
    CreatedAt,
    CurrencyCode,
    HasMore,
    Livemode,
    NextCursor,
    ObjectName,
    StoredMetadata,
)


class LineItemBody(msgspec.Struct, frozen=True, kw_only=True):
    """A line of what is sold, as the customer is shown it."""

    name: Annotated[str, Meta(description="What the line is called.", examples=["A book"])]
    quantity: Annotated[int, Meta(description="How many of it.")]
    amount_minor: Annotated[int, Meta(description="The amount of the whole line.")]


class CheckoutSessionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer pays on FinCore's page. Times are RFC 3339, in UTC."""

    id: Annotated[str, Meta(description="The session's id.", examples=["cos_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    object: Annotated[Literal["checkout_session"], ObjectName] = "checkout_session"
    livemode: Livemode
    status: Annotated[
        CheckoutSessionStatus,
        Meta(
            description="`open`: the customer can pay, or a payment is not decided yet. `completed`: `charge_id` took the money, or holds it until you capture it. "
            "`expired`: it was not paid and cannot be."
        ),
    ]
    url: Annotated[
        str | None,
        Meta(
            description="The page to send the customer to: it is a secret between you and them. Null once the session is not open."
        ),
    ]
    amount_minor: Annotated[int, Meta(description="The amount in the minor unit of `currency`.")]
    currency: CurrencyCode
    capture: Annotated[
        bool,
        Meta(
            description="`true`: the money is taken at once. `false`: it is held until you capture the charge."
        ),
    ]
    payment_methods: Annotated[
        tuple[SessionPaymentMethod, ...], Meta(description="How the customer may pay, in order.")
    ]
    success_url: Annotated[str, Meta(description="Where the customer goes on to after they paid.")]
    cancel_url: Annotated[str, Meta(description="Where the customer goes back to without having paid.")]
    expires_at: Annotated[
        datetime,
        Meta(
            description="Until when an attempt to pay can begin. The session expires then, or as soon as an attempt under way is known to "
            "have failed."
        ),
    ]
    customer: Annotated[CustomerBody | None, Meta(description="What you sent of the customer who pays.")]
    billing_country: Annotated[
        str | None, Meta(description="The country of the billing address that you sent.")
    ]
    shipping_country: Annotated[
        str | None, Meta(description="The country that the order goes to, as you sent it.")
    ]
    metadata: StoredMetadata
    line_items: Annotated[tuple[LineItemBody, ...], Meta(description="What you sell.")]
    charge_id: Annotated[
        str | None,
        Meta(
            description="The charge that paid the session; null until it is completed.",
            examples=[CHARGE_ID_EXAMPLE],
        ),
    ]
    created_at: CreatedAt


class CheckoutSessionListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of checkout sessions, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[CheckoutSessionBody], Meta(description="The checkout sessions of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def checkout_session_body(session_id: CheckoutSessionId, session: CheckoutSession) -> CheckoutSessionBody:
    """A session as its merchant is shown it."""
    paid = session.paid_attempt
    return CheckoutSessionBody(
        id=session_id,
        livemode=session.livemode,
        status=session.status,
        url=session.page if session.status == "open" else None,
        amount_minor=session.amount.amount_minor,
        currency=session.amount.currency,
        capture=session.capture_method == "automatic",
        payment_methods=session.payment_methods,
        success_url=session.success_url,
        cancel_url=session.cancel_url,
        expires_at=session.expires_at,
        customer=customer_body(session.customer),
        billing_country=session.billing_country,
        shipping_country=session.shipping_country,
        metadata=session.metadata,
        line_items=tuple(
            LineItemBody(name=one.name, quantity=one.quantity, amount_minor=one.amount_minor)
            for one in session.line_items
        ),
        charge_id=None if paid is None else paid.charge_id,
        created_at=session.created_at,
    )
