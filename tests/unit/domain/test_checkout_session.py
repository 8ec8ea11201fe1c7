"""Checkout sessions: what may be asked of one, and what its charges make of it."""

from datetime import timedelta

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.domain.checkout_decisions import (
    ATTEMPTS_MAX,
    SWITCHES_MAX,
    CloseCharge,
    Decided,
    MakeCharge,
    ReturnMoney,
    SessionRefusal,
    Task,
    begin_attempt,
    end_session,
    is_held_for_review,
    learn,
    tasks_of,
)
from fincore.domain.checkout_page import after_psp_page, success_address
from fincore.domain.checkout_session import (
    CHECKOUT_ATTEMPT_TRANSITIONS,
    CHECKOUT_TRANSITIONS,
    CheckoutSession,
    fold_session,
)
from fincore.domain.checkout_session_events import (
    CheckoutSessionCompleted,
    CheckoutSessionExpired,
    SessionPaymentMethod,
)
from fincore.domain.errors import EventImpossible
from fincore.domain.events import CaptureRequested, ChargeAuthorized, ChargeCaptured, ChargeEvent
from fincore.domain.ids import parse_charge_id, parse_checkout_session_id, session_charge_id
from fincore.domain.transition_table import checkout_attempt_table, checkout_session_table
from fincore.write.checkout.attempt_charge import jobs_for_session
from fincore.write.checkout.customer_checkout import Pending, step_of
from fixtures.checkout_sessions import (
    ACTION,
    AT,
    AUTHORIZED,
    CANCEL_FAILED,
    CANCELED,
    CANCELING,
    CAPTURED,
    DECLINED,
    PAGE,
    SESSION,
    UNKNOWN,
    after,
    charge_after,
    names,
    paid_after_all,
    plan_for,
    refunded,
    session_created,
    session_of_events,
)
from fixtures.reviews import assessed, decided

CHOOSING = session_of_events()


def begin(
    session: CheckoutSession, method: SessionPaymentMethod, now: timedelta = timedelta()
) -> Decided | SessionRefusal:
    return begin_attempt(SESSION, session, method, plan_for(method), AT + now)


def told(session: CheckoutSession, *charges: Charge, now: timedelta = timedelta()) -> Decided:
    return learn(SESSION, session, dict(enumerate(charges, start=1)), AT + now)


PAYING = after(CHOOSING, begin(CHOOSING, "card"))
SWITCHING = after(PAYING, begin(PAYING, "paypal"))
EXPIRING = after(PAYING, end_session(PAYING, "merchant", AT))


def test_charge_of_an_attempt_has_always_the_same_id() -> None:
    assert parse_checkout_session_id(SESSION) == SESSION
    first, second = session_charge_id(SESSION, 1), session_charge_id(SESSION, 2)
    assert first != second == session_charge_id(SESSION, 2)
    assert parse_charge_id(first) == first
    assert [one.charge_id for one in PAYING.attempts] == [first]


def test_same_method_again_is_the_same_attempt() -> None:
    """Two tabs, a double click, the back button."""
    assert begin(PAYING, "card") == ()
    assert begin(SWITCHING, "paypal") == ()


def test_other_method_waits_until_the_live_attempt_is_closed() -> None:
    assert names(begin(PAYING, "paypal")) == ["switch_requested"]
    assert told(SWITCHING, charge_after(ACTION)) == ()
    decided = told(SWITCHING, charge_after(ACTION, CANCELING, CANCELED))
    assert names(decided) == ["attempt_closed", "attempt_started"]
    switched = after(SWITCHING, decided)
    assert (switched.state, switched.attempts[1].payment_method) == ("paying", "paypal")


def test_customer_may_change_their_mind_back_while_switching() -> None:
    back = after(SWITCHING, begin(SWITCHING, "card"))
    closed = after(back, told(back, charge_after(ACTION, CANCELING, CANCELED)))
    assert [one.payment_method for one in closed.attempts] == ["card", "card"]


@pytest.mark.parametrize("session", [PAYING, SWITCHING, EXPIRING])
@pytest.mark.parametrize(
    "events",
    [(), (ACTION,), (UNKNOWN,), (ACTION, CANCELING, UNKNOWN), (AUTHORIZED, CANCELING)],
    ids=["processing", "with the customer", "unknown", "cancel unknown", "hold being released"],
)
def test_undecided_charge_leaves_its_attempt_live(
    session: CheckoutSession, events: tuple[ChargeEvent, ...]
) -> None:
    assert told(session, charge_after(*events)) == ()
    assert told(session) == ()


