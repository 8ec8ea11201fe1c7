"""The payment intent's machine and the cards' decisions, without any I/O."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psp_sandbox.stripe import machine
from psp_sandbox.stripe.cards import CARDS, card_of_number, on_file, passes_luhn
from psp_sandbox.stripe.outcomes import DECLINES, Approved, ChallengeRequired, Declined, decide
from psp_sandbox.stripe.wire import BillingDetails, Charge, NextAction, PaymentIntent, PaymentMethod

NOW = 1_800_000_000
VISA = next(card for card in CARDS if "pm_card_visa" in card.tokens)
METHOD = PaymentMethod(
    id="pm_1",
    billing_details=BillingDetails(),
    card=on_file(VISA, exp_month=8, exp_year=2030, cvc_given=True),
    created=NOW,
    livemode=False,
    metadata={},
)
FACTS = machine.Attempt(
    method=METHOD,
    card=VISA,
    now=NOW,
    charge_id="ch_0123456789abcdef01234567",
    movement_id="txn_1",
    next_action=NextAction(type="use_stripe_sdk"),
)
PAID = ["charge.succeeded", "payment_intent.succeeded"]
HELD = ["charge.succeeded", "payment_intent.amount_capturable_updated"]
FAILED = ["charge.failed", "payment_intent.payment_failed"]
GENERIC = Declined(DECLINES["generic_decline"])


def intent(**changes: Any) -> PaymentIntent:
    given: dict[str, Any] = {
        "id": "pi_1",
        "amount": 1099,
        "automatic_payment_methods": None,
        "capture_method": "automatic",
        "client_secret": "pi_1_secret_x",
        "confirmation_method": "automatic",
        "created": NOW,
        "currency": "usd",
        "customer": None,
        "description": None,
        "livemode": False,
        "metadata": {"order": "1"},
        "payment_method": "pm_1",
        "payment_method_options": {},
        "receipt_email": None,
        "setup_future_usage": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_confirmation",
        "transfer_group": None,
    }
    return PaymentIntent(**(given | changes))


def types(transition: machine.Transition) -> list[str]:
    return [event.type for event in transition.events]


@pytest.mark.parametrize(
    ("capture_method", "decision", "status", "money", "happened"),
    [
        ("automatic", Approved(), "succeeded", (1099, 0), PAID),
        ("automatic_async", Approved(), "succeeded", (1099, 0), PAID),
        ("manual", Approved(), "requires_capture", (0, 1099), HELD),
        ("automatic", GENERIC, "requires_payment_method", (0, 0), FAILED),
        ("manual", GENERIC, "requires_payment_method", (0, 0), FAILED),
        ("automatic", ChallengeRequired(), "requires_action", (0, 0), ["payment_intent.requires_action"]),
    ],
)
def test_an_attempt_ends_as_decided(
    capture_method: str, decision: Any, status: str, money: tuple[int, int], happened: list[str]
) -> None:
    before = intent(capture_method=capture_method)
    done = machine.attempt(before, decision, FACTS)
    assert done.intent.status == status
    assert (done.intent.amount_received, done.intent.amount_capturable) == money
    assert types(done) == happened
    assert before.status == "requires_confirmation"
    assert (done.error is not None) == (status == "requires_payment_method")


def test_an_event_keeps_the_object_as_it_was() -> None:
    held = machine.attempt(intent(capture_method="manual"), Approved(), FACTS)
    assert held.charge is not None
    captured = machine.capture(held.intent, held.charge, 500, card=VISA, movement_id="txn_2", now=NOW)
    assert [one.object for one in held.events] == [held.charge, held.intent]
    assert held.charge.captured is False
    assert captured.charge is not None
    assert captured.charge.captured is True


def test_a_blocked_payment_was_never_sent_to_the_network() -> None:
    done = machine.attempt(intent(), Declined(DECLINES["fraudulent"]), FACTS)
    assert done.charge is not None
    outcome = done.charge.outcome
    assert (outcome.type, outcome.network_status, outcome.reason, outcome.network_decline_code) == (
        "blocked",
        "not_sent_to_network",
        "highest_risk_level",
        None,
    )


def test_a_failed_authentication_leaves_no_charge() -> None:
    waiting = machine.attempt(intent(), ChallengeRequired(), FACTS).intent
    failed = machine.authentication_failed(waiting, METHOD)
    assert failed.charge is None
    assert (failed.intent.status, failed.intent.payment_method, failed.intent.next_action) == (
        "requires_payment_method",
        None,
        None,
    )


@settings(deadline=None)
@given(amount=st.integers(1, 99_999_999), data=st.data())
def test_money_is_neither_made_nor_lost_by_a_capture(amount: int, data: st.DataObject) -> None:
    held = machine.attempt(intent(capture_method="manual", amount=amount), Approved(), FACTS)
    assert held.charge is not None
    taken = data.draw(st.integers(1, amount))
    done = machine.capture(held.intent, held.charge, taken, card=VISA, movement_id="txn_2", now=NOW + 60)
    charge: Charge | None = done.charge
    assert charge is not None
    assert charge.amount_captured == done.intent.amount_received == taken
    assert charge.amount_captured + charge.amount_refunded == charge.amount == amount
    assert done.intent.amount_capturable == 0
    assert (held.movement, charge.balance_transaction) == (None, "txn_2")
    assert done.movement is not None
    assert (done.movement.amount, done.movement.source, done.movement.created) == (taken, charge.id, NOW + 60)
    assert charge.payment_method_details.card.capture_before is msgspec.UNSET


def test_a_released_hold_is_refunded_whole() -> None:
    held = machine.attempt(intent(capture_method="manual"), Approved(), FACTS)
    assert held.charge is not None
    for done, first in (
        (machine.cancel(held.intent, held.charge, reason="abandoned", now=NOW + 1), "charge.refunded"),
        (machine.expire(held.intent, held.charge, now=NOW + 1), "charge.expired"),
    ):
        assert types(done) == [first, "payment_intent.canceled"]
        assert done.charge is not None
        assert (done.charge.refunded, done.charge.amount_refunded) == (True, 1099)
        assert (done.intent.status, done.intent.amount_capturable, done.intent.canceled_at) == (
            "canceled",
            0,
            NOW + 1,
        )


def test_cancel_after_failed_attempt_refunds_nothing() -> None:
    failed = machine.attempt(intent(), GENERIC, FACTS)
    done = machine.cancel(failed.intent, failed.charge, reason=None, now=NOW)
    assert (types(done), done.charge) == (["payment_intent.canceled"], None)


def test_every_card_gets_a_decision_in_every_situation() -> None:
    flags = ("authenticated", "off_session", "challenge_requested", "challenge_possible")
    for card, values in itertools.product(CARDS, itertools.product((True, False), repeat=4)):
        situation = dict(zip(flags, values, strict=True))
        decision = decide(card, **situation)
        if isinstance(decision, ChallengeRequired):
            assert situation["challenge_possible"]
            assert not situation["authenticated"]
            assert not situation["off_session"]


def test_the_table_of_cards_is_sound() -> None:
    assert len(CARDS) == len({card.number for card in CARDS})
    tokens = [token for card in CARDS for token in card.tokens]
    assert len(tokens) == len(set(tokens))
    for card in CARDS:
        assert passes_luhn(card.number)
        assert card.decline is None or card.decline in DECLINES
        assert card_of_number(card.number) is card
        assert card.number not in repr(card)
