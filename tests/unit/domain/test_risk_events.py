"""What the events of the risk engine and of reviews do to a charge."""

from datetime import UTC, datetime

import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.currency import Currency
from fincore.domain.events import ChargeAuthorized, ChargeFailed, ReviewDecided, RiskAssessed
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.risk import RiskAssessment, RiskDecision
from fixtures.commits import created

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
APPROVED = ReviewDecided(decision="approved", by="ada", reason="known customer", decided_at=NOON)


def assessed(decision: RiskDecision) -> RiskAssessed:
    assessment = RiskAssessment(rules_version=1, decision=decision, elapsed_microseconds=90)
    return RiskAssessed(assessment=assessment, assessed_at=NOON)


def held(decision: RiskDecision) -> Charge:
    creation = created()
    charge = evolve(evolve(None, creation), assessed(decision))
    authorized = ChargeAuthorized(
        merchant_id=creation.merchant_id,
        livemode=creation.livemode,
        psp=PspName("stripe"),
        psp_account=PspAccount("test"),
        psp_reference=PspReference("pi_1"),
        amount_minor=creation.amount_minor,
        currency=Currency("usd"),
        occurred_at=NOON,
    )
    return evolve(charge, authorized)


def test_assessment_is_kept_and_leaves_the_status() -> None:
    charge = evolve(evolve(None, created()), assessed("challenge"))
    assert (charge.status, charge.version, charge.is_under_review) == ("processing", 2, False)
    assert charge.risk == assessed("challenge").assessment


def test_charge_is_assessed_once() -> None:
    charge = evolve(evolve(None, created()), assessed("allow"))
    with pytest.raises(KeyError):
        evolve(charge, assessed("block"))


def test_charge_under_review_is_so_until_decided() -> None:
    charge = held("review")
    assert charge.is_under_review
    decided = evolve(charge, APPROVED)
    assert (decided.is_under_review, decided.review_decided, decided.status) == (
        False,
        APPROVED,
        "authorized",
    )
    with pytest.raises(KeyError):
        evolve(decided, APPROVED)


@pytest.mark.parametrize("decision", ["allow", "challenge", "block"])
def test_charge_not_under_review_gets_no_decision(decision: RiskDecision) -> None:
    with pytest.raises(KeyError):
        evolve(held(decision), APPROVED)


def test_charge_that_failed_is_not_under_review() -> None:
    failed = ChargeFailed(code="card_declined", message="declined", advice="ask_customer", occurred_at=NOON)
    charge = evolve(evolve(evolve(None, created()), assessed("review")), failed)
    assert not charge.is_under_review
