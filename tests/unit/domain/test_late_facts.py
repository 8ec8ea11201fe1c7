"""What an outcome that a charge knows already still tells: the instrument and the PSP's risk, each once and only of its payment."""

from typing import Any

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.events import ChargeFailed, ChargeRerouted, InstrumentTold
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Declined, Failure, PspAccount, PspName, PspReference
from fincore.domain.payment_method import CardInstrument, CardToken
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.psp_risk import PspRisk
from fixtures.commits import NOON, captured, created
from fixtures.traffic import authorized

PI = PspReference("pi_1")
CARD = CardInstrument(last4="4242")
RISK = PspRisk(level="elevated", score=66)
HIGHEST = PspRisk(level="highest")
DECLINE = Failure(code="card_declined", message="Declined.", advice="ask_customer")


def held(**told: Any) -> Charge:
    return evolve(evolve(None, created(1000)), authorized(1000, psp_reference=PI, **told))


def paid(**told: Any) -> Charge:
    return evolve(evolve(None, created(1000)), captured(1000, psp_reference=PI, **told))


def declined(**told: Any) -> Charge:
    event = ChargeFailed(
        code=DECLINE.code,
        message=DECLINE.message,
        advice=DECLINE.advice,
        occurred_at=NOON,
        psp_reference=PI,
        **told,
    )
    return evolve(evolve(None, created(1000)), event)


def outcome_of(charge: Charge, **told: Any) -> Approved | Declined:
    if charge.status == "failed":
        return Declined(failure=DECLINE, occurred_at=NOON, psp_reference=PI, **told)
    kind: Any = "authorized" if charge.status == "authorized" else "captured"
    return Approved(
        kind=kind, money=Money(1000, charge.amount.currency), psp_reference=PI, occurred_at=NOON, **told
    )


@pytest.mark.parametrize("made", [held, paid, declined])
def test_risk_that_is_told_late_is_filled_in_once(made: Any) -> None:
    charge = made(instrument=CARD)
    events = decide_payment(charge, outcome_of(charge, instrument=CARD, psp_risk=RISK))
    assert events == (InstrumentTold(psp_reference=PI, psp_risk=RISK),)
    after = evolve(charge, events[0])
    assert (after.status, after.instrument, after.psp_risk) == (charge.status, CARD, RISK)
    assert decide_payment(after, outcome_of(after, instrument=CARD, psp_risk=HIGHEST)) == ()


@pytest.mark.parametrize("made", [held, paid, declined])
def test_card_that_is_told_late_leaves_the_risk_as_it_is(made: Any) -> None:
    charge = made(psp_risk=RISK)
    events = decide_payment(charge, outcome_of(charge, instrument=CARD))
    assert events == (InstrumentTold(psp_reference=PI, instrument=CARD),)
    after = evolve(charge, events[0])
    assert (after.instrument, after.psp_risk) == (CARD, RISK)


@pytest.mark.parametrize("made", [held, paid, declined])
def test_first_outcome_carries_the_risk_into_the_charge(made: Any) -> None:
    charge = evolve(None, created(1000))
    events = decide_payment(charge, outcome_of(made(), psp_risk=RISK))
    assert isinstance(events, tuple)
    assert evolve(charge, events[0]).psp_risk == RISK


def test_capture_that_tells_no_risk_keeps_that_of_its_hold() -> None:
    charge = held(psp_risk=RISK)
    assert evolve(charge, captured(1000, psp_reference=PI)).psp_risk == RISK


def test_next_attempt_does_not_have_the_risk_of_the_one_before() -> None:
    charge = evolve(None, created(1000))
    told = ChargeRerouted(
        abandoned_attempt=1,
        abandoned_psp=PspName("stripe"),
        abandoned_psp_account=PspAccount("test"),
        psp=PspName("stripe"),
        psp_account=PspAccount("second"),
        payment_method=CardToken("pm_card_visa"),
        code="never_happened",
        reason="not found",
        requested_at=NOON,
    )
    judged = msgspec.structs.replace(charge, psp_risk=RISK, instrument=CARD)
    after = evolve(judged, told)
    assert (after.psp_risk, after.instrument) == (None, None)
