"""Which payout a line of a bank names, and when the line proves that it arrived."""

from datetime import UTC, datetime, timedelta

import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import Payout, PayoutAccount
from fincore.domain.payout_statuses import PayoutStatus
from fincore.reconciliation.bank.named_payout import NamedPayout, arrival, payout_named, usable_references

MADE_AT = datetime(2026, 11, 20, 14, tzinfo=UTC)
NOW = MADE_AT + timedelta(days=5)
ACCOUNT = PayoutAccount(psp=PspName("paypal"), psp_account=PspAccount("eu"), livemode=False)
MONEY = Money(9_480, Currency("usd"))


def named(reference: str) -> NamedPayout:
    return NamedPayout(ACCOUNT, PspReference(reference))


def payout(status: PayoutStatus) -> Payout:
    return Payout(
        version=1,
        payout_id=ACCOUNT.payout_id(PspReference("W1")),
        account=ACCOUNT,
        psp_reference=PspReference("W1"),
        money=MONEY,
        status=status,
        created_at=MADE_AT,
        changed_at=MADE_AT,
    )


def test_short_references_name_no_payout() -> None:
    assert usable_references(("1234567", "12345678", "po_12345")) == ("12345678", "po_12345")


@pytest.mark.parametrize(
    ("by_bank", "by_payout", "expected"),
    [
        ((), (), None),
        (("A",), (), ("A", "bank_reference")),
        ((), ("B",), ("B", "payout_reference")),
        (("A",), ("B",), ("A", "bank_reference")),
        (("A", "A"), (), ("A", "bank_reference")),
        (("A", "B"), ("A",), None),
        ((), ("A", "B"), None),
    ],
)
def test_only_one_payout_is_named_by_the_better_rule(
    by_bank: tuple[str, ...], by_payout: tuple[str, ...], expected: tuple[str, str] | None
) -> None:
    found = payout_named(map(named, by_bank), map(named, by_payout))
    assert found == (None if expected is None else (named(expected[0]), expected[1]))


@pytest.mark.parametrize("status", ["paid", "failed", "canceled"])
def test_only_a_payout_on_its_way_arrives(status: PayoutStatus) -> None:
    assert arrival(payout(status), MONEY, is_reversal=False, occurred_at=NOW, now=NOW) is None


@pytest.mark.parametrize(
    "stated",
    [Money(9_479, MONEY.currency), Money(-9_480, MONEY.currency), Money(9_480, Currency("eur"))],
)
def test_other_money_proves_no_arrival(stated: Money) -> None:
    assert arrival(payout("in_transit"), stated, is_reversal=False, occurred_at=NOW, now=NOW) is None


def test_reversal_at_the_bank_proves_no_arrival() -> None:
    assert arrival(payout("in_transit"), MONEY, is_reversal=True, occurred_at=NOW, now=NOW) is None


@pytest.mark.parametrize(
    ("occurred_at", "arrived_at"),
    [
        (MADE_AT.replace(hour=0), MADE_AT),
        (MADE_AT + timedelta(days=2), MADE_AT + timedelta(days=2)),
        (NOW + timedelta(days=9), NOW),
    ],
)
def test_arrival_is_between_the_making_and_now(occurred_at: datetime, arrived_at: datetime) -> None:
    report = arrival(payout("in_transit"), MONEY, is_reversal=False, occurred_at=occurred_at, now=NOW)
    assert report is not None
    assert (report.status, report.money, report.occurred_at) == ("paid", MONEY, arrived_at)