def of(amount_minor: int, event: ChargeAuthorized | ChargeCaptured) -> ChargeEvent:
    """The same event over another amount."""
    return msgspec.structs.replace(event, amount_minor=amount_minor)


@pytest.mark.parametrize("session", [PAYING, SWITCHING, EXPIRING])
@pytest.mark.parametrize(
    "charge",
    [
        charge_after(CAPTURED),
        charge_after(ACTION, CANCELING, CAPTURED),
        charge_after(AUTHORIZED, capture_method="manual"),
        charge_after(AUTHORIZED, CANCELING, CANCEL_FAILED, capture_method="manual"),
        charge_after(AUTHORIZED, of(500, CAPTURED), capture_method="manual"),
        charge_after(of(500, CAPTURED), capture_method="manual"),
        charge_after(of(1998, AUTHORIZED), of(500, CAPTURED), capture_method="manual"),
    ],
    ids=[
        "captured",
        "canceled too late",
        "held",
        "cancel refused",
        "merchant took a part of the hold",
        "merchant took a part of a hold that was never known",
        "merchant took a part of a smaller hold",
    ],
)
def test_paid_charge_completes_the_session(session: CheckoutSession, charge: Charge) -> None:
    decided = told(session, charge)
    assert names(decided) == ["completed"]
    completed = after(session, decided)
    assert (completed.status, completed.live_attempt) == ("completed", None)
    assert completed.paid_attempt is not None
    assert told(completed, charge) == ()


PARTS = {
    "taken": charge_after(of(1998, CAPTURED)),
    "held": charge_after(of(1998, AUTHORIZED), capture_method="manual"),
    "held, of one that was to be taken": charge_after(of(1998, AUTHORIZED)),
    "approved and held": charge_after(
        assessed(), of(1998, AUTHORIZED), decided("approved"), capture_method="manual"
    ),
    "approved and taken": charge_after(assessed(), of(1998, CAPTURED), decided("approved")),
}


@pytest.mark.parametrize("case", PARTS)
def test_part_of_the_amount_goes_back_and_pays_no_session(case: str) -> None:
    part = PARTS[case]
    for session, follows in ((PAYING, []), (SWITCHING, ["attempt_started"]), (EXPIRING, ["expired"])):
        learned = told(session, part)
        assert names(learned) == ["attempt_closed", "paid_again", *follows]
        later = after(session, learned)
        assert told(later, part) == ()
        assert ReturnMoney(later.attempts[0]) in tasks_of(later, {1: part})
    assert names(told(DECLINED_ONCE, part)) == ["paid_again"]


def test_hold_where_the_money_was_wanted_pays_no_session() -> None:
    """It can still be captured, so it stays until the time of the session is over."""
    held = charge_after(AUTHORIZED)
    assert told(PAYING, held) == ()
    assert tasks_of(PAYING, {1: held}) == ()
    assert tasks_of(EXPIRING, {1: held}) == (CloseCharge(PAYING.attempts[0]),)
    assert names(told(PAYING, charge_after(AUTHORIZED, CAPTURED))) == ["completed"]


def test_part_of_a_charge_under_review_waits_for_staff() -> None:
    for events in ((assessed(), of(1998, AUTHORIZED)), (assessed(), of(1998, CAPTURED))):
        assert told(PAYING, charge_after(*events)) == ()


def test_declined_attempt_lets_the_customer_try_again() -> None:
    declined = after(PAYING, told(PAYING, charge_after(DECLINED)))
    assert (declined.state, declined.attempts[0].advice) == ("choosing", "ask_customer")
    assert names(begin(declined, "card")) == ["attempt_started"]


def test_expiring_session_expires_once_its_attempt_is_closed() -> None:
    assert names(told(EXPIRING, charge_after(ACTION, CANCELING, CANCELED))) == ["attempt_closed", "expired"]
    assert names(end_session(CHOOSING, "time", AT)) == ["expired"]
    assert end_session(EXPIRING, "time", AT) == ()
    assert names(begin(EXPIRING, "card")) == ["checkout_session_not_open"]


