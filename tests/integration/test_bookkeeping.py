"""What bookkeepers read on their terminal."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from fincore.backoffice import books as commands
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.ledger import balance_text, first_day_of, kept_manifests, verification_text
from fincore.cli.ledger_tables import accounts_table, statement_table
from fincore.domain.errors import UsageError
from fincore.domain.ids import MerchantId, parse_charge_id
from fincore.postgres.pool import Pool
from fincore.read.ledger.accounts import CHART, NoSuchAccount, parse_account
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.suspense import clear_suspense, open_suspense
from fincore.read.ledgerdb.balances import TimeKind
from fincore.read.ledgerdb.closing import close_period, closed_periods
from fincore.read.ledgerdb.verification import verify
from fincore.write.merchants.merchants import UnknownMerchant
from fixtures.books import Books, lives
from fixtures.commits import NOON
from fixtures.money_events import captured, refunded
from fixtures.traffic import store_pool

PAYABLE = "merchant:mer_books:payable:usd"


@pytest.fixture
async def books(dsn: str, owner_pool: Pool) -> AsyncIterator[Books]:
    """100.00 captured in January, 40.00 and then far too much refunded the day after."""
    async with store_pool(dsn, "ledgerdb") as pool:
        books = Books(pool, owner_pool, LedgerService())
        await books.book(lives((captured(), refunded(), refunded(amount_minor=999_999))))
        await books.backdate(*[datetime.now(UTC) - timedelta(days=2)] * 3)
        yield books


async def test_accounts_are_listed_and_explained(books: Books, operator: OperatorStores) -> None:
    async def told(*, livemode: bool = False, merchant_id: MerchantId | None = None) -> str:
        found = await commands.accounts(
            operator.ledgerdb, operator.merchants, livemode=livemode, merchant_id=merchant_id
        )
        return accounts_table(found, {kind.pattern: kind.meaning for kind in CHART.values()})

    text = await told()
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert f"{PAYABLE} liability 3 58.50 USD" in lines
    assert "merchant:{merchant}:payable:{currency}: what we owe the merchant" in lines
    assert "clearing:usd" not in await told(merchant_id=MerchantId("mer_books"))
    assert "nothing has been booked yet" in await told(livemode=True)
    with pytest.raises(UnknownMerchant):
        await told(merchant_id=MerchantId("mer_nobody"))


async def test_balance_command_reports_any_moment(books: Books, operator: OperatorStores) -> None:
    async def told(at: datetime, by: TimeKind = "effective") -> str:
        found = await commands.balance(operator.ledgerdb, PAYABLE, livemode=False, at=at, by=by)
        return balance_text(found, PAYABLE, livemode=False, by=by)

    assert (await told(operator.clock.now())).startswith(
        f"58.50 USD  {PAYABLE} (test), with all that happened until 20"
    )
    assert await told(NOON) == (
        f"98.50 USD  {PAYABLE} (test), with all that happened until {NOON:%Y-%m-%d} 12:00:00 UTC"
    )
    assert (await told(NOON, "booked")).startswith(
        f"0.00 USD  {PAYABLE} (test), with all that was booked until "
    )
    with pytest.raises(NoSuchAccount):
        parse_account("somewhere")


async def test_statement_command_reports_whole_days(books: Books, operator: OperatorStores) -> None:
    day = NOON.date()
    stores = (operator.ledgerdb, operator.eventstore)
    text = statement_table(
        *await commands.statement(*stores, PAYABLE, livemode=False, first_day=day, last_day=day)
    )
    title, heads, _, capture, fee, closing = [re.split(r"  +", line) for line in text.splitlines()]
    assert title == [f"{PAYABLE} (test), {day} to {day}"]
    assert heads[:5] == ["time (UTC)", "what", "subject", "refund or dispute", "PSP reference"]
    assert [line[1] for line in (capture, fee)] == ["capture", "platform fee"]
    assert capture[2] == fee[2]
    assert parse_charge_id(capture[2])
    assert closing == ["closing", "98.50 USD"]
    with pytest.raises(UsageError, match="exchange them"):
        await commands.statement(
            *stores, PAYABLE, livemode=False, first_day=day, last_day=day - timedelta(days=1)
        )


async def test_suspense_is_listed_and_cleared(books: Books, operator: OperatorStores) -> None:
    (waiting,) = await open_suspense(operator.ledgerdb)
    assert (waiting.entry_id, waiting.debit_minor) == (3, 999_999)
    assert await clear_suspense(operator.ledgerdb, 3, parse_account(PAYABLE), reason="agreed", by="ada") == 4
    assert await open_suspense(operator.ledgerdb) == []


async def test_a_month_is_closed_by_its_name(books: Books, operator: OperatorStores) -> None:
    with pytest.raises(UsageError, match="write it as 2026-10"):
        first_day_of("October")
    assert await close_period(operator.ledgerdb, first_day_of("2026-01"), by="ada") == 3
    (closed,) = await closed_periods(operator.ledgerdb)
    assert (closed.period, closed.closed_by) == (date(2026, 1, 1), "ada")


async def test_verify_command_reports_what_it_checked_and_found(
    books: Books, operator: OperatorStores
) -> None:
    async def told(expected: str = "", *, all_findings: bool = False) -> tuple[str, bool]:
        kept = kept_manifests([expected] if expected else [])
        found = await verify(operator.ledgerdb, all_findings=all_findings, expected=kept)
        return verification_text(found, all_findings=all_findings), found.holds

    (day,) = await commands.seal(operator.ledgerdb, operator.clock)
    kept = f"{day.day}={day.manifest_hash.hex()}"
    text, holds = await told(kept)
    assert holds
    assert text.startswith("3 entries with 10 postings, 3 seals and 1 sealed day checked in ")
    assert text.endswith("rows/s: the ledger is as it was sealed")
    async with books.tampering() as connection:
        await connection.execute("update ledgerdb.entries set livemode = true where entry_id <= 2")
    text, holds = await told()
    assert not holds
    assert text.splitlines()[0].startswith("ALTERED  entry 1 is not what was sealed")
    assert "--all looks for the others" in text
    text, _ = await told(f"{day.day}={'0' * 64}", all_findings=True)
    assert [line.split(" is ")[0] for line in text.splitlines()[:3]] == [
        "ALTERED  entry 1",
        "ALTERED  entry 2",
        f"ALTERED  manifest of {day.day}",
    ]
    with pytest.raises(UsageError, match="is no sealed day"):
        kept_manifests(["yesterday"])
