"""Two times of every entry: balances as of either, statements, and months that stay closed."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest

from fincore.cli.ledger_tables import statement_table
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.balances import AccountNotOpened, Balances, StatementTooLong
from fincore.read.ledgerdb.closing import PeriodNotClosable, close_period, closed_periods
from fincore.read.ledgerdb.sealer import Sealer
from fixtures.books import Books, lives
from fixtures.money_events import captured, refunded, withdrawn
from fixtures.plans import plan_of, rows_visited
from fixtures.traffic import store_pool

PAYABLE = "merchant:mer_books:payable:usd"
CLEARING = "psp:stripe:test:clearing:usd"
THIS_MONTH = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
LAST_MONTH = (THIS_MONTH - timedelta(days=1)).replace(day=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def books(dsn: str, owner_pool: Pool) -> AsyncIterator[Books]:
    async with store_pool(dsn, "ledgerdb") as pool:
        yield Books(pool, owner_pool, LedgerService())


async def brute_force(books: Books, account: str, column: str, at: datetime) -> int:
    """The balance from all postings, each looked at."""
    minor: int = await books.pool.fetchval(
        "select coalesce(sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end), 0)::bigint"  # noqa: S608 -- our own words
        f" from postings p join entries e using (entry_id) join accounts a using (account_id)"
        f" where a.name = $1 and e.{column} <= $2",
        account,
        at,
    )
    return minor


@pytest.mark.parametrize("seed", range(4))
async def test_balance_as_of_any_moment_equals_sum_of_postings(books: Books, seed: int) -> None:
    rng = random.Random(seed)
    sealer = Sealer(books.pool)
    begins = THIS_MONTH - timedelta(days=40)
    moments = [begins, datetime.now(UTC) + timedelta(days=1)]
    for _ in range(rng.randint(3, 8)):
        # Days come in any order: a batch may be about days before those of the last one.
        effective = [
            begins
            + timedelta(
                days=rng.randint(0, 9), hours=rng.choice((0, 0, 1, 12, 23)), minutes=rng.choice((0, 0, 7, 59))
            )
            for _ in range(5)
        ]
        await books.book(
            lives(
                *(
                    (
                        captured(occurred_at=at, amount_minor=rng.randint(10_000, 99_999)),
                        refunded(occurred_at=at),
                    )
                    for at in effective
                )
            )
        )
        moments += effective
        if rng.random() < 0.6:
            await sealer.seal_batch(entries_max=rng.randint(1, 12))
        moments.append(await books.pool.fetchval("select max(booked_at) from entries"))
    balances = Balances(books.pool)
    for account in (PAYABLE, CLEARING, "revenue:platform_fees:usd"):
        for at in (moment + shift for moment in moments for shift in (-MOMENT, MOMENT * 0, MOMENT)):
            for by, column in (("effective", "effective_at"), ("booked", "booked_at")):
                found = await balances.as_of(account, livemode=False, at=at, by=by)  # type: ignore[arg-type]
                assert found == await brute_force(books, account, column, at), (account, at, by)


A_YEAR = """
set session_replication_role = replica;
insert into ledgerdb.accounts (account_id, livemode, name, currency, type, normal_side, owner)
overriding system value
values (1, false, 'psp:stripe:test:clearing:usd', 'usd', 'asset', 'debit', 'stripe'),
    (2, false, 'merchant:mer_books:payable:usd', 'usd', 'liability', 'credit', 'mer_books');
