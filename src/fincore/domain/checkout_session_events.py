"""The events of checkout sessions. They move no money: the charges of a session's attempts do, in streams of their own.

Amounts are minor units; times are UTC, by our own clock. A field may be added as `fincore.domain.events` says.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.event_codec import EventCodec
from fincore.domain.events import CaptureMethod
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.outcome import DeclineAdvice
from fincore.domain.payment_method import HostedCard, PaymentMethod, PayPalWallet
from fincore.domain.risk import CustomerContext
from fincore.domain.route_plan import RoutePlan

SessionPaymentMethod = Literal["card", "paypal"]
"""How a session may be paid, in the word of merchants and customers."""

PAYMENT_METHODS: Final[Mapping[SessionPaymentMethod, PaymentMethod]] = MappingProxyType(
    {"card": HostedCard(), "paypal": PayPalWallet()}
)
"""What a charge is paid with: the customer pays on a page of the PSP either way."""

CloseReason = Literal["failed", "canceled", "expired"]
"""How the charge of an attempt ended without having been paid."""
ExpiryReason = Literal["time", "merchant"]
"""Why a session ends without a payment: its time is over, or the merchant ended it."""


class LineItem(msgspec.Struct, frozen=True, kw_only=True):
    """What is sold, as the customer is shown it. `amount_minor` is of the whole line. Nothing is worked out of it."""

    name: str
    quantity: int
    amount_minor: int


class CheckoutSessionCreated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A merchant asked that a customer pay on our page. `page` is its address, with the word that cannot be guessed."""

    merchant_id: MerchantId
    livemode: bool
    amount_minor: int
    currency: Currency
    capture_method: CaptureMethod
    payment_methods: tuple[SessionPaymentMethod, ...]
    success_url: str
    cancel_url: str
    page: str
    created_at: datetime
    expires_at: datetime
    metadata: dict[str, str] = {}
    line_items: tuple[LineItem, ...] = ()
    fee_plan: FeePlan | None = None
    customer: CustomerContext | None = None
    billing_country: str | None = None
    shipping_country: str | None = None


class CheckoutAttemptStarted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer chose how to pay. The charge `charge_id` is made next, of the session and this event, and follows `plan`.

    `browser` is what our page saw of the customer's browser when they chose.
    """

    number: int
    charge_id: ChargeId
    payment_method: SessionPaymentMethod
    plan: RoutePlan
    started_at: datetime
    browser: CustomerContext | None = None


class CheckoutSwitchRequested(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer wants to pay otherwise: the live attempt is to be closed at its PSP, and the next one begins then."""

    payment_method: SessionPaymentMethod
    plan: RoutePlan
    requested_at: datetime
    browser: CustomerContext | None = None


class CheckoutAttemptClosed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The charge of the live attempt ended without a payment, and cannot be paid any more. `advice` is of its decline."""

    number: int
    charge_id: ChargeId
    reason: CloseReason
    closed_at: datetime
    advice: DeclineAdvice | None = None


class CheckoutExpiryRequested(msgspec.Struct, frozen=True, kw_only=True):
    """The session is to end, but an attempt of it can still be paid: that has to be closed at its PSP first."""

    reason: ExpiryReason
    requested_at: datetime


class CheckoutSessionCompleted(msgspec.Struct, frozen=True, kw_only=True):
    """The charge of an attempt took the money, or holds it where the merchant captures later."""

    number: int
    charge_id: ChargeId
    completed_at: datetime


class CheckoutSessionExpired(msgspec.Struct, frozen=True, kw_only=True):
    """The session ended without a payment, and none of its attempts can be paid."""

    reason: ExpiryReason
    expired_at: datetime


class CheckoutPaidAgain(msgspec.Struct, frozen=True, kw_only=True):
    """A closed attempt has money after all, by the PSP's record, and the session does not need it: it has to go back."""

    number: int
    charge_id: ChargeId
    found_at: datetime


class CheckoutPaymentReturned(msgspec.Struct, frozen=True, kw_only=True):
    """All the money of an attempt that was paid needlessly went back to the customer."""

    number: int
    charge_id: ChargeId
    returned_at: datetime


CheckoutSessionEvent = (
    CheckoutSessionCreated
    | CheckoutAttemptStarted
    | CheckoutSwitchRequested
    | CheckoutAttemptClosed
    | CheckoutExpiryRequested
    | CheckoutSessionCompleted
    | CheckoutSessionExpired
    | CheckoutPaidAgain
    | CheckoutPaymentReturned
)
"""Everything that can stand in the stream of a checkout session."""

CheckoutSessionEventType = Literal[
    "checkout_session.created",
    "checkout_session.attempt_started",
    "checkout_session.switch_requested",
    "checkout_session.attempt_closed",
    "checkout_session.expiry_requested",
    "checkout_session.completed",
    "checkout_session.expired",
    "checkout_session.paid_again",
    "checkout_session.payment_returned",
]

SHAPES: Final[Mapping[CheckoutSessionEventType, tuple[int, type[CheckoutSessionEvent]]]] = MappingProxyType(
    {
        "checkout_session.created": (1, CheckoutSessionCreated),
        "checkout_session.attempt_started": (1, CheckoutAttemptStarted),
        "checkout_session.switch_requested": (1, CheckoutSwitchRequested),
        "checkout_session.attempt_closed": (1, CheckoutAttemptClosed),
        "checkout_session.expiry_requested": (1, CheckoutExpiryRequested),
        "checkout_session.completed": (1, CheckoutSessionCompleted),
        "checkout_session.expired": (1, CheckoutSessionExpired),
        "checkout_session.paid_again": (1, CheckoutPaidAgain),
        "checkout_session.payment_returned": (1, CheckoutPaymentReturned),
    }
)
"""Event type -> (schema version written today, its shape)."""

CHECKOUT_SESSION_EVENTS: Final[EventCodec[CheckoutSessionEvent]] = EventCodec(SHAPES, {})
"""How the log stores the events of checkout sessions."""

_TYPE_OF: Final[Mapping[type[CheckoutSessionEvent], CheckoutSessionEventType]] = {
    shape: name for name, (_, shape) in SHAPES.items()
}


def session_event_type(event: CheckoutSessionEvent) -> CheckoutSessionEventType:
    """The dotted name of an event."""
    return _TYPE_OF[type(event)]
