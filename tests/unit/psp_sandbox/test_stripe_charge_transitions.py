"""Refunds' and disputes' machines, their fees and movements, without any I/O."""

from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psp_sandbox.stripe import dispute_machine, refund_machine
from psp_sandbox.stripe.cards import CARDS, on_file
from psp_sandbox.stripe.charge_transition import DisputeTransition, RefundTransition
from psp_sandbox.stripe.dispute_machine import CLOSED, RESOLUTIONS, STEPS, DisputeFacts, ImpossibleStep
from psp_sandbox.stripe.effect import EffectKind
from psp_sandbox.stripe.fees import charge_fee, dispute_fee
from psp_sandbox.stripe.machine import Attempt, attempt
from psp_sandbox.stripe.movements import charged, moved, shown
from psp_sandbox.stripe.outcomes import Approved
from psp_sandbox.stripe.scheduled_effects import EFFECTS
from psp_sandbox.stripe.wire import BillingDetails, Charge, PaymentIntent, PaymentMethod
from psp_sandbox.stripe.wire_disputes import DisputeStatus
from psp_sandbox.stripe.wire_refunds import Refund

NOW: Final = 1_800_000_000
DAY: Final = 24 * 3_600
VISA: Final = next(card for card in CARDS if "pm_card_visa" in card.tokens)
FACTS: Final = DisputeFacts(movement_id="txn_d", now=NOW)


def charge(amount: int = 1_000, currency: str = "usd") -> Charge:
    """A captured charge of a plain card."""
    intent = PaymentIntent(
        id="pi_1",
        amount=amount,
        automatic_payment_methods=None,
        capture_method="automatic",
        client_secret="pi_1_secret_x",
        confirmation_method="automatic",
        created=NOW,
        currency=currency,
        customer=None,
        description=None,
        livemode=False,
        metadata={},
        payment_method="pm_1",
        payment_method_options={},
        receipt_email=None,
        setup_future_usage=None,
        statement_descriptor=None,
        statement_descriptor_suffix=None,
        status="requires_confirmation",
        transfer_group=None,
    )
    method = PaymentMethod(
        id="pm_1",
        billing_details=BillingDetails(),
        card=on_file(VISA, exp_month=8, exp_year=2030, cvc_given=True),
        created=NOW,
        livemode=False,
        metadata={},
    )
    facts = Attempt(method=method, card=VISA, now=NOW, charge_id="ch_012345678901", movement_id="txn_1")
    made = attempt(intent, Approved(), facts).charge
    assert made is not None
    return made


def refund_of(paid: Charge, amount: int, **changes: Any) -> RefundTransition:
    facts: dict[str, Any] = {
        "refund_id": "re_1",
        "movement_id": "txn_r",
        "amount": amount,
        "metadata": {},
        "now": NOW,
        "reason": None,
        "refunding": "succeeds",
    }
    return refund_machine.create(paid, refund_machine.RefundFacts(**(facts | changes)))


def disputed(paid: Charge, *, inquiry: bool = False) -> DisputeTransition:
    return dispute_machine.open_dispute(
        paid,
        dispute_id="dp_1",
        amount=refund_machine.refundable(paid),
        reason="fraudulent",
        inquiry=inquiry,
        facts=FACTS,
    )


@given(st.data())
def test_refunds_and_failures_balance_and_never_exceed_charge(data: st.DataObject) -> None:
    amount = data.draw(st.integers(1, 99_999_999))
    paid = charge(amount)
    balance = amount
    standing: list[Refund] = []
    for _ in range(data.draw(st.integers(0, 8))):
        left = refund_machine.refundable(paid)
        undo = bool(standing) and data.draw(st.booleans())
        transition: RefundTransition
        if undo:
            refund = standing.pop()
            fail = data.draw(st.booleans())
            transition = (
                refund_machine.fail(refund, paid, reason="unknown", movement_id="txn_f", now=NOW)
                if fail
                else refund_machine.cancel(refund, paid, movement_id="txn_f", now=NOW)
            )
        elif left:
            transition = refund_of(paid, data.draw(st.integers(1, left)))
            standing.append(transition.refund)
        else:
            continue
        assert transition.charge is not None
        assert transition.movement is not None
        paid = transition.charge
        balance += transition.movement.amount
        assert 0 <= paid.amount_refunded <= paid.amount
        assert balance == refund_machine.refundable(paid)
        assert paid.refunded == (paid.amount_refunded == paid.amount)


