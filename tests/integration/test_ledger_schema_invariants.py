"""What the ledger's database refuses from every role: each test writes as the owner of the tables, by hand."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.databases import prepared_database, with_database
from fixtures.traffic import store_pool

ONE_ENTRY = """
with booked as (
    insert into ledgerdb.entries
        (entry_id, event_id, livemode, kind, stream_id, effective_at, description, booked_at, late_for)
    values (
        coalesce($2, (select max(entry_id) + 1 from ledgerdb.entries), 1), $1, false, 'test', $1, coalesce($3, now()),
        'by hand', coalesce($4, clock_timestamp()), $5
    )
    returning entry_id
)
insert into ledgerdb.postings
    (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select entry_id, l.*
from booked, (values {legs}) as l
"""
Leg = tuple[int, int, str, int, str, int, int]


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Pool]:
    """The owner's pool on a ledger with four accounts (1 and 2 in usd, 3 in eur, 4 in live usd) and one entry."""
    async with store_pool(dsn, "ledgerdb", role=None) as pool:
        await open_books(pool)
        yield pool


async def open_books(pool: Pool) -> None:
    """Four accounts and one entry."""
    await pool.execute("""
        insert into accounts (livemode, name, currency, type, normal_side)
        values (false, 'a', 'usd', 'asset', 'debit'), (false, 'b', 'usd', 'liability', 'credit'),
               (false, 'c', 'eur', 'asset', 'debit'), (true, 'a', 'usd', 'asset', 'debit')
    """)
    await book(pool, (1, 1, "debit", 100, "usd", 100, 1), (2, 2, "credit", 100, "usd", 100, 1))


async def book(
    pool: Pool,
    *legs: Leg,
    entry_id: int | None = None,
    effective_at: datetime | None = None,
    booked_at: datetime | None = None,
    late_for: date | None = None,
) -> None:
    """An entry in one statement: (leg, account, side, amount, currency, balance after, account version) each."""
    values = ", ".join(
        f"({leg}::smallint, {account}::bigint, '{side}', {amount}::bigint, '{currency}', {after}::bigint, {version}::bigint)"
        for leg, account, side, amount, currency, after, version in legs
    )
    await pool.execute(ONE_ENTRY.format(legs=values), uuid4(), entry_id, effective_at, booked_at, late_for)


FIVE: tuple[Leg, Leg] = ((1, 1, "debit", 5, "usd", 105, 2), (2, 2, "credit", 5, "usd", 105, 2))
"""A second entry, of five cents."""


async def test_a_balanced_entry_is_booked(owner: Pool) -> None:
    await book(
        owner,
        (1, 1, "debit", 70, "usd", 170, 2),
        (2, 1, "debit", 30, "usd", 200, 3),
        (3, 2, "credit", 100, "usd", 200, 2),
    )
    assert await owner.fetchval("select count(*) from postings") == 5
    rows = await owner.fetch("select balance_minor, version from accounts order by account_id limit 2")
    assert [tuple(row) for row in rows] == [(200, 3), (200, 2)]


async def test_an_unbalanced_entry_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance in usd"):
        await book(owner, (1, 1, "debit", 100, "usd", 200, 2), (2, 2, "credit", 99, "usd", 199, 2))


async def test_an_entry_of_one_leg_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await book(owner, (1, 1, "debit", 100, "usd", 200, 2))


async def test_currencies_balance_each_by_itself(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await book(owner, (1, 1, "debit", 100, "usd", 200, 2), (2, 3, "credit", 100, "eur", -100, 1))


@pytest.mark.parametrize("amount", [0, -100])
async def test_an_amount_that_is_not_positive_is_refused(owner: Pool, amount: int) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="amount_minor"):
        await book(
            owner,
            (1, 1, "debit", amount, "usd", 100 + amount, 2),
            (2, 2, "credit", amount, "usd", 100 + amount, 2),
        )


async def test_an_entry_without_postings_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="has no postings"):
        await owner.execute(
            "insert into entries (entry_id, event_id, livemode, kind, stream_id, effective_at, description)"
            " values (2, $1, false, 'test', $1, now(), 'empty')",
            uuid4(),
        )