insert into ledgerdb.entries (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description)
select n, gen_random_uuid(), false, 'charge.captured', gen_random_uuid(), at, at, ''
from generate_series(1, 36500) n cross join lateral (select '2025-01-01Z'::timestamptz + n * interval '14.4 minutes' as at) t;
insert into ledgerdb.postings (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select n, leg, leg, case leg when 1 then 'debit' else 'credit' end, 1, 'usd', n, n
from generate_series(1, 36500) n cross join generate_series(1, 2) leg;
insert into ledgerdb.seals select n, 2, sha256('x'), sha256('x') from generate_series(1, 36400) n;
insert into ledgerdb.account_days
select account_id, (effective_at at time zone 'UTC')::date, 0, 0, max(entry_id), min(entry_id), max(entry_id)
from ledgerdb.postings join ledgerdb.entries using (entry_id) where entry_id <= 36400 group by 1, 2;
insert into ledgerdb.account_hours
select account_id, date_trunc('hour', effective_at, 'UTC'), count(*), min(entry_id), max(entry_id)
from ledgerdb.postings join ledgerdb.entries using (entry_id) where entry_id <= 36400 group by 1, 2;
set session_replication_role = origin;
analyze ledgerdb.accounts, ledgerdb.entries, ledgerdb.postings, ledgerdb.seals, ledgerdb.account_days,
    ledgerdb.account_hours;
"""


async def test_balance_within_day_reads_postings_of_that_hour_only(books: Books) -> None:
    await books.owner.execute(A_YEAR)
    at = datetime(2025, 7, 1, 12, 30, tzinfo=UTC)
    days_before = (at.date() - date(2025, 1, 1)).days
    balance = await Balances(books.pool).as_of(CLEARING, livemode=False, at=at, by="effective")
    assert balance == days_before * 100 + 12 * 60 * 10 // 144 + 30 * 10 // 144
    # Four or five postings of the hour and a hundred without a seal yet, each with its entry.
    plan = await plan_of(
        books.pool, load_sql("fincore.read.ledgerdb", "balances.sql").effective_before, [1, at]
    )
    read = rows_visited([node for node in plan if node.get("Relation Name") in ("entries", "postings")])
    assert 208 <= read <= 215


async def test_migration_fills_hours_of_sealed_entries(books: Books) -> None:
    moments = [THIS_MONTH + timedelta(minutes=minutes) for minutes in (0, 59, 60, 3_000)]
    await books.book(lives(*((captured(occurred_at=at), refunded(occurred_at=at)) for at in moments)))
    await Sealer(books.pool).seal_batch(entries_max=5)
    kept = "select * from ledgerdb.account_hours order by account_id, hour"
    hours = await books.owner.fetch(kept)
    await books.owner.execute("delete from ledgerdb.account_hours")
    migration = (
        files("fincore.read.ledgerdb.schema").joinpath("0010.account_hours.sql").read_text(encoding="utf-8")
    )
    _, insert, rest = migration.partition("insert into")
    await books.owner.execute(insert + rest.partition(";")[0])
    assert await books.owner.fetch(kept) == hours != []


async def test_statement_runs_from_opening_to_closing_balance(books: Books) -> None:
    begins = datetime(2026, 3, 1, tzinfo=UTC)
    await books.book(
        lives(
            (
                captured(occurred_at=begins + timedelta(days=1)),
                refunded(occurred_at=begins + timedelta(days=3)),
            ),
            (captured(occurred_at=begins - MOMENT, amount_minor=5_000, platform_fee_minor=0),),
            (captured(occurred_at=begins + timedelta(days=31)),),
        )
    )
    balances = Balances(books.pool)
    march = await balances.statement(
        PAYABLE, livemode=False, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31)
    )
    charge, refund = march.lines[0].subject, march.lines[-1]
    title, *rows = statement_table(march, {refund.event_id: "re_1"}).splitlines()
    assert title == "merchant:mer_books:payable:usd (test), 2026-03-01 to 2026-03-31"
    assert len({len(row) for row in rows}) == 1
    assert [" ".join(row.split()) for row in rows] == [
        "time (UTC) what subject refund or dispute PSP reference debit credit balance",
        "opening 50.00 USD",
        f"2026-03-02 00:00:00 capture {charge} stripe pi_books 100.00 USD 150.00 USD",
        f"2026-03-02 00:00:00 platform fee {charge} stripe pi_books 1.50 USD 148.50 USD",
        f"2026-03-04 00:00:00 refund {charge} re_1 stripe re_psp 40.00 USD 108.50 USD",
        "closing 108.50 USD",
    ]
    assert (march.opening_minor, march.closing_minor) == (5_000, 5_000 + 10_000 - 150 - 4_000)
    assert [(line.kind, line.side, line.amount_minor, line.balance_minor) for line in march.lines] == [
        ("charge.captured", "credit", 10_000, 15_000),
        ("charge.captured", "debit", 150, 14_850),
        ("refund.succeeded", "debit", 4_000, 10_850),
    ]
    await Sealer(books.pool).seal()
    assert march == await balances.statement(
        PAYABLE, livemode=False, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31)
    )
    april = await balances.statement(
        PAYABLE, livemode=False, first_day=date(2026, 4, 1), last_day=date(2026, 4, 30)
    )
    assert april.opening_minor == march.closing_minor
    assert april.closing_minor == await balances.as_of(
        PAYABLE, livemode=False, at=datetime.now(UTC), by="effective"
    )


async def month(books: Books, first: datetime) -> tuple[int, int, list[str]]:
    """Opening, close and kinds of a month's statement of the merchant."""
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    statement = await Balances(books.pool).statement(
        PAYABLE, livemode=False, first_day=first.date(), last_day=last.date()
    )
    return statement.opening_minor, statement.closing_minor, [line.kind for line in statement.lines]


@pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed"])
async def test_event_late_for_closed_month_is_booked_in_open_month(books: Books, *, is_sealed: bool) -> None:
    """The report of the closed month stands, and the entry names the month for which it is late."""
    await books.book(lives((captured(occurred_at=LAST_MONTH + timedelta(days=2), platform_fee_minor=0),)))
    before = await month(books, LAST_MONTH)
    assert before == (0, 10_000, ["charge.captured"])
    assert await close_period(books.pool, LAST_MONTH.date(), by="ada") == 1
    await books.book(lives((withdrawn(occurred_at=LAST_MONTH + timedelta(days=3)),)))
    if is_sealed:
        await Sealer(books.pool).seal()
    entry = await books.pool.fetchrow("select late_for, booked_at from entries where entry_id = 2")
    assert entry is not None
    assert entry["late_for"] == LAST_MONTH.date()
    assert entry["booked_at"] >= THIS_MONTH
    # What was reported of the closed month stands; the open one has it.
    assert await month(books, LAST_MONTH) == before
    assert await month(books, THIS_MONTH) == (10_000, 2_500, ["dispute.funds_withdrawn"] * 2)
    # When it took effect is kept all the same.
    at = LAST_MONTH + timedelta(days=4)
    assert await Balances(books.pool).as_of(PAYABLE, livemode=False, at=at, by="effective") == 2_500
    (closed,) = await closed_periods(books.pool)
    assert (closed.period, closed.closed_by, closed.last_entry_id, closed.late_entries) == (
        LAST_MONTH.date(),
        "ada",
        1,
        1,
    )


async def test_event_of_open_month_is_not_late(books: Books) -> None:
    await close_period(books.pool, LAST_MONTH.date(), by="ada")
    await books.book(lives((captured(occurred_at=THIS_MONTH), refunded(occurred_at=THIS_MONTH - MOMENT))))
    late = await books.pool.fetch("select late_for from entries order by entry_id")
    assert [row["late_for"] for row in late] == [None, LAST_MONTH.date()]


async def test_month_that_cannot_be_closed_is_refused_with_reason(books: Books) -> None:
    with pytest.raises(PeriodNotClosable, match="has not ended: close a period after its last day"):
        await close_period(books.pool, THIS_MONTH.date(), by="ada")
    await close_period(books.pool, LAST_MONTH.date(), by="ada")
    with pytest.raises(PeriodNotClosable, match="is closed already"):
        await close_period(books.pool, LAST_MONTH.date(), by="ada")
    with pytest.raises(PeriodNotClosable):
        await close_period(books.pool, date(2026, 1, 15), by="ada")


async def test_an_account_that_is_not_there_is_named(books: Books) -> None:
    with pytest.raises(AccountNotOpened, match="merchant:nobody:payable:usd"):
        await Balances(books.pool).as_of(
            "merchant:nobody:payable:usd", livemode=False, at=datetime.now(UTC), by="booked"
        )


async def test_statement_above_line_limit_is_refused(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fincore.read.ledgerdb.balances.STATEMENT_LINES_MAX", 2)
    await books.book(lives((captured(), refunded())))
    with pytest.raises(StatementTooLong, match="more than 2 lines"):
        await Balances(books.pool).statement(
            PAYABLE, livemode=False, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31)
        )


async def test_accounts_are_listed_with_their_balances(books: Books) -> None:
    await books.book(lives((captured(),), (captured(merchant_id="mer_other"),), (captured(livemode=True),)))
    balances = Balances(books.pool)
    listed = await balances.accounts(livemode=False)
    assert [(one.name, one.type, one.balance_minor, one.version) for one in listed] == [
        ("expense:psp_fees:stripe:test:usd", "expense", 640, 2),
        ("merchant:mer_books:payable:usd", "liability", 9_850, 2),
        ("merchant:mer_other:payable:usd", "liability", 9_850, 2),
        ("psp:stripe:test:clearing:usd", "asset", 19_360, 4),
        ("revenue:platform_fees:usd", "revenue", 300, 2),
    ]
    assert [one.name for one in await balances.accounts(livemode=False, owner="mer_other")] == [
        "merchant:mer_other:payable:usd"
    ]
