"""Payouts against settlement files: one that no file has, and one that the log does not know, are breaks of their own."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.payout_statuses import PayoutStatus
from fincore.domain.settlement_events import BankAccount
from fincore.eventstore.recorder import Recorded
from fincore.postgres.pool import create_pool
from fixtures.commits import PROVENANCE
from fixtures.settlement_account import DAY, FoundBreak, Settlement, line, settlement
from fixtures.traffic import store_pool

USD = Currency("usd")
NOON = DAY + timedelta(hours=12)
UNREPORTED = FoundBreak("payout_unreported", -4_000, "usd")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def reported(
    account: Settlement,
    reference: str,
    status: PayoutStatus = "in_transit",
    *,
    at: datetime = NOON,
    currency: Currency = USD,
    expected_at: datetime | None = None,
) -> None:
    """Have the PSP report a payout of 40.00."""
    result = await account.payouts.record(
        PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False),
        PayoutReport(
            psp_reference=PspReference(reference),
            money=Money(4_000, currency),
            status=status,
            created_at=at,
            occurred_at=at,
            expected_at=expected_at,
        ),
        PROVENANCE,
        bank_account=BankAccount("main"),
    )
    assert isinstance(result, Recorded)


async def carried(account: Settlement, reference: str, *, day: int, currency: Currency = USD) -> None:
    """Have a report fetched that has the lines of a payout of 40.00, of the two days up to `day`."""
    until = DAY + timedelta(days=day)
    lines = [
        line("account_fee", minor, occurred_at=at, payout_reference=reference, currency=currency)
        for minor, at in ((1_000, until - timedelta(days=2)), (3_000, until))
    ]
    await account.fetched(lines, day=day, states_period=False)


async def found(account: Settlement) -> list[FoundBreak]:
    """What a run finds, but for balances, which these files do not state."""
    assert await account.reconciliation.run() is not None
    return [one for one in await account.breaks() if one.break_class != "balance"]


def clock_says(monkeypatch: pytest.MonkeyPatch, late_after: timedelta) -> None:
    """Change how much longer than its delay a statement may take; the time of tests is the past."""
    monkeypatch.setattr("fincore.reconciliation.matching.break_writer.LATE_AFTER", late_after)


NEVER = timedelta(days=3_650)


@pytest.mark.parametrize("status", ["in_transit", "paid"])
async def test_payout_that_no_file_has_is_unreported(
    account: Settlement, status: PayoutStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_says(monkeypatch, NEVER)
    await reported(account, "po_before", at=NOON - timedelta(days=1))
    await carried(account, "po_before", day=0)
    await reported(account, "po_1", status)
    assert await found(account) == []
    await reported(account, "po_2", at=NOON + timedelta(days=1))
    await carried(account, "po_2", day=1)
    assert await found(account) == [UNREPORTED]
    await carried(account, "po_1", day=2)
    assert await found(account) == []
    assert await account.breaks("matched_late") == [UNREPORTED]


async def test_payout_is_unreported_by_the_clock(account: Settlement) -> None:
    """The last payout of an account has no later file that would show the gap."""
    await reported(account, "po_before")
    await carried(account, "po_before", day=0)
    await reported(account, "po_1", at=NOON + timedelta(days=3))
    assert await found(account) == [UNREPORTED]


async def test_file_of_another_currency_leaves_a_payout_open(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_says(monkeypatch, NEVER)
    await reported(account, "po_1", currency=Currency("eur"))
    await reported(account, "po_2")
    await carried(account, "po_2", day=2)
    assert await found(account) == []


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_payout_that_came_back_is_not_unreported(account: Settlement, status: PayoutStatus) -> None:
    await reported(account, "po_before", at=NOON - timedelta(days=1))
    await carried(account, "po_before", day=2)
    await reported(account, "po_1", status)
    assert await found(account) == []


async def test_payout_before_the_first_reported_is_none(account: Settlement) -> None:
    """Its lines are in no file that was asked for, although the next payout has lines of its time."""
    await reported(account, "po_early", at=NOON - timedelta(days=1))
    await reported(account, "po_1")
    await carried(account, "po_1", day=0)
    assert await found(account) == []


async def test_lines_of_an_unknown_payout_are_a_break(account: Settlement) -> None:
    await carried(account, "po_1", day=0)
    unknown = FoundBreak("payout_unknown", 4_000, "usd")
    assert await found(account) == [unknown]
    await reported(account, "po_1")
    assert await found(account) == []
    assert await account.breaks("matched_late") == [unknown]