async def test_postings_cannot_join_a_booked_entry_even_balanced_ones(owner: Pool) -> None:
    later = """
        insert into postings
            (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
        select entry_id, l.*
        from entries, (values (3::smallint, 1::bigint, 'debit', 5::bigint, 'usd', 105::bigint, 2::bigint),
                              (4::smallint, 2::bigint, 'credit', 5::bigint, 'usd', 105::bigint, 2::bigint)) as l
    """
    with pytest.raises(asyncpg.RestrictViolationError, match="booked already"):
        await owner.execute(later)
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await owner.execute(f"{later} where l.column1 = 3")


async def test_a_posting_without_an_entry_is_refused(owner: Pool) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="does not fit its account or its entry"):
        await owner.execute("""
            insert into postings values (99, 1, 1, 'debit', 5, 'usd', 105, 2), (99, 2, 2, 'credit', 5, 'usd', 105, 2)
        """)


@pytest.mark.parametrize(("account", "currency"), [(99, "usd"), (3, "usd"), (1, "eur"), (4, "usd")], ids=str)
async def test_a_posting_that_does_not_fit_its_account_is_refused(
    owner: Pool, account: int, currency: str
) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="does not fit its account or its entry"):
        await book(owner, (1, account, "debit", 5, currency, 105, 2), (2, 2, "credit", 5, currency, 105, 2))


@pytest.mark.parametrize(
    ("after", "version"), [(105, 1), (105, 3), (104, 2), (5, 2)], ids=["twice", "hole", "wrong", "forgotten"]
)
async def test_a_posting_that_does_not_continue_its_account_is_refused(
    owner: Pool, after: int, version: int
) -> None:
    with pytest.raises(
        asyncpg.CheckViolationError, match="posting 1 of entry 2 does not continue its account"
    ):
        await book(owner, (1, 1, "debit", 5, "usd", after, version), FIVE[1])


async def test_balances_chain_inside_a_batch_too(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="posting 3 of entry 2 does not continue"):
        await book(
            owner,
            FIVE[0],
            (2, 2, "credit", 10, "usd", 110, 2),
            (3, 1, "debit", 5, "usd", 111, 3),
        )


@pytest.mark.parametrize("entry_id", [1, 3, 0, -1])
async def test_entries_are_numbered_without_a_hole(owner: Pool, entry_id: int) -> None:
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.UniqueViolationError)):
        await book(owner, *FIVE, entry_id=entry_id)


async def test_booking_times_only_go_forward(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="booked before the one before it"):
        await book(owner, *FIVE, booked_at=datetime.now(UTC) - timedelta(hours=1))


LAST_MONTH = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).date().replace(day=1)
IN_LAST_MONTH = datetime(LAST_MONTH.year, LAST_MONTH.month, 5, tzinfo=UTC)
CLOSE = "insert into closed_periods (period, closed_by, last_entry_id) values ($1, 'ada', 1)"


async def test_a_closed_period_takes_no_entry(dsn: str) -> None:
    async with store_pool(dsn, "ledgerdb", role=None) as owner:
        await owner.execute(
            "insert into accounts (livemode, name, currency, type, normal_side)"
            " values (false, 'a', 'usd', 'asset', 'debit'), (false, 'b', 'usd', 'liability', 'credit')"
        )
        await owner.execute(CLOSE, LAST_MONTH)
        first = ((1, 1, "debit", 5, "usd", 5, 1), (2, 2, "credit", 5, "usd", 5, 1))
        with pytest.raises(asyncpg.RestrictViolationError, match="booked in a closed period"):
            await book(
                owner, *first, booked_at=IN_LAST_MONTH, effective_at=IN_LAST_MONTH, late_for=LAST_MONTH
            )
        for wrong in (None, LAST_MONTH - timedelta(days=31)):
            with pytest.raises(asyncpg.CheckViolationError, match="for which closed period it is late"):
                await book(owner, *first, effective_at=IN_LAST_MONTH, late_for=wrong)
        with pytest.raises(asyncpg.CheckViolationError, match="for which closed period it is late"):
            await book(owner, *first, late_for=LAST_MONTH)
        await book(owner, *first, effective_at=IN_LAST_MONTH, late_for=LAST_MONTH)


