"""When a payout is overdue by the clock: bank days after the day that the PSP named, or after it was made."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import PayoutId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import Payout, PayoutAccount
from fincore.domain.payout_statuses import PayoutStatus
from fincore.reconciliation.bank.overdue import OVERDUE_AFTER_MIN, bank_days_after, is_overdue

MONDAY: Final = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def payout(status: PayoutStatus = "in_transit", *, expected_at: datetime | None = None) -> Payout:
    return Payout(
        version=1,
        payout_id=PayoutId("po_1"),
        account=PayoutAccount(psp=PspName("stripe"), psp_account=PspAccount("test"), livemode=False),
        psp_reference=PspReference("po_1"),
        money=Money(500, Currency("usd")),
        status=status,
        created_at=MONDAY,
        changed_at=MONDAY,
        expected_at=expected_at,
    )


@pytest.mark.parametrize(
    ("begin", "bank_days", "end"),
    [(0, 0, 0), (0, 3, 3), (0, 4, 4), (0, 5, 7), (3, 1, 4), (4, 1, 7), (5, 0, 7), (5, 1, 8), (6, 5, 14)],
)
def test_bank_days_leave_out_the_ends_of_weeks(begin: int, bank_days: int, end: int) -> None:
    assert bank_days_after(MONDAY + days(begin), bank_days) == MONDAY + days(end)


@pytest.mark.parametrize(
    ("expected_at", "due"),
    [
        (None, MONDAY + days(7)),
        (MONDAY + days(2), MONDAY + days(7)),
        (MONDAY, MONDAY + days(3)),
        (MONDAY + days(31), MONDAY + days(36)),
        (MONDAY + days(32), MONDAY + days(36)),
        (datetime(2090, 1, 1, tzinfo=UTC), MONDAY + days(36)),
        (datetime.max.replace(tzinfo=UTC), MONDAY + days(36)),
    ],
)
def test_payout_is_overdue_after_its_bank_days(expected_at: datetime | None, due: datetime) -> None:
    one = payout(expected_at=expected_at)
    assert not is_overdue(one, made_at=MONDAY, at=due)
    assert is_overdue(one, made_at=MONDAY, at=due + SECOND)
    assert due - one.created_at >= OVERDUE_AFTER_MIN


@pytest.mark.parametrize("status", ["paid", "failed", "canceled"])
def test_payout_that_is_in_transit_no_more_is_not_overdue(status: PayoutStatus) -> None:
    assert not is_overdue(payout(status), made_at=MONDAY, at=MONDAY + days(100))


@pytest.mark.parametrize("expected_at", [None, datetime.max.replace(tzinfo=UTC)])
def test_payout_made_too_late_is_overdue_since_its_booking(expected_at: datetime | None) -> None:
    one = msgspec.structs.replace(
        payout(expected_at=expected_at), created_at=datetime.max.replace(tzinfo=UTC)
    )
    assert not is_overdue(one, made_at=MONDAY, at=MONDAY)
    assert is_overdue(one, made_at=MONDAY, at=MONDAY + days(40))
