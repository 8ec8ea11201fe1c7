"""What bookkeepers read on their terminal."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from fincore.bootstrap import books as commands
from fincore.bootstrap.databases import Databases
from fincore.domain.errors import UsageError
from fincore.domain.ids import MerchantId, parse_charge_id
from fincore.postgres.pool import Pool
from fincore.read.ledger.accounts import NoSuchAccount
from fincore.read.ledger.ledger_service import LedgerService
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


async def test_accounts_are_listed_and_explained(books: Books, databases: Databases) -> None:
    text = await commands.accounts(databases, livemode=False, merchant_id=None)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert f"{PAYABLE} liability 3 58.50 USD" in lines
    assert "merchant:{merchant}:payable:{currency}: what we owe the merchant" in lines
    mine = await commands.accounts(databases, livemode=False, merchant_id=MerchantId("mer_books"))
    assert "clearing:usd" not in mine
    assert "nothing has been booked yet" in await commands.accounts(
        databases, livemode=True, merchant_id=None
    )


async def test_balance_command_reports_any_moment(books: Books, databases: Databases) -> None:
    async def told(at: datetime | None, by: str = "effective") -> str:
        return await commands.balance(databases, PAYABLE, livemode=False, at=at, by=by)  # type: ignore[arg-type]

    assert (await told(None)).startswith(f"58.50 USD  {PAYABLE} (test), with all that happened until 20")
    assert await told(NOON) == (
        f"98.50 USD  {PAYABLE} (test), with all that happened until {NOON:%Y-%m-%d} 12:00:00 UTC"
    )
    assert (await told(NOON, "booked")).startswith(
        f"0.00 USD  {PAYABLE} (test), with all that was booked until "
    )
    with pytest.raises(NoSuchAccount):
        await commands.clear(databases, 3, to="somewhere", reason="r", by="ada")


async def test_statement_command_reports_whole_days(books: Books, databases: Databases) -> None:
    day = NOON.date()
    text = await commands.statement(databases, PAYABLE, livemode=False, first_day=day, last_day=day)
    title, heads, _, capture, fee, closing = [re.split(r"  +", line) for line in text.splitlines()]
    assert title == [f"{PAYABLE} (test), {day} to {day}"]
    assert heads[:5] == ["time (UTC)", "what", "charge", "refund or dispute", "PSP reference"]
    assert [line[1] for line in (capture, fee)] == ["capture", "platform fee"]
    assert capture[2] == fee[2]
    assert parse_charge_id(capture[2])
    assert closing == ["closing", "98.50 USD"]
    with pytest.raises(UsageError, match="exchange them"):
        await commands.statement(
            databases, PAYABLE, livemode=False, first_day=day, last_day=day - timedelta(days=1)
        )


async def test_suspense_is_listed_and_cleared(books: Books, databases: Databases) -> None:
    (waiting,) = await commands.suspense(databases)
    assert (waiting.entry_id, waiting.debit_minor) == (3, 999_999)
    assert await commands.clear(databases, 3, to=PAYABLE, reason="agreed", by="ada") == 4
    assert await commands.suspense(databases) == []


async def test_a_month_is_closed_by_its_name(books: Books, databases: Databases) -> None:
    with pytest.raises(UsageError, match="write it as 2026-10"):
        await commands.close(databases, "October", by="ada")
    assert await commands.close(databases, "2026-01", by="ada") == 3
    (closed,) = await commands.periods(databases)
    assert (closed.period, closed.closed_by) == (date(2026, 1, 1), "ada")


async def test_verify_command_reports_what_it_checked_and_found(books: Books, databases: Databases) -> None:
    (day,) = await commands.seals(databases)
    kept = f"{day.day}={day.manifest_hash.hex()}"
    report = await commands.verify_ledger(databases, all_findings=False, expected=[kept])
    assert report.holds
    assert report.text.startswith("3 entries with 10 postings, 3 seals and 1 sealed day checked in ")
    assert report.text.endswith("rows/s: the ledger is as it was sealed")
    async with books.tampering() as connection:
        await connection.execute("update ledgerdb.entries set livemode = true where entry_id <= 2")
    first = await commands.verify_ledger(databases, all_findings=False, expected=[])
    assert not first.holds
    assert first.text.splitlines()[0].startswith("ALTERED  entry 1 is not what was sealed")
    assert "--all looks for the others" in first.text
    every = await commands.verify_ledger(databases, all_findings=True, expected=[f"{day.day}={'0' * 64}"])
    assert [line.split(" is ")[0] for line in every.text.splitlines()[:3]] == [
        "ALTERED  entry 1",
        "ALTERED  entry 2",
        f"ALTERED  manifest of {day.day}",
    ]
    with pytest.raises(UsageError, match="is no sealed day"):
        await commands.verify_ledger(databases, all_findings=False, expected=["yesterday"])