async def test_periods_close_once_in_order_and_when_they_are_over(owner: Pool) -> None:
    this_month = datetime.now(UTC).date().replace(day=1)
    with pytest.raises(asyncpg.CheckViolationError, match="has not ended"):
        await owner.execute(CLOSE, this_month)
    await owner.execute(CLOSE, LAST_MONTH)
    for closed in (LAST_MONTH, (LAST_MONTH - timedelta(days=1)).replace(day=1)):
        with pytest.raises(asyncpg.UniqueViolationError, match="is closed already"):
            await owner.execute(CLOSE, closed)
    with pytest.raises(asyncpg.CheckViolationError, match="closed_periods_period_check"):
        await owner.execute(CLOSE, LAST_MONTH.replace(day=2))


async def test_operator_entry_requires_author_and_reason(owner: Pool) -> None:
    insert = """
        insert into entries
            (entry_id, event_id, livemode, kind, stream_id, effective_at, description, source, booked_by, reason)
        values (2, gen_random_uuid(), false, 'test', gen_random_uuid(), now(), '', $1, $2, $3)
    """
    for source, booked_by, reason in (
        ("operator", None, "because"),
        ("operator", "ada", None),
        ("operator", "", "because"),
        ("operator", "ada", ""),
        ("event", "ada", None),
        ("somebody", "ada", "because"),
    ):
        with pytest.raises(asyncpg.CheckViolationError, match="entries_"):
            await owner.execute(insert, source, booked_by, reason)
    # It is allowed to be, and refused for what it lacks.
    with pytest.raises(asyncpg.CheckViolationError, match="has no postings"):
        await owner.execute(insert, "operator", "ada", "because")


@pytest.fixture(scope="module")
def closed_books(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """A database with these accounts and their entry, and a closed period; tests roll back what they try."""

    async def closed(dsn: str) -> None:
        async with store_pool(dsn, "ledgerdb", role=None) as pool:
            await open_books(pool)
            await pool.execute(CLOSE, LAST_MONTH)

    with prepared_database(postgres_dsn, closed, template=template_database) as (name, _):
        yield with_database(postgres_dsn, name)


async def execute_and_roll_back(pool: Pool, statement: str) -> None:
    """Execute a statement in a transaction that leaves nothing behind, whether or not it is refused."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(statement)
        finally:
            await transaction.rollback()


@on_one_installation(
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
        "update accounts set type = 'asset'",
        "update accounts set owner = 'me'",
        "update accounts set balance_minor = 0",
        "update accounts set version = version + 1",
        "update closed_periods set closed_by = 'eve'",
        "delete from closed_periods",
        "truncate closed_periods",
    ],
)
async def test_ledger_rows_cannot_be_changed_by_their_owner(closed_books: str, statement: str) -> None:
    async with store_pool(closed_books, "ledgerdb", role=None) as owner:
        with pytest.raises(
            asyncpg.RestrictViolationError, match=r"the ledger is never rewritten|follows from its postings"
        ):
            await execute_and_roll_back(owner, statement)


@on_one_installation(
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
        "update accounts set balance_minor = 0",
        "update closed_periods set closed_by = 'eve'",
        "delete from closed_periods",
        "alter table postings disable trigger postings_balance",
        "set session_replication_role = replica",
    ],
)
async def test_the_service_has_no_right_to_try(closed_books: str, statement: str) -> None:
    async with store_pool(closed_books, "ledgerdb") as service:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute_and_roll_back(service, statement)


async def test_an_account_is_opened_empty(owner: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="account z is opened with a balance"):
        await owner.execute(
            "insert into accounts (livemode, name, currency, type, normal_side, balance_minor)"
            " values (false, 'z', 'usd', 'asset', 'debit', 1)"
        )


@pytest.mark.parametrize(
    ("type_", "side"), [("asset", "credit"), ("revenue", "debit"), ("equity", "debit"), ("wealth", "credit")]
)
async def test_an_account_grows_on_the_side_of_its_type(owner: Pool, type_: str, side: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="accounts_"):
        await owner.execute(
            "insert into accounts (livemode, name, currency, type, normal_side) values (false, 'z', 'usd', $1, $2)",
            type_,
            side,
        )
