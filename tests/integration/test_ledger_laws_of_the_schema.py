"""What the ledger's database refuses, whoever asks: each test writes as the owner of the tables, by hand."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from fincore.postgres.pool import Pool
from fixtures.traffic import store_pool

ONE_ENTRY = """
with booked as (
    insert into ledgerdb.entries (event_id, livemode, kind, stream_id, effective_at, description)
    values ($1, false, 'test', $1, now(), 'by hand')
    returning entry_id
)
insert into ledgerdb.postings
    (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select entry_id, l.*
from booked, (values {legs}) as l
"""


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Pool]:
    """The owner's pool on a ledger with three accounts (1 and 2 in usd, 3 in eur, 4 in live usd) and one entry."""
    async with store_pool(dsn, "ledgerdb", role=None) as pool:
        await pool.execute("""
            insert into accounts (livemode, name, currency, normal_side)
            values (false, 'a', 'usd', 'debit'), (false, 'b', 'usd', 'credit'), (false, 'c', 'eur', 'debit'),
                   (true, 'a', 'usd', 'debit')
        """)
        await book(pool, (1, 1, "debit", 100, "usd", 1), (2, 2, "credit", 100, "usd", 1))
        yield pool


async def book(pool: Pool, *legs: tuple[int, int, str, int, str, int]) -> None:
    """An entry in one statement: (leg, account, side, amount, currency, account version) each."""
    values = ", ".join(
        f"({leg}::smallint, {account}::bigint, '{side}', {amount}::bigint, '{currency}', 0::bigint, {version}::bigint)"
        for leg, account, side, amount, currency, version in legs
    )
    await pool.execute(ONE_ENTRY.format(legs=values), uuid4())


async def test_a_balanced_entry_is_booked(owner: Pool) -> None:
    await book(
        owner, (1, 1, "debit", 70, "usd", 2), (2, 1, "debit", 30, "usd", 3), (3, 2, "credit", 100, "usd", 2)
    )
    assert await owner.fetchval("select count(*) from postings") == 5


async def test_an_unbalanced_entry_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance in usd"):
        await book(owner, (1, 1, "debit", 100, "usd", 2), (2, 2, "credit", 99, "usd", 2))


async def test_an_entry_of_one_leg_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await book(owner, (1, 1, "debit", 100, "usd", 2))


async def test_currencies_balance_each_by_itself(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await book(owner, (1, 1, "debit", 100, "usd", 2), (2, 3, "credit", 100, "eur", 1))


@pytest.mark.parametrize("amount", [0, -100])
async def test_an_amount_that_is_not_positive_is_refused(owner: Pool, amount: int) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="amount_minor"):
        await book(owner, (1, 1, "debit", amount, "usd", 2), (2, 2, "credit", amount, "usd", 2))


async def test_an_entry_without_postings_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="has no postings"):
        await owner.execute(
            "insert into entries (event_id, livemode, kind, stream_id, effective_at, description)"
            " values ($1, false, 'test', $1, now(), 'empty')",
            uuid4(),
        )


async def test_postings_cannot_join_a_booked_entry_even_balanced_ones(owner: Pool) -> None:
    later = """
        insert into postings
            (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
        select entry_id, l.*
        from entries, (values (3::smallint, 1::bigint, 'debit', 5::bigint, 'usd', 0::bigint, 2::bigint),
                              (4::smallint, 2::bigint, 'credit', 5::bigint, 'usd', 0::bigint, 2::bigint)) as l
    """
    with pytest.raises(asyncpg.RestrictViolationError, match="booked already"):
        await owner.execute(later)
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await owner.execute(f"{later} where l.column1 = 3")


async def test_a_posting_without_an_entry_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="does not fit its account or its entry"):
        await owner.execute("""
            insert into postings values (99, 1, 1, 'debit', 5, 'usd', 0, 2), (99, 2, 2, 'credit', 5, 'usd', 0, 2)
        """)


@pytest.mark.parametrize(("account", "currency"), [(99, "usd"), (3, "usd"), (1, "eur"), (4, "usd")], ids=str)
async def test_a_posting_that_does_not_fit_its_account_is_refused(
    owner: Pool, account: int, currency: str
) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="does not fit its account or its entry"):
        await book(owner, (1, account, "debit", 5, currency, 9), (2, 2, "credit", 5, currency, 9))


async def test_an_account_has_one_posting_a_version(owner: Pool) -> None:
    with pytest.raises(asyncpg.UniqueViolationError, match="account_version"):
        await book(owner, (1, 1, "debit", 5, "usd", 1), (2, 2, "credit", 5, "usd", 2))


@pytest.mark.parametrize(
    "statement",
    [
        "update entries set description = 'another'",
        "delete from entries",
        "truncate entries",
        "update postings set amount_minor = amount_minor + 1",
        "delete from postings",
        "truncate postings",
        "delete from accounts",
        "truncate accounts",
        "update accounts set currency = 'eur'",
        "update accounts set name = 'z'",
        "update accounts set normal_side = 'debit'",
        "update accounts set livemode = true",
    ],
)
async def test_not_even_the_owner_rewrites_the_ledger(owner: Pool, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="the ledger is never rewritten"):
        await owner.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "update entries set description = 'another'",
        "delete from entries",
        "truncate entries",
        "update postings set amount_minor = amount_minor + 1",
        "delete from postings",
        "truncate postings",
        "delete from accounts",
        "truncate accounts",
        "update accounts set currency = 'eur'",
        "alter table postings disable trigger postings_balance",
        "set session_replication_role = replica",
    ],
)
async def test_the_service_has_no_right_to_try(dsn: str, statement: str) -> None:
    async with store_pool(dsn, "ledgerdb") as service:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(statement)


async def test_the_service_moves_balances_and_nothing_else(owner: Pool, dsn: str) -> None:
    async with store_pool(dsn, "ledgerdb") as service:
        await service.execute("update accounts set balance_minor = 100, version = 1 where account_id = 1")
    assert await owner.fetchval("select balance_minor from accounts where account_id = 1") == 100
