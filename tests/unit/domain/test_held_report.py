"""A PSP's report that is held: once, until it is released, and no refund meanwhile."""

from datetime import UTC, datetime

import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.held_report import (
    DETAIL_CHARS_MAX,
    HELD_REPORTS_MAX,
    ReportName,
    hold_report,
    release_report,
)
from fincore.domain.ids import new_refund_id
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.refusal import Refusal
from fincore.domain.requests import acceptable_refund_minor, request_refund
from fixtures.commits import captured, created

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def named(number: int) -> ReportName:
    return ReportName(
        psp=PspName("stripe"),
        psp_account=PspAccount("test"),
        psp_event_id=f"evt_{number}",
        report_type="charge.dispute.updated",
    )


def paid() -> Charge:
    return evolve(evolve(None, created(1000)), captured(1000))


def holding(charge: Charge, number: int = 1, detail: str = "an unknown status") -> Charge:
    events = hold_report(charge.held_reports, named(number), "not_understood", detail, NOON)
    assert not isinstance(events, Refusal)
    for event in events:
        charge = evolve(charge, event)
    return charge


def releasing(charge: Charge, number: int = 1) -> Charge:
    events = release_report(
        charge.held_reports, f"evt_{number}", released_by="ada", reason="Booked.", now=NOON
    )
    assert not isinstance(events, Refusal)
    for event in events:
        charge = evolve(charge, event)
    return charge


def test_a_held_report_bars_refunds_until_it_is_released() -> None:
    charge = holding(paid())
    refused = request_refund(charge, new_refund_id(), 500, NOON)
    assert isinstance(refused, Refusal)
    assert refused.code == "charge_report_held"
    assert acceptable_refund_minor(charge) == 0
    assert acceptable_refund_minor(releasing(charge)) == 1000


def test_one_of_two_held_reports_still_bars_refunds() -> None:
    charge = releasing(holding(holding(paid(), 1), 2), 1)
    assert [one.psp_event_id for one in charge.held_reports] == ["evt_2"]
    assert acceptable_refund_minor(charge) == 0


def test_a_report_is_held_once() -> None:
    charge = holding(paid())
    assert hold_report(charge.held_reports, named(1), "not_understood", "again", NOON) == ()


def test_a_report_that_is_not_held_cannot_be_released() -> None:
    refused = release_report((), "evt_1", released_by="ada", reason="Booked.", now=NOON)
    assert isinstance(refused, Refusal)
    assert refused.code == "report_not_held"


def test_holding_leaves_the_status_as_it_is() -> None:
    assert holding(paid()).status == releasing(holding(paid())).status == "succeeded"


def test_held_reports_of_one_charge_are_bounded() -> None:
    charge = paid()
    for number in range(HELD_REPORTS_MAX):
        charge = holding(charge, number)
    refused = hold_report(charge.held_reports, named(HELD_REPORTS_MAX), "not_understood", "x", NOON)
    assert isinstance(refused, Refusal)
    assert refused.code == "too_many_held_reports"


def test_the_detail_of_a_held_report_is_bounded() -> None:
    events = hold_report((), named(1), "not_understood", "x" * 5000, NOON)
    assert not isinstance(events, Refusal)
    assert len(events[0].detail) == DETAIL_CHARS_MAX


def test_a_log_that_holds_a_report_twice_cannot_be_folded() -> None:
    events = hold_report((), named(1), "not_understood", "x", NOON)
    assert not isinstance(events, Refusal)
    once = evolve(paid(), events[0])
    with pytest.raises(KeyError):
        evolve(once, events[0])
