"""How risky Radar found a payment, read out of what Stripe shows of it. The expectations stand apart from the tables they check."""

import inspect
import re
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
import stripe

from fincore.domain.outcome import Approved, Declined
from fincore.domain.psp_risk import PspRisk, PspRiskLevel
from fincore.write.psp.stripe.intents import read_intent
from fincore.write.psp.stripe.status_tables import DISPUTE_CATEGORIES, FRAUD_TYPES, RISK_LEVELS
from fincore.write.psp.stripe.wire import PaymentIntent

NOW = datetime(2026, 11, 26, tzinfo=UTC)
RULE = "manual_review_if_elevated_risk"
OUTCOME = {"risk_level": "elevated", "risk_score": 66, "rule": RULE, "type": "authorized"}
ELEVATED = PspRisk(level="elevated", score=66, rule=RULE)

EVERY_CATEGORY = {
    "bank_cannot_process": "processing_error",
    "check_returned": "processing_error",
    "credit_not_processed": "credit_not_processed",
    "customer_initiated": "other",
    "debit_not_authorized": "fraud",
    "duplicate": "duplicate",
    "fraudulent": "fraud",
    "general": "other",
    "incorrect_account_details": "processing_error",
    "insufficient_funds": "processing_error",
    "noncompliant": "other",
    "product_not_received": "not_received",
    "product_unacceptable": "not_as_described",
    "subscription_canceled": "canceled_subscription",
    "unrecognized": "unrecognized",
}


def reading(status: str, **fields: Any) -> Any:
    known = {"object": "payment_intent", "id": "pi_1", "status": status, "currency": "usd", "created": 1}
    body = msgspec.json.encode(known | fields)
    return read_intent(msgspec.json.decode(body, type=PaymentIntent), now=NOW)


def risk_of(status: str = "succeeded", **charge: Any) -> PspRisk | None:
    shown = {"id": "ch_1", "created": 1_780_000_000} | charge
    amounts = {"succeeded": "amount_received", "requires_capture": "amount_capturable"}
    outcome = reading(status, latest_charge=shown, **{amounts[status]: 100})
    assert isinstance(outcome, Approved)
    return outcome.psp_risk


def risk_of_refused(charge_of_error: Any) -> PspRisk | None:
    error = {"type": "card_error", "code": "card_declined", "charge": charge_of_error}
    shown = {"id": "ch_1", "created": 1_780_000_000, "outcome": OUTCOME}
    outcome = reading("requires_payment_method", latest_charge=shown, last_payment_error=error)
    assert isinstance(outcome, Declined)
    return outcome.psp_risk


@pytest.mark.parametrize("status", ["succeeded", "requires_capture"])
def test_risk_of_a_payment_is_read_from_its_charge(status: str) -> None:
    assert risk_of(status, outcome=OUTCOME) == ELEVATED


@pytest.mark.parametrize(
    "outcome", [None, {}, {"risk_level": None}, {"risk_level": 7}, "normal", []], ids=str
)
def test_payment_without_a_readable_level_has_no_risk(outcome: Any) -> None:
    assert risk_of(outcome=outcome) is None


@pytest.mark.parametrize("word", [*get_args(PspRiskLevel), "catastrophic", ""])
def test_risk_level_is_kept_and_an_unknown_one_is_unknown(word: Any) -> None:
    risk = risk_of(outcome={"risk_level": word})
    assert risk == PspRisk(level=word if word in get_args(PspRiskLevel) else "unknown")


@pytest.mark.parametrize("score", [-1, 101, "66", 6.5, None], ids=repr)
def test_score_outside_its_bounds_is_left_out(score: Any) -> None:
    assert risk_of(outcome={"risk_level": "normal", "risk_score": score}) == PspRisk(level="normal")


@pytest.mark.parametrize("score", [0, 100])
def test_score_at_its_bounds_is_kept(score: int) -> None:
    risk = risk_of(outcome={"risk_level": "normal", "risk_score": score})
    assert risk == PspRisk(level="normal", score=score)


@pytest.mark.parametrize(
    "rule", ["two words", "4242424242424242", "r" * 65, {"id": "rule_1"}, "rule\n", ""], ids=repr
)
def test_rule_that_is_no_id_is_left_out(rule: Any) -> None:
    assert risk_of(outcome={"risk_level": "normal", "rule": rule}) == PspRisk(level="normal")


def test_risk_of_a_refusal_is_that_of_the_attempt_it_names() -> None:
    assert risk_of_refused("ch_1") == ELEVATED


@pytest.mark.parametrize("charge", ["ch_before", None, 7], ids=repr)
def test_risk_of_another_attempt_is_not_that_of_the_refusal(charge: Any) -> None:
    assert risk_of_refused(charge) is None


def named_in(documented: type, after: str) -> set[str]:
    """The words of a field, as the official SDK documents it."""
    text = inspect.getsource(documented).split(after)[1].split('"""')[0]
    return set(re.findall(r"`(\w+)`", text))


def test_fraud_types_cover_table_and_official_sdk() -> None:
    assert named_in(stripe.radar.EarlyFraudWarning, "fraud labelled by the issuer.") == set(FRAUD_TYPES)


def test_risk_levels_cover_table_and_official_sdk() -> None:
    words = named_in(stripe.Charge.Outcome, "evaluation of the riskiness of the payment.")
    assert words == set(RISK_LEVELS)


def test_dispute_reasons_cover_table_and_official_sdk() -> None:
    assert EVERY_CATEGORY == DISPUTE_CATEGORIES
    assert named_in(stripe.Dispute, "given by cardholder for dispute.") == set(DISPUTE_CATEGORIES)
