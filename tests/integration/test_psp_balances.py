"""What PSPs say that they hold, beside the books on real PostgreSQL: it is what statements tell and what none tells yet."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from fincore.backoffice.psp_balances import AskedAccount, PspBalances, compare_balances
from fincore.cli.psp_balances import balances_text
from fincore.domain.currency import Currency
from fincore.domain.outcome import PspAccount
from fincore.postgres.pool import create_pool
from fincore.write.psp.stated_balance import StatedBalance
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_falsified import Payment, live
from fixtures.traffic import store_pool

USD = Currency("usd")
EUR = Currency("eur")
PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def compared(account: Settlement, told: StatedBalance) -> PspBalances:
    """The PSP says this of the account."""

    async def ask() -> StatedBalance:
        return told

    await account.book()
    asked = AskedAccount(account.psp, account.psp_account, livemode=False)
    return await compare_balances(account.ledgerdb, {asked: ask})


async def difference(account: Settlement, usd_minor: int) -> int:
    """What the PSP holds in USD beyond the books if it says this."""
    (one,) = (await compared(account, StatedBalance(amounts={USD: usd_minor}))).compared
    return one.difference_minor


async def test_balance_equals_the_books_before_and_after_a_run(account: Settlement) -> None:
    """A payment is in clearing, then on both sides, then in the balance that statements tell."""
    first, second = (live(PLAIN, account.psp, account.psp_account) for _ in range(2))
    await account.happen(first.stream_id, *first.events)
    assert await difference(account, 9_680) == 0
    assert await difference(account, 9_681) == 1
    await account.fetched(first.lines)
    await account.reconciliation.run()
    assert await difference(account, 9_680) == 0
    await account.happen(second.stream_id, *second.events)
    await account.fetched([line("payment", 9_999, -320, references=second.lines[0].references)], day=1)
    await account.reconciliation.run()
    assert await difference(account, 2 * 9_680) == 0


async def test_money_that_nothing_explains_is_a_difference(account: Settlement) -> None:
    """What the PSP held before the first file, until a person explains it."""
    await account.fetched([], beginning_minor={"usd": 700})
    await account.reconciliation.run()
    assert await difference(account, 700) == 700


async def test_currency_that_the_psp_does_not_list_is_nothing(account: Settlement) -> None:
    one = live(PLAIN, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    found = await compared(account, StatedBalance(amounts={EUR: 5}, as_of=at))
    assert [(each.currency, each.stated_minor, each.difference_minor) for each in found.compared] == [
        (EUR, 5, 5),
        (USD, 0, -9_680),
    ]
    rows = balances_text(found).splitlines()
    assert rows[1].split()[1:5] == ["0.05", "EUR", "0.05", "EUR"]
    assert rows[2].split()[1:5] == ["0.00", "USD", "-96.80", "USD"]


async def test_account_that_cannot_be_asked_holds_up_no_other(account: Settlement) -> None:
    async def never() -> StatedBalance:
        await asyncio.Event().wait()
        return StatedBalance()

    async def refused() -> StatedBalance:
        return StatedBalance(problem="Stripe refuses its balance (403)")

    async def told() -> StatedBalance:
        return StatedBalance(amounts={USD: 1})

    asked = AskedAccount(account.psp, account.psp_account, livemode=False)
    asks = {
        asked._replace(livemode=True): never,
        asked._replace(psp_account=PspAccount("x")): refused,
        asked: told,
    }
    found = await compare_balances(account.ledgerdb, asks, seconds_max=0.05)
    assert [one.account for one in found.compared] == [asked]
    assert list(found.problems.values()) == [
        "the PSP did not answer within 0.05 s: repeat later",
        "Stripe refuses its balance (403)",
    ]
    assert balances_text(found).splitlines()[-1].endswith("/x: Stripe refuses its balance (403)")