@pytest.mark.parametrize(
    ("refunding", "status", "kind"),
    [
        ("succeeds", "succeeded", None),
        ("fails_later", "succeeded", "settle_refund"),
        ("succeeds_later", "pending", "settle_refund"),
    ],
)
def test_test_card_decides_what_its_refund_does(refunding: str, status: str, kind: str | None) -> None:
    transition = refund_of(charge(), 400, refunding=refunding)
    assert transition.refund.status == status
    assert (None if transition.effect is None else transition.effect.kind) == kind


def test_dispute_takes_only_steps_of_its_table() -> None:
    paid = charge()
    found: dict[DisputeStatus, DisputeTransition] = {}
    waiting = [disputed(paid), disputed(paid, inquiry=True)]
    while waiting:
        at = waiting.pop()
        found[at.dispute.status] = at
        for step, leads in STEPS.items():
            if at.dispute.status not in leads:
                with pytest.raises(ImpossibleStep):
                    dispute_machine.take(step, at.dispute, paid, FACTS)
                continue
            after = dispute_machine.take(step, at.dispute, paid, FACTS)
            assert after.dispute.status == leads[at.dispute.status]
            if after.dispute.status not in found:
                waiting.append(after)
    assert set(found) == set(get_args(DisputeStatus))
    for status, at in found.items():
        assert (dispute_machine.held_funds(at.dispute) > 0) == (
            status in ("needs_response", "under_review", "lost")
        )
        assert (at.effect is not None) == (status in ("needs_response", "warning_needs_response"))
        assert (status in CLOSED) == all(status not in leads for leads in STEPS.values())


def test_each_dispute_outcome_is_reachable_by_its_step() -> None:
    for (_, status), step in RESOLUTIONS.items():
        assert status in STEPS[step]


def test_a_second_withdrawal_or_reinstatement_is_impossible() -> None:
    paid = charge()
    opened = disputed(paid).dispute
    with pytest.raises(ImpossibleStep, match="withdrawn already"):
        dispute_machine.withdraw_funds(opened, paid, FACTS)
    back = dispute_machine.reinstate_funds(opened, paid, FACTS)
    assert back.keeps_effect
    with pytest.raises(ImpossibleStep, match="not withdrawn"):
        dispute_machine.reinstate_funds(back.dispute, paid, FACTS)


def test_dispute_of_fully_refunded_charge_withdraws_nothing() -> None:
    paid = charge()
    inquiry = disputed(paid, inquiry=True).dispute
    refunded = refund_of(paid, 1_000).charge
    assert refunded is not None
    for move in (dispute_machine.withdraw_funds, lambda *given: dispute_machine.take("escalate", *given)):
        with pytest.raises(ImpossibleStep, match="refunded"):
            move(inquiry, refunded, FACTS)


@pytest.mark.parametrize(
    ("amount", "currency", "fee"),
    [
        (1_000, "usd", 59),
        (50, "usd", 31),
        (17, "usd", 30),
        (18, "usd", 31),
        (5_120, "kwd", 448),
        (500, "jpy", 45),
    ],
)
def test_a_charges_fee_rounds_half_up(amount: int, currency: str, fee: int) -> None:
    assert charge_fee(amount, currency) == fee


def test_a_disputes_fee_is_fifteen_of_the_main_unit() -> None:
    assert {code: dispute_fee(code) for code in ("usd", "kwd", "jpy")} == {
        "usd": 1_500,
        "kwd": 15_000,
        "jpy": 1_500,
    }


def test_a_movement_is_shown_with_its_net_its_fee_and_its_day() -> None:
    taken = charged(
        "txn_1", amount=1_000, at_once=False, currency="usd", description="a hat", now=NOW, source="ch_1"
    )
    before, after = shown(taken, now=taken.available_on - 1), shown(taken, now=taken.available_on)
    assert (before.status, after.status) == ("pending", "available")
    assert taken.available_on % DAY == 0
    assert (before.net, before.fee, before.fee_details[0].amount) == (941, 59, 59)
    withdrawn = shown(
        moved("withdrawal", "txn_2", amount=1_000, charge=charge(), source="dp_1", now=NOW), now=NOW
    )
    assert (withdrawn.amount, withdrawn.fee, withdrawn.net) == (-1_000, 1_500, -2_500)
    assert (withdrawn.status, withdrawn.type, withdrawn.reporting_category) == (
        "available",
        "adjustment",
        "dispute",
    )
    back = shown(
        moved("reinstatement", "txn_3", amount=1_000, charge=charge(), source="dp_1", now=NOW), now=NOW
    )
    assert (back.net, back.fee_details, back.reporting_category) == (1_000, (), "dispute_reversal")


def test_each_effect_kind_has_its_function() -> None:
    assert set(EFFECTS) == set(get_args(EffectKind))
