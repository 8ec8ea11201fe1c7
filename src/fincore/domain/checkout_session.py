"""What a checkout session is: its states, the transition table, and what each event does to one. Pure.

A session is paid once. One attempt at a time can be paid: the next begins only when the charge of the last is known to have
ended without a payment.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.checkout_session_events import (
    CheckoutAttemptClosed,
    CheckoutAttemptStarted,
    CheckoutExpiryRequested,
    CheckoutPaidAgain,
    CheckoutPaymentReturned,
    CheckoutSessionCompleted,
    CheckoutSessionCreated,
    CheckoutSessionEvent,
    CheckoutSessionEventType,
    CheckoutSessionExpired,
    CheckoutSwitchRequested,
    CloseReason,
    ExpiryReason,
    LineItem,
    SessionPaymentMethod,
    session_event_type,
)
from fincore.domain.errors import EventImpossible
from fincore.domain.events import CaptureMethod
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.money import Money
from fincore.domain.outcome import DeclineAdvice
from fincore.domain.risk import CustomerContext
from fincore.domain.route_plan import RoutePlan

CheckoutState = Literal["choosing", "paying", "switching", "expiring", "completed", "expired"]
"""`choosing`: no attempt is live. `paying`: one is. `switching`, `expiring`: one is, and is being closed, for another payment
method or because the session ends."""
CheckoutSessionStatus = Literal["open", "completed", "expired"]
"""What merchants are told."""

STATUS_OF: Final[Mapping[CheckoutState, CheckoutSessionStatus]] = MappingProxyType(
    {
        "choosing": "open",
        "paying": "open",
        "switching": "open",
        "expiring": "open",
        "completed": "completed",
        "expired": "expired",
    }
)

CHECKOUT_TRANSITIONS: Final[Mapping[tuple[CheckoutState | None, CheckoutSessionEventType], CheckoutState]] = (
    MappingProxyType(
        {
            (None, "checkout_session.created"): "choosing",
            ("choosing", "checkout_session.attempt_started"): "paying",
            ("choosing", "checkout_session.completed"): "completed",
            ("choosing", "checkout_session.expired"): "expired",
            ("paying", "checkout_session.switch_requested"): "switching",
            ("paying", "checkout_session.expiry_requested"): "expiring",
            ("paying", "checkout_session.attempt_closed"): "choosing",
            ("paying", "checkout_session.completed"): "completed",
            ("switching", "checkout_session.switch_requested"): "switching",
            ("switching", "checkout_session.expiry_requested"): "expiring",
            ("switching", "checkout_session.attempt_closed"): "choosing",
            ("switching", "checkout_session.completed"): "completed",
            ("expiring", "checkout_session.attempt_closed"): "choosing",
            ("expiring", "checkout_session.completed"): "completed",
        }
    )
)
"""(state, event) -> next state. A pair that is not here cannot happen.

`checkout_session.paid_again` and `checkout_session.payment_returned` stand beside the table: they leave the state as it is. An
attempt that closes while the session switches or expires is followed by what it was closed for, in the same Commit.
"""

CheckoutAttemptStatus = Literal["live", "closed", "paid", "paid_again", "returned"]
"""`closed`: its charge ended without a payment. `paid_again`: it has money all the same, which has to go back."""

CHECKOUT_ATTEMPT_TRANSITIONS: Final[
    Mapping[tuple[CheckoutAttemptStatus | None, CheckoutSessionEventType], CheckoutAttemptStatus]
] = MappingProxyType(
    {
        (None, "checkout_session.attempt_started"): "live",
        ("live", "checkout_session.attempt_closed"): "closed",
        ("live", "checkout_session.completed"): "paid",
        ("closed", "checkout_session.completed"): "paid",
        ("closed", "checkout_session.paid_again"): "paid_again",
        ("paid_again", "checkout_session.payment_returned"): "returned",
    }
)
"""(status of an attempt, event that names it) -> next status."""


class CheckoutAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to pay a session: a charge with the payment method that the customer chose. `number` counts from 1."""

    number: int
    charge_id: ChargeId
    payment_method: SessionPaymentMethod
    plan: RoutePlan
    started_at: datetime
    status: CheckoutAttemptStatus = "live"
    browser: CustomerContext | None = None
    close_reason: CloseReason | None = None
    advice: DeclineAdvice | None = None


