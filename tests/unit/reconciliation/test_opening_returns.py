"""Returns of payouts from before the first file: what each file adds to the openings."""

from datetime import UTC, datetime
from typing import Final

import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import Payout, PayoutAccount, PayoutReport, decide_payout, evolve_payout
from fincore.domain.payout_statuses import ReportedStatus
from fincore.domain.settlement_events import BankAccount
from fincore.reconciliation.reading.opening_returns import opening_returns

AT: Final = datetime(2026, 1, 2, tzinfo=UTC)
ACCOUNT: Final = PayoutAccount(psp=PspName("paypal"), psp_account=PspAccount("test"), livemode=False)
USD: Final = Currency("usd")
EUR: Final = Currency("eur")
ONE: Final = PspReference("wd_1")
TWO: Final = PspReference("wd_2")


def report(
    status: ReportedStatus, reference: PspReference = ONE, minor: int = 500, currency: Currency = USD
) -> PayoutReport:
    return PayoutReport(
        psp_reference=reference,
        money=Money(minor, currency),
        status=status,
        created_at=AT,
        occurred_at=AT,
    )


def known(one: PayoutReport) -> Payout:
    """The payout of which the log was told first by this report."""
    decided = decide_payout(None, ACCOUNT, one, bank_account=BankAccount("main"), now=AT)
    assert isinstance(decided, tuple)
    payout: Payout | None = None
    for event in decided:
        payout = evolve_payout(payout, event)
    assert payout is not None
    return payout


@pytest.mark.parametrize("status", ["in_transit", "paid", "failed", "canceled"])
def test_return_of_a_known_payout_is_no_opening(status: ReportedStatus) -> None:
    payout = known(report(status))
    assert opening_returns([report("returned")], {ONE: payout}, []) == {}
    assert opening_returns([], {ONE: payout}, [ONE]) == {}


def test_return_that_comes_first_is_an_opening_once() -> None:
    lines = [report("returned"), report("returned"), report("returned", TWO, -70, EUR)]
    assert opening_returns(lines, {}, []) == {EUR: -70, USD: 500}
    assert opening_returns(lines, {ONE: known(lines[0])}, []) == {EUR: -70}


def test_payout_and_return_in_one_file_are_no_opening() -> None:
    assert opening_returns([report("in_transit"), report("returned")], {}, [ONE]) == {}
    assert opening_returns([report("returned"), report("in_transit")], {}, [ONE]) == {}


def test_payout_after_its_return_takes_the_opening_back() -> None:
    payout = known(report("returned"))
    assert opening_returns([report("in_transit")], {ONE: payout}, [ONE]) == {USD: -500}
    assert opening_returns([report("in_transit")], {ONE: payout}, []) == {}
