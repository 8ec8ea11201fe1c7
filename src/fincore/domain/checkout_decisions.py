"""What becomes of a checkout session: what its customer and its merchant may ask, and what its charges make of it. Pure.

A session learns only from what the log says of its charges; what is unknown of a charge leaves its attempt live.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.checkout_session import CheckoutAttempt, CheckoutSession, evolve_session
from fincore.domain.checkout_session_events import (
    CheckoutAttemptClosed,
    CheckoutAttemptStarted,
    CheckoutExpiryRequested,
    CheckoutPaidAgain,
    CheckoutPaymentReturned,
    CheckoutSessionCompleted,
    CheckoutSessionEvent,
    CheckoutSessionExpired,
    CheckoutSwitchRequested,
    CloseReason,
    ExpiryReason,
    SessionPaymentMethod,
)
from fincore.domain.ids import CheckoutSessionId, session_charge_id
from fincore.domain.outcome import DeclineAdvice
from fincore.domain.risk import CustomerContext
from fincore.domain.risk_review import review_status
from fincore.domain.route_plan import RoutePlan

ATTEMPTS_MAX: Final = 30
"""Attempts of one session, the customer's tries with declined cards included."""
SWITCHES_MAX: Final = 60
"""How often a customer may change the payment method while an attempt is live."""

SessionRefusalCode = Literal[
    "checkout_session_not_open", "payment_method_not_offered", "too_many_checkout_attempts"
]
"""Why a session may not be changed as asked."""


class SessionRefusal(msgspec.Struct, frozen=True):
    """Nothing was done. `detail` names the state that stands in the way."""

    code: SessionRefusalCode
    detail: str


Decided = tuple[CheckoutSessionEvent, ...]


Choice = Literal["live_already", "new_attempt", "switch"]
"""What comes of a customer's choice: the live attempt is with that method, a new one begins, or the live one is closed first."""


def choice_of(
    session: CheckoutSession, method: SessionPaymentMethod, now: datetime
) -> Choice | SessionRefusal:
    """What comes of the choice to pay with a method."""
    if method not in session.payment_methods:
        return SessionRefusal("payment_method_not_offered", f"The session does not offer {method}.")
    match session.state:
        case "completed" | "expired" | "expiring":
            return _not_open(session)
        case "choosing":
            if now >= session.expires_at:
                return SessionRefusal("checkout_session_not_open", "The time of the session is over.")
            if len(session.attempts) >= ATTEMPTS_MAX:
                return SessionRefusal(
                    "too_many_checkout_attempts", f"A session has {ATTEMPTS_MAX} attempts at most."
                )
            return "new_attempt"
        case "paying" | "switching":
            return _beside_live_attempt(session, method)
        case _:
            assert_never(session.state)


def begin_attempt(
    session_id: CheckoutSessionId,
    session: CheckoutSession,
    method: SessionPaymentMethod,
    plan: RoutePlan,
    now: datetime,
    *,
    browser: CustomerContext | None = None,
) -> Decided | SessionRefusal:
    """Pay with a method: nothing new where the live attempt is with it, else a new attempt or the wish for one.

    `plan` is where the charge of a new attempt goes; it is needed where `choice_of` is no refusal and not `live_already`. `browser` is
    what our page saw of the customer's browser.
    """
    choice = choice_of(session, method, now)
    match choice:
        case SessionRefusal():
            return choice
        case "live_already":
            return ()
        case "new_attempt":
            return (_started(session_id, session, method, plan, now, browser=browser),)
        case "switch":
            return (
                CheckoutSwitchRequested(payment_method=method, plan=plan, requested_at=now, browser=browser),
            )
        case _:
            assert_never(choice)


def end_session(session: CheckoutSession, reason: ExpiryReason, now: datetime) -> Decided | SessionRefusal:
    """End a session unpaid: at once, or once its live attempt is known to be closed."""
    match session.state:
        case "completed" | "expired":
            return _not_open(session)
        case "expiring":
            return ()
        case "choosing":
            return (CheckoutSessionExpired(reason=reason, expired_at=now),)
        case "paying" | "switching":
            return (CheckoutExpiryRequested(reason=reason, requested_at=now),)
        case _:
            assert_never(session.state)