def test_no_attempt_begins_after_the_time_is_over() -> None:
    over = timedelta(days=1)
    assert names(begin(CHOOSING, "card", over - timedelta(seconds=1))) == ["attempt_started"]
    assert names(begin(CHOOSING, "card", over)) == ["checkout_session_not_open"]
    canceled = charge_after(ACTION, CANCELING, CANCELED)
    assert names(told(SWITCHING, canceled, now=over)) == ["attempt_closed"]


def test_ended_session_is_neither_paid_nor_ended_again() -> None:
    completed = after(PAYING, told(PAYING, charge_after(CAPTURED)))
    expired = after(CHOOSING, end_session(CHOOSING, "time", AT))
    for session in (completed, expired):
        assert names(begin(session, "card")) == ["checkout_session_not_open"]
        assert names(end_session(session, "time", AT)) == ["checkout_session_not_open"]


HELD = (assessed(), AUTHORIZED)
TAKEN = (assessed(), CAPTURED)
APPROVED = (*HELD, decided("approved"))
REFUSED = (*HELD, decided("declined"))
CAPTURE = CaptureRequested(amount_minor=1999, requested_at=AT)
REVIEWED: dict[str, tuple[Charge, list[str], bool]] = {
    # how the charge stands -> (what it tells a session that it pays, whether it is left open when the time of the session is over)
    "held": (charge_after(*HELD), [], True),
    "approved": (charge_after(*APPROVED), [], True),
    "approved, being captured": (charge_after(*APPROVED, CAPTURE), [], True),
    "approved and captured": (charge_after(*APPROVED, CAPTURE, CAPTURED), ["completed"], False),
    "declined": (charge_after(*REFUSED), [], True),
    "declined, cancel refused": (charge_after(*REFUSED, CANCELING, CANCEL_FAILED), [], True),
    "declined and canceled": (charge_after(*REFUSED, CANCELING, CANCELED), ["attempt_closed"], False),
    "canceled by the merchant": (charge_after(*HELD, CANCELING, CANCELED), ["attempt_closed"], False),
    "captured by the PSP": (charge_after(*TAKEN), [], True),
    "captured, then approved": (charge_after(*TAKEN, decided("approved")), ["completed"], False),
    "captured, then refunded": (refunded(charge_after(*TAKEN)), ["attempt_closed"], False),
    "with the customer": (charge_after(assessed(), ACTION), [], False),
}


@pytest.mark.parametrize("case", REVIEWED)
def test_reviewed_charge_tells_its_session_what_the_table_says(case: str) -> None:
    charge, expected, is_held = REVIEWED[case]
    decided_now = told(PAYING, charge)
    assert names(decided_now) == expected
    assert told(after(PAYING, decided_now), charge) == ()
    assert is_held_for_review(charge) == is_held
    if expected:
        return
    over = after(PAYING, end_session(PAYING, "time", AT))
    for session in (over, SWITCHING):
        assert tasks_of(session, {1: charge}) == (() if is_held else (CloseCharge(PAYING.attempts[0]),))
    is_closed = charge.status != "succeeded"
    assert bool(tasks_of(EXPIRING, {1: charge})) == is_closed, "the merchant ended it"


def test_late_hold_that_is_not_approved_goes_back() -> None:
    for state in (DECLINED_ONCE, after(DECLINED_ONCE, begin(DECLINED_ONCE, "paypal"))):
        for events in (HELD, REFUSED, TAKEN):
            assert names(told(state, charge_after(*events))) == ["paid_again"]
    assert names(told(DECLINED_ONCE, charge_after(*TAKEN, decided("approved")))) == ["completed"]


@pytest.mark.parametrize("events", [(ACTION,), HELD, REFUSED, APPROVED])
def test_refused_cancel_of_what_pays_nothing_tells_no_session(events: tuple[ChargeEvent, ...]) -> None:
    """Else a session that has the charge canceled would ask for that again without a pause."""
    first = session_charge_id(SESSION, 1)
    assert jobs_for_session(first, charge_after(*events, CANCELING), (CANCEL_FAILED,)) == ()
    held = charge_after(AUTHORIZED, CANCELING, capture_method="manual")
    assert [job.kind for job in jobs_for_session(first, held, (CANCEL_FAILED,))] == [
        "checkout_session.follow"
    ]


