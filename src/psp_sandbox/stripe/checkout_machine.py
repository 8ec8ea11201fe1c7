"""The Checkout session's machine: what each step of its payment makes of it, with the events that happened. Pure.

open -> complete, once its payment took or holds money or is being processed; open -> expired. A declined attempt leaves it open.
complete and unpaid -> complete and paid, once an asynchronous payment succeeded or a hold was captured.
"""

import msgspec
from msgspec.structs import replace

from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.wire import PaymentIntent
from psp_sandbox.stripe.wire_checkout import CheckoutSession

LIFE_SECONDS_MIN = 30 * 60
LIFE_SECONDS_MAX = 24 * 3_600
"""From its creation until it expires; the longest is the default."""

COMPLETED_BY = frozenset({"succeeded", "requires_capture", "processing"})
"""Statuses of a payment intent after which the customer has nothing left to do."""


class CheckoutTransition(msgspec.Struct, frozen=True, gc=False):
    """The next snapshot, and the events of it."""

    session: CheckoutSession
    events: tuple[NewEvent, ...] = ()


def follow(session: CheckoutSession, before: PaymentIntent, after: PaymentIntent) -> CheckoutTransition:
    """The session after its payment intent moved."""
    if session.status == "open" and after.status in COMPLETED_BY:
        completed = replace(
            session,
            status="complete",
            payment_status="paid" if after.status == "succeeded" else "unpaid",
            url=None,
        )
        return CheckoutTransition(completed, (NewEvent("checkout.session.completed", completed),))
    if session.status != "complete" or session.payment_status != "unpaid":
        return CheckoutTransition(session)
    if after.status == "succeeded":
        paid = replace(session, payment_status="paid")
        asynchronous = (NewEvent("checkout.session.async_payment_succeeded", paid),)
        return CheckoutTransition(paid, asynchronous if before.status == "processing" else ())
    if before.status == "processing" and after.status == "requires_payment_method":
        return CheckoutTransition(session, (NewEvent("checkout.session.async_payment_failed", session),))
    return CheckoutTransition(session)


def expire(session: CheckoutSession) -> CheckoutTransition:
    """The page takes no payment any more."""
    expired = replace(session, status="expired", url=None)
    return CheckoutTransition(expired, (NewEvent("checkout.session.expired", expired),))
