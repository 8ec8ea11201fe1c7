"""Which times in a PSP's report are believed, and what stands in place of the others."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, DisputeReport, Pending, PspReference
from fincore.domain.reported_times import DUE_WITHIN, with_likely_times
from fincore.domain.told_times import AHEAD_MAX, BEHIND_MAX

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
REFERENCE = PspReference("pay_1")
MONEY = Money(1000, Currency("usd"))
FIRST = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=14)))


def held(occurred_at: datetime = NOW, capture_before: datetime | None = None) -> Approved:
    return Approved(
        kind="authorized",
        money=MONEY,
        psp_reference=REFERENCE,
        occurred_at=occurred_at,
        capture_before=capture_before,
    )


@pytest.mark.parametrize("livemode", [True, False])
def test_time_within_both_bounds_stays_as_it_is(*, livemode: bool) -> None:
    ahead = NOW + AHEAD_MAX[livemode]
    for report in (held(ahead, ahead + DUE_WITHIN), held(NOW - BEHIND_MAX)):
        assert with_likely_times(report, NOW, livemode=livemode) is report


@pytest.mark.parametrize("livemode", [True, False])
def test_time_beyond_a_bound_is_that_at_which_it_was_told(*, livemode: bool) -> None:
    for told in (NOW + AHEAD_MAX[livemode] + SECOND, NOW - BEHIND_MAX - SECOND, FIRST, LAST):
        assert with_likely_times(held(told), NOW, livemode=livemode) == held()


@pytest.mark.parametrize("livemode", [True, False])
def test_end_of_a_hold_beyond_a_bound_is_not_known(*, livemode: bool) -> None:
    for told in (NOW + AHEAD_MAX[livemode] + DUE_WITHIN + SECOND, FIRST, LAST):
        assert with_likely_times(held(NOW, told), NOW, livemode=livemode) == held()


@pytest.mark.parametrize("told", [FIRST, LAST], ids=["first", "last"])
def test_decision_beyond_a_bound_is_awaited_to_the_bound(told: datetime) -> None:
    pending = Pending(psp_reference=REFERENCE, reason="ECHECK", occurred_at=NOW, pending_until=told)
    believed = with_likely_times(pending, NOW, livemode=True)
    assert believed.pending_until == NOW + AHEAD_MAX[True] + DUE_WITHIN


def test_unlikely_times_of_a_dispute_leave_its_money() -> None:
    report = DisputeReport(
        psp_reference=REFERENCE,
        status="lost",
        money=MONEY,
        reason="fraudulent",
        is_inquiry=False,
        occurred_at=LAST,
        evidence_due_by=LAST,
    )
    believed = with_likely_times(report, NOW, livemode=True)
    assert (believed.occurred_at, believed.evidence_due_by) == (NOW, None)
    assert (believed.money, believed.status) == (MONEY, "lost")