def test_page_says_that_a_reviewed_payment_takes_days() -> None:
    for session in (PAYING, SWITCHING, EXPIRING):
        for case, (charge, expected, is_held) in REVIEWED.items():
            step = step_of(SESSION, session, charge, is_over=False)
            assert expected or isinstance(step, Pending) == is_held, case


LATE = charge_after(DECLINED)
LATE_PAID = charge_after(DECLINED, paid_after_all(LATE))
DECLINED_ONCE = after(PAYING, told(PAYING, LATE))


def test_late_payment_completes_a_session_that_nothing_else_pays() -> None:
    assert names(told(DECLINED_ONCE, LATE_PAID)) == ["completed"]


def test_second_payment_goes_back() -> None:
    second = after(DECLINED_ONCE, begin(DECLINED_ONCE, "paypal"))
    expired = after(DECLINED_ONCE, end_session(DECLINED_ONCE, "time", AT))
    assert names(told(second, LATE_PAID, charge_after(ACTION))) == ["paid_again"]
    assert names(told(expired, LATE_PAID)) == ["paid_again"]
    both = told(second, LATE_PAID, charge_after(CAPTURED))
    assert sorted(names(both)) == ["completed", "paid_again"]
    owed = after(second, both)
    assert tasks_of(owed, {}) == (ReturnMoney(owed.attempts[0]),)
    assert told(owed, LATE_PAID) == ()
    returned = told(owed, refunded(LATE_PAID))
    assert names(returned) == ["payment_returned"]
    assert tasks_of(after(owed, returned), {}) == ()


@pytest.mark.parametrize(
    ("session", "charges", "tasks"),
    [
        (CHOOSING, {}, ()),
        (PAYING, {}, (MakeCharge,)),
        (PAYING, {1: charge_after(ACTION)}, ()),
        (SWITCHING, {}, (MakeCharge,)),
        (SWITCHING, {1: charge_after(ACTION)}, (CloseCharge,)),
        (EXPIRING, {1: charge_after(ACTION)}, (CloseCharge,)),
    ],
)
def test_tasks_follow_from_the_state(
    session: CheckoutSession, charges: dict[int, Charge], tasks: tuple[type[Task], ...]
) -> None:
    assert tuple(type(task) for task in tasks_of(session, charges)) == tasks


def test_attempts_and_changes_of_mind_are_bounded() -> None:
    session = CHOOSING
    declined: list[Charge] = []
    for _ in range(ATTEMPTS_MAX):
        session = after(session, begin(session, "card"))
        declined.append(charge_after(DECLINED))
        session = after(session, told(session, *declined))
    assert names(begin(session, "card")) == ["too_many_checkout_attempts"]
    session = PAYING
    for number in range(SWITCHES_MAX):
        session = after(session, begin(session, "card" if number % 2 else "paypal"))
    assert names(begin(session, "paypal")) == ["too_many_checkout_attempts"]


def test_method_that_is_not_offered_is_refused() -> None:
    only_cards = session_of_events(payment_methods=("card",))
    assert names(begin(only_cards, "paypal")) == ["payment_method_not_offered"]


def test_events_that_cannot_follow_are_refused_by_the_fold() -> None:
    completed = CheckoutSessionCompleted(number=1, charge_id=session_charge_id(SESSION, 1), completed_at=AT)
    expired = CheckoutSessionExpired(reason="time", expired_at=AT)
    for events in ((expired,), (session_created(), completed), (session_created(), expired, expired)):
        with pytest.raises(EventImpossible):
            fold_session(events)
    assert fold_session(()) is None


def test_tables_show_every_transition() -> None:
    assert len(checkout_session_table().splitlines()) == len(CHECKOUT_TRANSITIONS) + 2
    assert len(checkout_attempt_table().splitlines()) == len(CHECKOUT_ATTEMPT_TRANSITIONS)


def test_success_url_names_the_session_and_nothing_else() -> None:
    assert (
        success_address("https://shop.example/a", SESSION)
        == f"https://shop.example/a?checkout_session={SESSION}"
    )
    assert success_address("https://shop.example/?o=1", SESSION).endswith(f"?o=1&checkout_session={SESSION}")
    assert after_psp_page(PAGE) == (f"{PAGE}/returned", f"{PAGE}/canceled")