def learn(
    session_id: CheckoutSessionId, session: CheckoutSession, charges: Mapping[int, Charge], now: datetime
) -> Decided:
    """What the charges of a session's attempts, by number, tell it; an attempt without one tells nothing.

    A charge that was paid counts before one that was not: what ends the session must not hide a payment.
    """
    events: list[CheckoutSessionEvent] = []
    known = [(attempt, charges[attempt.number]) for attempt in session.attempts if attempt.number in charges]
    for attempt, charge in sorted(known, key=lambda one: (not pays_session(one[1]), one[0].number)):
        for event in _of_attempt(session_id, session, attempt, charge, now):
            session = evolve_session(session, event)
            events.append(event)
    return tuple(events)


class MakeCharge(msgspec.Struct, frozen=True):
    """The charge of an attempt is to be made."""

    attempt: CheckoutAttempt


class CloseCharge(msgspec.Struct, frozen=True):
    """The charge of the live attempt is to be canceled at its PSP; nothing else is known of it than that it is open."""

    attempt: CheckoutAttempt


class ReturnMoney(msgspec.Struct, frozen=True):
    """The money of an attempt that the session does not need is to go back."""

    attempt: CheckoutAttempt


Task = MakeCharge | CloseCharge | ReturnMoney


def tasks_of(session: CheckoutSession, charges: Mapping[int, Charge]) -> tuple[Task, ...]:
    """What is to be done for a session as it stands, after it has learned what its charges tell.

    A charge that staff review is left to them: of its time being over, or another choice of the customer, nothing follows. A merchant
    that ends the session gives it up.
    """
    tasks: list[Task] = [ReturnMoney(one) for one in session.attempts if one.status == "paid_again"]
    live = session.live_attempt
    if live is not None and live.number not in charges:
        tasks.append(MakeCharge(live))
    elif live is not None and session.state in ("switching", "expiring"):
        charge = charges[live.number]
        if not is_held_for_review(charge) or (
            session.expiry_reason == "merchant" and charge.status == "authorized"
        ):
            tasks.append(CloseCharge(live))
    return tuple(tasks)


def has_money(charge: Charge) -> bool:
    """Whether a charge holds or has taken the customer's money, as the log knows it.

    What is held counts for nothing while it is being canceled: it may be released already.
    """
    is_canceling = charge.operation is not None and charge.operation.kind == "cancel"
    return charge.status == "succeeded" or (charge.status == "authorized" and not is_canceling)


def pays_session(charge: Charge) -> bool:
    """Whether a charge pays its session: a merchant may deliver.

    The whole amount has to be taken. Where the merchant captures later, it has to be held, or the merchant has taken what they wanted
    of it. A charge that the rules sent to review has to be approved besides.
    """
    if not has_money(charge) or review_status(charge) not in (None, "approved"):
        return False
    if charge.capture_method == "manual":
        return charge.status == "succeeded" or charge.authorized_minor == charge.amount.amount_minor
    return charge.status == "succeeded" and charge.captured_minor == charge.amount.amount_minor


def has_part(charge: Charge) -> bool:
    """Whether less than the whole amount is held or taken, and nothing more can come: a person has read that at the PSP."""
    if not has_money(charge) or review_status(charge) not in (None, "approved") or pays_session(charge):
        return False
    return max(charge.authorized_minor, charge.captured_minor) < charge.amount.amount_minor


def is_held_for_review(charge: Charge) -> bool:
    """Whether the PSP has the customer's money, which pays no session: staff decide on it, or their decision is carried out."""
    if charge.status == "authorized":
        return review_status(charge) is not None and not pays_session(charge)
    return review_status(charge) == "captured_by_psp"


