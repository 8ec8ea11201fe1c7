"""What a file may tell of when it was fetched."""

from datetime import UTC, datetime, timedelta

import pytest

from fincore.reconciliation.reading.believed import ahead_of_time, of_another_account

FETCHED = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(("livemode", "days"), [(True, 1), (False, 366)])
def test_time_ahead_of_the_fetch_is_told_beyond_its_bound(*, livemode: bool, days: int) -> None:
    until = FETCHED + timedelta(days=days)
    assert ahead_of_time(told_until=until, fetched_at=FETCHED, livemode=livemode) is None
    reason = ahead_of_time(told_until=until + timedelta(seconds=1), fetched_at=FETCHED, livemode=livemode)
    assert reason is not None
    assert f"{days} day" in reason


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