class CheckoutSession(msgspec.Struct, frozen=True, kw_only=True):
    """One session as its events tell it. `version` counts them.

    `switch`: how the customer wants to pay once the live attempt is closed. `expiry_reason`: why the session ends, or has ended.
    `switches_requested` counts how often the customer changed their mind while an attempt was live.
    """

    version: int
    merchant_id: MerchantId
    livemode: bool
    state: CheckoutState
    amount: Money
    capture_method: CaptureMethod
    payment_methods: tuple[SessionPaymentMethod, ...]
    success_url: str
    cancel_url: str
    page: str
    created_at: datetime
    expires_at: datetime
    metadata: dict[str, str]
    line_items: tuple[LineItem, ...]
    fee_plan: FeePlan | None
    customer: CustomerContext | None = None
    billing_country: str | None = None
    shipping_country: str | None = None
    attempts: tuple[CheckoutAttempt, ...] = ()
    switch: CheckoutSwitchRequested | None = None
    switches_requested: int = 0
    expiry_reason: ExpiryReason | None = None
    ended_at: datetime | None = None

    @property
    def status(self) -> CheckoutSessionStatus:
        """The state as merchants are told it."""
        return STATUS_OF[self.state]

    @property
    def live_attempt(self) -> CheckoutAttempt | None:
        """The attempt that can be paid; there is one at most."""
        return next((one for one in reversed(self.attempts) if one.status == "live"), None)

    @property
    def paid_attempt(self) -> CheckoutAttempt | None:
        """The attempt that completed the session."""
        return next((one for one in self.attempts if one.status == "paid"), None)

    def attempt(self, number: int) -> CheckoutAttempt | None:
        """One of its attempts."""
        return self.attempts[number - 1] if 1 <= number <= len(self.attempts) else None


_AttemptEvent = CheckoutAttemptClosed | CheckoutSessionCompleted | CheckoutPaidAgain | CheckoutPaymentReturned


def evolve_session(session: CheckoutSession | None, event: CheckoutSessionEvent) -> CheckoutSession:
    """The session after an event. The first must be `checkout_session.created`.

    Raises `KeyError` for a pair that the transition tables do not hold: the log is then not one this code wrote.
    """
    if session is None or isinstance(event, CheckoutSessionCreated):
        return _created(session, event)
    after = msgspec.structs.replace(session, version=session.version + 1, state=_next_state(session, event))
    match event:
        case CheckoutAttemptStarted():
            if event.number != len(session.attempts) + 1:
                raise KeyError((event.number, session_event_type(event)))
            attempt = CheckoutAttempt(
                number=event.number,
                charge_id=event.charge_id,
                payment_method=event.payment_method,
                plan=event.plan,
                started_at=event.started_at,
                browser=event.browser,
            )
            return msgspec.structs.replace(after, attempts=(*session.attempts, attempt), switch=None)
        case CheckoutSwitchRequested():
            return msgspec.structs.replace(
                after, switch=event, switches_requested=session.switches_requested + 1
            )
        case CheckoutExpiryRequested():
            return msgspec.structs.replace(after, switch=None, expiry_reason=event.reason)
        case CheckoutSessionExpired():
            return msgspec.structs.replace(
                after, switch=None, expiry_reason=event.reason, ended_at=event.expired_at
            )
        case _:
            return _after_attempt_event(after, event)


def fold_session(events: Iterable[CheckoutSessionEvent]) -> CheckoutSession | None:
    """The session a whole stream tells; None for an empty stream. Raises `EventImpossible`."""
    session: CheckoutSession | None = None
    for event in events:
        session = session_after(session, event)
    return session


def session_after(session: CheckoutSession | None, event: CheckoutSessionEvent) -> CheckoutSession:
    """The session after an event of the log. Raises `EventImpossible` where `evolve_session` knows no such step."""
    try:
        return evolve_session(session, event)
    except KeyError:
        raise EventImpossible(session.version + 1 if session else 1, session_event_type(event)) from None


def _next_state(session: CheckoutSession, event: CheckoutSessionEvent) -> CheckoutState:
    if isinstance(event, CheckoutPaidAgain | CheckoutPaymentReturned):
        return session.state
    return CHECKOUT_TRANSITIONS[session.state, session_event_type(event)]


def _after_attempt_event(session: CheckoutSession, event: _AttemptEvent) -> CheckoutSession:
    """The session with the attempt that an event names as it is after it."""
    before = session.attempt(event.number)
    if before is None:
        raise KeyError((None, session_event_type(event)))
    status = CHECKOUT_ATTEMPT_TRANSITIONS[before.status, session_event_type(event)]
    attempt = msgspec.structs.replace(before, status=status)
    if isinstance(event, CheckoutAttemptClosed):
        attempt = msgspec.structs.replace(attempt, close_reason=event.reason, advice=event.advice)
    attempts = tuple(attempt if one.number == event.number else one for one in session.attempts)
    if isinstance(event, CheckoutSessionCompleted):
        return msgspec.structs.replace(session, attempts=attempts, switch=None, ended_at=event.completed_at)
    return msgspec.structs.replace(session, attempts=attempts)


def _created(session: CheckoutSession | None, event: CheckoutSessionEvent) -> CheckoutSession:
    state = CHECKOUT_TRANSITIONS[None if session is None else session.state, session_event_type(event)]
    if not isinstance(event, CheckoutSessionCreated):
        raise KeyError((None, session_event_type(event)))
    return CheckoutSession(
        version=1,
        merchant_id=event.merchant_id,
        livemode=event.livemode,
        state=state,
        amount=Money(event.amount_minor, event.currency),
        capture_method=event.capture_method,
        payment_methods=event.payment_methods,
        success_url=event.success_url,
        cancel_url=event.cancel_url,
        page=event.page,
        created_at=event.created_at,
        expires_at=event.expires_at,
        metadata=event.metadata,
        line_items=event.line_items,
        fee_plan=event.fee_plan,
        customer=event.customer,
        billing_country=event.billing_country,
        shipping_country=event.shipping_country,
    )
