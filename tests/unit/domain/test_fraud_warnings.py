"""Warnings of fraud: reports in any order and number become one warning each, in every state of a charge, and move no money."""

import functools
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.events import (
    ChargeEvent,
    ChargeFailed,
    EventType,
    FraudWarned,
    FraudWarningUpdated,
    event_type,
)
from fincore.domain.fraud_warning_reports import FRAUD_WARNINGS_MAX, decide_fraud_warning
from fincore.domain.outcome import FraudType, FraudWarningReport, PspReference
from fincore.domain.refusal import Refusal
from fixtures.commits import captured, created

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TYPES: list[FraudType] = ["stolen_card", "lost_card", "other"]
PAID = evolve(evolve(None, created(1000)), captured(1000))
FAILED = evolve(
    evolve(None, created(1000)),
    ChargeFailed(
        code="card_declined",
        message="Declined.",
        advice="ask_customer",
        occurred_at=NOON,
        psp_reference=PspReference("pi_declined"),
    ),
)
WARNED = FraudWarned(
    psp_reference=PspReference("issfr_1"),
    fraud_type="other",
    is_actionable=True,
    warned_at=NOON,
    occurred_at=NOON,
)
UPDATED = FraudWarningUpdated(
    psp_reference=PspReference("issfr_1"), fraud_type="other", is_actionable=False, occurred_at=NOON
)


def report(name: str = "issfr_1", **changes: Any) -> FraudWarningReport:
    fields: dict[str, Any] = {
        "psp_reference": PspReference(name),
        "fraud_type": "stolen_card",
        "is_actionable": True,
        "warned_at": NOON,
        "occurred_at": NOON,
    }
    return FraudWarningReport(**(fields | changes))


REPORTS = st.builds(
    report,
    st.sampled_from(["issfr_1", "issfr_2"]),
    fraud_type=st.sampled_from(TYPES),
    is_actionable=st.booleans(),
    occurred_at=st.integers(0, 3).map(lambda seconds: NOON + timedelta(seconds=seconds)),
)


def told(charge: Charge, *reports: FraudWarningReport) -> tuple[Charge, list[EventType]]:
    types = []
    for one in reports:
        events = decide_fraud_warning(charge, one)
        assert not isinstance(events, Refusal)
        for event in events:
            charge = evolve(charge, event)
            types.append(event_type(event))
    return charge, types


@given(st.lists(REPORTS, max_size=8), st.randoms(use_true_random=False))
def test_reports_in_any_order_and_number_give_same_warnings(reports: list[Any], chance: Any) -> None:
    again = [*reports, *reports]
    chance.shuffle(again)
    first, types = told(PAID, *reports)
    second, types_again = told(PAID, *again)
    known = {one.psp_reference: one for one in first.fraud_warnings}
    assert known == {one.psp_reference: one for one in second.fraud_warnings}
    warned = len({one.psp_reference for one in reports})
    assert types.count("charge.fraud_warned") == types_again.count("charge.fraud_warned") == warned
    for name, warning in known.items():
        newest = max(one.occurred_at for one in reports if one.psp_reference == name)
        assert warning.updated_at == newest
        of_newest = [one for one in reports if (one.psp_reference, one.occurred_at) == (name, newest)]
        assert warning.is_actionable == all(one.is_actionable for one in of_newest)


@pytest.mark.parametrize("charge", [PAID, FAILED], ids=["paid", "failed"])
def test_warning_changes_neither_state_nor_money_of_charge(charge: Charge) -> None:
    warned, types = told(charge, report(), report())
    assert types == ["charge.fraud_warned"]
    assert warned.fraud_warnings[0].fraud_type == "stolen_card"
    unchanged = msgspec.structs.replace(warned, version=charge.version, fraud_warnings=())
    assert unchanged == charge


def test_update_that_came_first_stands_after_the_older_report() -> None:
    later = report(is_actionable=False, occurred_at=NOON + timedelta(hours=1))
    charge, types = told(PAID, later, report())
    assert types == ["charge.fraud_warned"]
    assert [one.is_actionable for one in charge.fraud_warnings] == [False]


def test_warning_of_charge_that_knows_no_payment_contradicts() -> None:
    refusal = decide_fraud_warning(evolve(None, created(1000)), report())
    assert isinstance(refusal, Refusal)
    assert refusal.code == "contradicts_state"


def test_warnings_of_one_charge_are_bounded() -> None:
    charge, _ = told(PAID, *(report(f"issfr_{number}") for number in range(FRAUD_WARNINGS_MAX)))
    refusal = decide_fraud_warning(charge, report("issfr_one_more"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "contradicts_state"
    assert told(charge, report("issfr_0"))[1] == []


def test_warning_is_among_the_references_of_its_charge() -> None:
    charge, _ = told(PAID, report())
    assert (charge.psp, charge.psp_account, PspReference("issfr_1")) in charge.references


@pytest.mark.parametrize("events", [(WARNED, WARNED), (UPDATED,)], ids=["twice", "never warned"])
def test_log_that_warns_twice_or_updates_nothing_is_refused(events: tuple[ChargeEvent, ...]) -> None:
    *before, last = events
    charge = functools.reduce(evolve, before, PAID)
    with pytest.raises(KeyError):
        evolve(charge, last)