def is_given_back(charge: Charge) -> bool:
    """Whether nothing of a charge's money is left: it was released, or all of it refunded."""
    if charge.status == "succeeded":
        return charge.refunded_minor >= charge.captured_minor
    return charge.status in ("canceled", "expired", "failed")


def _of_attempt(
    session_id: CheckoutSessionId,
    session: CheckoutSession,
    attempt: CheckoutAttempt,
    charge: Charge,
    now: datetime,
) -> Decided:
    number, charge_id = attempt.number, attempt.charge_id
    match attempt.status:
        case "live":
            if pays_session(charge):
                return (CheckoutSessionCompleted(number=number, charge_id=charge_id, completed_at=now),)
            reason = _close_reason(charge)
            if reason is None:
                return ()
            closed = CheckoutAttemptClosed(
                number=number,
                charge_id=charge_id,
                reason=reason,
                closed_at=now,
                advice=_advice_of(charge),
            )
            # A part of the amount pays nothing: it goes back, and the customer may pay the whole.
            found = CheckoutPaidAgain(number=number, charge_id=charge_id, found_at=now)
            owed = (found,) if has_part(charge) else ()
            return (closed, *owed, *_after_closing(session_id, session, now))
        case "closed" if has_money(charge) and review_status(charge) != "closed":
            if session.state == "choosing" and pays_session(charge):
                return (CheckoutSessionCompleted(number=number, charge_id=charge_id, completed_at=now),)
            return (CheckoutPaidAgain(number=number, charge_id=charge_id, found_at=now),)
        case "paid_again" if is_given_back(charge):
            return (CheckoutPaymentReturned(number=number, charge_id=charge_id, returned_at=now),)
        case _:
            return ()


def _after_closing(session_id: CheckoutSessionId, session: CheckoutSession, now: datetime) -> Decided:
    """What the live attempt was closed for, if for anything."""
    if session.state == "expiring":
        return (CheckoutSessionExpired(reason=session.expiry_reason or "time", expired_at=now),)
    if session.switch is None or now >= session.expires_at or len(session.attempts) >= ATTEMPTS_MAX:
        return ()
    switch = session.switch
    return (_started(session_id, session, switch.payment_method, switch.plan, now, browser=switch.browser),)


def _beside_live_attempt(session: CheckoutSession, method: SessionPaymentMethod) -> Choice | SessionRefusal:
    live = session.live_attempt
    wanted = session.switch.payment_method if session.switch else live.payment_method if live else None
    if method == wanted:
        return "live_already"
    if session.switches_requested >= SWITCHES_MAX:
        return SessionRefusal(
            "too_many_checkout_attempts", f"The payment method can be changed {SWITCHES_MAX} times at most."
        )
    return "switch"


def _started(
    session_id: CheckoutSessionId,
    session: CheckoutSession,
    method: SessionPaymentMethod,
    plan: RoutePlan,
    now: datetime,
    *,
    browser: CustomerContext | None,
) -> CheckoutAttemptStarted:
    number = len(session.attempts) + 1
    return CheckoutAttemptStarted(
        number=number,
        charge_id=session_charge_id(session_id, number),
        payment_method=method,
        plan=plan,
        started_at=now,
        browser=browser,
    )


def _close_reason(charge: Charge) -> CloseReason | None:
    """How a charge ended without a payment; None for one that can still be paid, or of which that is not known."""
    match charge.status:
        case "failed" | "canceled" | "expired" as reason:
            return reason
        case "succeeded" if review_status(charge) == "closed":
            # The PSP took the money of a charge under review, and all of it was refunded.
            return "canceled"
        case _:
            return "canceled" if has_part(charge) else None


def _advice_of(charge: Charge) -> DeclineAdvice | None:
    """What the page tells the customer to do after a decline: the PSP's advice, or ours where staff declined."""
    if charge.failure is not None:
        return charge.failure.advice
    return "ask_customer" if review_status(charge) == "declined" else None


def _not_open(session: CheckoutSession) -> SessionRefusal:
    state = "ending" if session.state == "expiring" else session.status
    return SessionRefusal("checkout_session_not_open", f"The session is {state}.")
