"""How first outcomes of charges are counted, and that no value from outside makes series without end."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from typing import Any, Final, get_args

import pytest
from prometheus_client import REGISTRY

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.country import COUNTRIES
from fincore.domain.events import (
    ChargeAuthorized,
    ChargeCaptured,
    ChargeEvent,
    ChargeFailed,
    RiskAssessed,
)
from fincore.domain.outcome import FailureCode, PspReference
from fincore.domain.payment_method import CardInstrument, Instrument, PayPalInstrument
from fincore.domain.risk import RiskAssessment, RiskFact
from fincore.observability.bounded_label import BoundedLabel
from fincore.write.worker.plumbing.outcome_counts import (
    BINS_MAX,
    BRANDS,
    COUNTRIES_MAX,
    OF_FAILURES,
    OutcomeCounts,
)
from fixtures.commits import created

OUTCOMES: Final = 6
"""The words for an outcome."""


def charge(psp_account: str, **changes: Any) -> Charge:
    return evolve(None, created(psp_account=psp_account, **changes))


def approval(charge: Charge, instrument: Instrument | None = None) -> ChargeAuthorized:
    return ChargeAuthorized(
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        psp=charge.psp,
        psp_account=charge.psp_account,
        psp_reference=PspReference("pi_1"),
        amount_minor=charge.amount.amount_minor,
        currency=charge.amount.currency,
        occurred_at=charge.created_at,
        instrument=instrument,
    )


def failure(charge: Charge, code: FailureCode) -> ChargeFailed:
    return ChargeFailed(code=code, message="", advice="do_not_retry", occurred_at=charge.created_at)


def counted(account: str) -> dict[str, float]:
    """The outcomes of an account that were counted at all."""
    return {
        sample.labels["outcome"]: sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == "fincore_charge_outcomes_total"
        and sample.labels["psp_account"] == account
        and sample.value
    }


def series(name: str) -> int:
    return sum(
        1
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == name and sample.value
    )


def count(before: Charge, events: Sequence[ChargeEvent], counts: OutcomeCounts | None = None) -> None:
    (counts or OutcomeCounts()).count(before, events, before.created_at + timedelta(seconds=2))


def test_each_failure_code_counts_as_something() -> None:
    assert OF_FAILURES.keys() == set(get_args(FailureCode))


def test_authorization_counts_as_approved_its_capture_no_more() -> None:
    before = charge("first_outcomes")
    authorized = approval(before)
    count(before, (authorized,))
    capture = ChargeCaptured(
        merchant_id=before.merchant_id,
        livemode=before.livemode,
        psp=before.psp,
        psp_account=before.psp_account,
        psp_reference=PspReference("pi_1"),
        amount_minor=before.amount.amount_minor,
        currency=before.amount.currency,
        occurred_at=before.created_at,
    )
    count(evolve(before, authorized), (capture,))
    assert counted("first_outcomes") == {"approved": 1}


def test_decline_counts_apart_from_a_psp_that_is_away() -> None:
    before = charge("declines")
    count(before, (failure(before, "card_declined"),))
    count(before, (failure(before, "psp_unavailable"),))
    assert counted("declines") == {"declined": 1, "failed": 1}


def test_every_outcome_of_an_account_begins_at_zero() -> None:
    before = charge("begins_at_zero")
    count(before, (approval(before),))
    found = [
        sample.labels["outcome"]
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.labels.get("psp_account") == "begins_at_zero"
        and sample.name == "fincore_charge_outcomes_total"
    ]
    assert len(found) == OUTCOMES


def test_time_is_from_acceptance_to_outcome() -> None:
    before = charge("times", psp="timed_psp", livemode=True)
    labels = {"mode": "live", "psp": "timed_psp", "way": "direct"}
    count(before, (approval(before),))
    assert REGISTRY.get_sample_value("fincore_charge_outcome_seconds_sum", labels) == 2.0


def test_hostile_values_make_no_series_beyond_bounds() -> None:
    counts = OutcomeCounts()
    for number, livemode in product(range(500), (True, False)):
        before = charge("hostile", psp="hostile_psp", livemode=livemode)
        card = CardInstrument(brand=f"brand{number}", country=f"{number}", bin=f"{number:06}")
        count(before, (approval(before, card),), counts)
    for country, livemode in product(sorted(COUNTRIES), (True, False)):
        before = charge("hostile", psp="hostile_psp", livemode=livemode)
        count(before, (approval(before, PayPalInstrument(country=country)),), counts)
    for brand in sorted(BRANDS):
        before = charge("hostile", psp="hostile_psp")
        count(before, (approval(before, CardInstrument(brand=brand)),), counts)
    modes = 2
    assert series("fincore_charge_outcomes_by_bin_total") <= modes * OUTCOMES * (BINS_MAX + 1)
    assert series("fincore_charge_outcomes_by_country_total") <= modes * OUTCOMES * (COUNTRIES_MAX + 2)
    hostile = {
        sample.labels["brand"]
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.labels.get("psp") == "hostile_psp" and "brand" in sample.labels
    }
    assert hostile == {*BRANDS, "none", "other"}


@pytest.mark.parametrize("mode", ["live", "test"])
def test_bins_of_one_mode_take_no_label_from_the_other(mode: str) -> None:
    counts = OutcomeCounts()
    livemode = mode == "live"
    other = charge("modes", livemode=not livemode)
    for number in range(BINS_MAX * 2):
        count(other, (approval(other, CardInstrument(bin=f"7{number:05}")),), counts)
    before = charge("modes", livemode=livemode)
    bin_digits = f"99990{int(livemode)}"
    count(before, (approval(before, CardInstrument(bin=bin_digits)),), counts)
    labels = {"mode": mode, "bin": bin_digits, "outcome": "approved"}
    assert REGISTRY.get_sample_value("fincore_charge_outcomes_by_bin_total", labels) == 1.0


@pytest.mark.parametrize(
    ("digits", "is_counted"),
    [("411111", True), ("4111", False), ("\N{FULLWIDTH DIGIT FOUR}11111", False), (411_111, False)],
)
def test_issuer_that_rules_read_counts_where_the_psp_tells_none(
    digits: RiskFact, *, is_counted: bool
) -> None:
    labels = {"mode": "live", "bin": str(digits), "outcome": "approved"}
    assessment = RiskAssessment(
        rules_version=1, decision="allow", elapsed_microseconds=1, facts={"card_bin": digits}
    )
    before = charge("sent_by_number", livemode=True)
    assessed = evolve(before, RiskAssessed(assessment=assessment, assessed_at=before.created_at))
    earlier = REGISTRY.get_sample_value("fincore_charge_outcomes_by_bin_total", labels) or 0

    count(assessed, (approval(assessed, CardInstrument(brand="visa")),))

    after = REGISTRY.get_sample_value("fincore_charge_outcomes_by_bin_total", labels) or 0
    assert after - earlier == int(is_counted)


def test_label_folds_what_comes_after_the_first_ones() -> None:
    label = BoundedLabel(2)
    assert [label.of(value) for value in ("a", "b", "c", "a", None)] == ["a", "b", "other", "a", "none"]
