"""What a file may tell of when it was fetched."""

from datetime import UTC, datetime, timedelta

import pytest

from fincore.reconciliation.reading.believed import (
    at_unlikely_times,
    of_another_account,
    of_too_long_a_period,
)

FETCHED = datetime(2026, 11, 20, 12, tzinfo=UTC)


SECOND = timedelta(seconds=1)


def told(told_from: datetime, told_until: datetime, *, livemode: bool) -> str | None:
    return at_unlikely_times(
        told_from=told_from, told_until=told_until, fetched_at=FETCHED, livemode=livemode
    )


@pytest.mark.parametrize(("livemode", "days"), [(True, 1), (False, 366)])
def test_time_ahead_of_the_fetch_is_told_beyond_its_bound(*, livemode: bool, days: int) -> None:
    until = FETCHED + timedelta(days=days)
    assert told(FETCHED, until, livemode=livemode) is None
    reason = told(FETCHED, until + SECOND, livemode=livemode)
    assert reason is not None
    assert f"{days} day" in reason


@pytest.mark.parametrize("livemode", [True, False])
def test_time_long_before_the_fetch_is_told_beyond_its_bound(*, livemode: bool) -> None:
    begin = FETCHED - timedelta(days=3_660)
    assert told(begin, FETCHED, livemode=livemode) is None
    for at in (begin - SECOND, datetime(1970, 1, 1, tzinfo=UTC)):
        reason = told(at, FETCHED, livemode=livemode)
        assert reason is not None
        assert "3660 days before" in reason.replace(",", "")


def test_stated_period_longer_than_its_format_has_is_told() -> None:
    week = timedelta(days=7)
    assert of_too_long_a_period("paypal_stl", week) is None
    assert of_too_long_a_period("paypal_stl", week + SECOND) is not None
    assert of_too_long_a_period("stripe_payout_itemized", 10 * week) is None


@pytest.mark.parametrize(
    ("stated", "declared", "before", "reason"),
    [
        (None, None, "A", None),
        ("A", None, None, None),
        ("A", None, "A", None),
        ("B", "B", "A", None),
        ("B", None, "A", "is about the account 'B', and the files before were about 'A'"),
        ("B" * 101, None, None, "names an account of more than 100 characters"),
    ],
)
def test_file_of_another_account_is_told_by_those_before(
    stated: str | None, declared: str | None, before: str | None, reason: str | None
) -> None:
    found = of_another_account(stated=stated, declared=declared, before=before)
    assert (found or "").startswith(reason or "")
    assert (found is None) == (reason is None)
