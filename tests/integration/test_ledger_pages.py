"""Accounts, statements, entries and trial balances page by page, beside sums over all postings."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId, charge_of
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.account_list import AccountFilters, accounts_statement, list_accounts
from fincore.read.ledgerdb.account_statement import (
    AFTER_ALL,
    AccountPosting,
    AccountStatements,
    Place,
    PostingPage,
    page_statement,
)
from fincore.read.ledgerdb.ledger_entries import LedgerEntries
from fincore.read.ledgerdb.ledger_moment import (
    LedgerMoment,
    entries_booked,
    ledger_after,
    ledger_at,
    ledger_now,
    ledger_sealed_on,
)
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.ledgerdb.trial_balance import balanced_accounts, trial_balance_totals
from fixtures.books import Books, lives
from fixtures.money_events import MERCHANT, captured, refunded, withdrawn
from fixtures.plans import has_scan_or_sort, plan_of, rows_visited
from fixtures.traffic import store_pool

PAYABLE = f"merchant:{MERCHANT}:payable:usd"
OTHER = MerchantId("mer_other")
BEGAN = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=9)

_SIGNED = "case p.side when a.normal_side then p.amount_minor else -p.amount_minor end"


@pytest.fixture
async def books(dsn: str, owner_pool: Pool) -> AsyncIterator[Books]:
    """Charges of two merchants, two currencies and two modes; nine entries were booked on earlier days, one a day."""
    async with store_pool(dsn, "ledgerdb") as pool:
        kept = Books(pool, owner_pool, LedgerService())
        await kept.book(
            lives(
                (captured(), refunded(), withdrawn()),
                (captured(currency="eur", fee_currency="eur"), refunded(currency="eur")),
                (captured(merchant_id=OTHER), refunded(merchant_id=OTHER)),
                (captured(livemode=True),),
                (captured(amount_minor=777),),
            )
        )
        await kept.backdate(*(BEGAN + timedelta(days=day) for day in range(9)))
        await kept.book(lives(*((captured(), refunded()) for _ in range(3))))
        yield kept


async def balance(books: Books, account: str, entry_id: int, *, livemode: bool = False) -> int:
    """The balance after an entry, from all postings."""
    minor: int = await books.pool.fetchval(
        f"select coalesce(sum({_SIGNED}), 0)::bigint from postings p join accounts a using (account_id)"  # noqa: S608 -- our own words
        " where a.name = $1 and a.livemode = $2 and p.entry_id <= $3",
        account,
        livemode,
        entry_id,
    )
    return minor


async def walked(books: Books, account: str, *, limit: int, **bounds: datetime) -> list[AccountPosting]:
    """All pages of a statement, one after the other."""
    statements, found = AccountStatements(books.pool), []
    before: Place | None = None
    while True:
        page = await statements.page(account, livemode=False, before=before, limit=limit, **bounds)  # type: ignore[arg-type]
        assert page is not None
        found += page.postings
        if not page.has_more:
            return found
        before = page.postings[-1].place


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_pages_of_statement_join_and_run_on(books: Books, limit: int) -> None:
    found = await walked(books, PAYABLE, limit=limit)
    rows = await books.pool.fetch(
        "select p.entry_id, p.leg from postings p join accounts a using (account_id)"
        " where a.name = $1 and not a.livemode order by 1 desc, 2 desc",
        PAYABLE,
    )
    assert [one.place for one in found] == [Place(*row) for row in rows] != []
    for later, earlier in pairwise(found):
        moved = later.amount_minor if later.side == "credit" else -later.amount_minor
        assert later.balance_minor == earlier.balance_minor + moved


async def test_statement_of_a_time_opens_and_closes_with_balances(books: Books) -> None:
    rng = random.Random(15)
    moments = [BEGAN + timedelta(days=rng.randint(-1, 10), hours=rng.choice((-1, 0, 1))) for _ in range(8)]
    statements = AccountStatements(books.pool)
    for begins in moments:
        for ends in moments:
            page = await statements.page(
                PAYABLE, livemode=False, booked_from=begins, booked_before=ends, limit=100
            )
            assert page is not None
            bounds = page.bounds
            first, last = await entries_booked(books.pool, begins, ends)
            assert bounds.opening_minor == await balance(books, PAYABLE, first - 1)
            expected = await balance(books, PAYABLE, last if last >= first else first - 1)
            assert bounds.closing_minor == expected
            assert bounds.postings == len(page.postings)
            listed = [one async for some in statements.postings(bounds) for one in some]
            assert listed == page.postings[::-1]
            net = sum(one.amount_minor * (1 if one.side == "credit" else -1) for one in page.postings)
            assert bounds.opening_minor + net == bounds.closing_minor
            assert all(begins <= one.booked_at < ends for one in page.postings)


async def test_statement_of_other_merchants_account_is_none(books: Books) -> None:
    async def page(**scope: object) -> PostingPage | None:
        return await AccountStatements(books.pool).page(PAYABLE, limit=1, **scope)  # type: ignore[arg-type]

    assert await page(livemode=False, merchants={MERCHANT}) is not None
    assert await page(livemode=False, merchants={OTHER}) is None
    assert await page(livemode=False, merchants=frozenset()) is None
    assert await page(livemode=True, merchants={OTHER}) is None
    assert await AccountStatements(books.pool).page("no:such", livemode=False, limit=1) is None


async def test_accounts_are_listed_as_they_stood_after_an_entry(books: Books) -> None:
    last = await ledger_now(books.pool)
    for entry_id in range(last.entry_id + 1):
        moment = LedgerMoment(entry_id, None)
        found, after = [], None
        while True:
            page = await list_accounts(
                books.pool, AccountFilters(livemode=False), moment, after_name=after, limit=2
            )
            found += page.accounts
            if not page.has_more:
                break
            after = page.accounts[-1].name
        used = await books.pool.fetch(
            "select distinct a.name from postings p join accounts a using (account_id)"
            " where not a.livemode and p.entry_id <= $1",
            entry_id,
        )
        assert sorted(one.name for one in found) == sorted(row["name"] for row in used)
        for one in found:
            assert one.balance_minor == await balance(books, one.name, entry_id)


async def test_accounts_are_found_by_prefix_currency_and_merchant(books: Books) -> None:
    moment = await ledger_now(books.pool)

    async def names(**filters: object) -> list[str]:
        page = await list_accounts(
            books.pool,
            AccountFilters(livemode=False, **filters),  # type: ignore[arg-type]
            moment,
            limit=100,
        )
        return [one.name for one in page.accounts]

    assert await names(prefix="merchant:") == [
        f"merchant:{MERCHANT}:payable:eur",
        PAYABLE,
        f"merchant:{OTHER}:payable:usd",
    ]
    assert await names(prefix="merchant%") == []
    assert await names(prefix="merchant:", currency=Currency("eur")) == [f"merchant:{MERCHANT}:payable:eur"]
    assert await names(merchants={OTHER}) == [f"merchant:{OTHER}:payable:usd"]
    assert await names(merchants=frozenset()) == []


async def test_trial_balance_has_equal_sides_after_every_entry(books: Books) -> None:
    last = await ledger_now(books.pool)
    for livemode in (False, True):
        for entry_id in range(last.entry_id + 1):
            moment = LedgerMoment(entry_id, None)
            totals = await trial_balance_totals(books.pool, moment, livemode=livemode)
            rows = (await balanced_accounts(books.pool, moment, livemode=livemode)).accounts
            for total in totals:
                mine = [one for one in rows if one.currency == total.currency]
                assert total.debit_minor == total.credit_minor == sum(one.debit_minor for one in mine)
                assert (total.credit_minor, total.accounts) == (
                    sum(one.credit_minor for one in mine),
                    len(mine),
                )
            assert {one.currency for one in rows} == {one.currency for one in totals}


async def test_trial_balance_goes_on_by_name(books: Books) -> None:
    moment = await ledger_now(books.pool)
    whole = await balanced_accounts(books.pool, moment, livemode=False)
    assert not whole.has_more
    first = await balanced_accounts(books.pool, moment, livemode=False, limit=2)
    rest = await balanced_accounts(books.pool, moment, livemode=False, after_name=first.accounts[-1].name)
    assert first.has_more
    assert [*first.accounts, *rest.accounts] == whole.accounts
    in_euros = await balanced_accounts(books.pool, moment, livemode=False, currency=Currency("eur"))
    assert in_euros.accounts == [one for one in whole.accounts if one.currency == "eur"]


async def test_moment_of_the_ledger_is_its_last_entry_by_then(books: Books) -> None:
    assert (await ledger_at(books.pool, BEGAN - timedelta(seconds=1))).entry_id == 0
    assert (await ledger_at(books.pool, BEGAN)).entry_id == 1
    assert await ledger_at(books.pool, BEGAN + timedelta(days=2, hours=3)) == LedgerMoment(
        3, BEGAN + timedelta(days=2)
    )
    assert await ledger_sealed_on(books.pool, BEGAN.date()) is None
    await Sealer(books.pool).seal()
    assert await ledger_sealed_on(books.pool, (BEGAN + timedelta(days=4)).date()) == await ledger_after(
        books.pool, 5
    )
    assert await ledger_after(books.pool, 10**9) is None


async def test_entry_is_shown_with_its_seal_and_postings(books: Books) -> None:
    entries = LedgerEntries(books.pool)
    fresh = await entries.find(1, livemode=False)
    assert fresh is not None
    assert fresh.chain_hash is None
    await Sealer(books.pool).seal()
    entry = await entries.find(1, livemode=False)
    assert entry is not None
    assert entry.chain_hash is not None
    assert (entry.kind, entry.source) == ("charge.captured", "event")
    debits, credits_ = (
        sum(one.amount_minor for one in entry.postings if one.side == side) for side in ("debit", "credit")
    )
    assert debits == credits_ > 0
    assert await entries.find(1, livemode=True) is None


async def test_entry_hides_balances_of_other_owners(books: Books) -> None:
    entry = await LedgerEntries(books.pool).find(1, livemode=False, merchants={MERCHANT})
    assert entry is not None
    assert {one.balance_minor is None for one in entry.postings if one.account == PAYABLE} == {False}
    assert {one.balance_minor for one in entry.postings if one.account != PAYABLE} == {None}
    assert await LedgerEntries(books.pool).find(1, livemode=False, merchants={OTHER}) is None


async def test_entries_of_a_charge_are_listed_page_by_page(books: Books) -> None:
    entries = LedgerEntries(books.pool)
    stream = await books.pool.fetchval("select stream_id from entries where entry_id = 1")
    first = await entries.of_subject(stream, livemode=False, limit=2)
    assert [one.entry_id for one in first.entries] == [3, 2]
    assert first.has_more
    rest = await entries.of_subject(stream, livemode=False, before=2, limit=2)
    assert [one.entry_id for one in rest.entries] == [1]
    assert rest.entries[0].subject == charge_of(stream)
    assert (await entries.of_subject(stream, livemode=True, limit=2)).entries == []
    assert (await entries.of_subject(stream, livemode=False, merchants={OTHER}, limit=2)).entries == []


WRITE_SECONDS_MAX = 300.0
"""How long a past of a million entries may take to be written."""
MANY = """
set session_replication_role = replica;
insert into ledgerdb.accounts
    (account_id, livemode, name, currency, type, normal_side, owner, balance_minor, version)
overriding system value
select n, true, format('merchant:mer_%%s:payable:usd', lpad(n::text, 6, '0')), 'usd', 'liability', 'credit', 'mer_' || lpad(n::text, 6, '0'), 0, 0
from generate_series(1001, 1000 + %(accounts)s) n;
insert into ledgerdb.entries (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description)
select n, gen_random_uuid(), true, 'charge.captured', gen_random_uuid(), at, at, ''
from generate_series(10001, 10000 + %(entries)s) n cross join lateral (select '2025-01-01Z'::timestamptz + n * interval '1 second' as at) t;
insert into ledgerdb.postings (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select n, 2, case when n %% 10 = 0 then 1001 + n / 10 %% %(accounts)s else 1001 end, 'credit', 1, 'usd', n, n
from generate_series(10001, 10000 + %(entries)s) n;
set session_replication_role = origin;
analyze ledgerdb.accounts, ledgerdb.entries, ledgerdb.postings;
"""


async def test_page_in_the_middle_reads_its_own_postings(books: Books) -> None:
    await books.owner.execute(MANY % {"accounts": 500, "entries": 20_000})
    statement, arguments = page_statement(
        1001, await entries_booked(books.pool, None, None), Place(20_000, 2), 101
    )
    plan = await plan_of(books.pool, statement, arguments)
    assert {node["Node Type"] for node in plan}.isdisjoint({"Seq Scan"})
    assert rows_visited(plan) <= 220
    listed, values = accounts_statement(
        AccountFilters(livemode=True), LedgerMoment(25_000, None), after_name=None, limit=101
    )
    plan = await plan_of(books.pool, listed, values)
    assert not has_scan_or_sort(plan)
    assert rows_visited(plan) <= 310


@pytest.mark.long
async def test_statement_of_a_million_postings_pages_at_once(books: Books) -> None:
    """Every page of an account of a million postings reads its own rows alone, by an index."""
    await books.owner.execute(MANY % {"accounts": 2_000, "entries": 1_100_000}, timeout=WRITE_SECONDS_MAX)
    everything = await entries_booked(books.pool, None, None)
    assert await books.pool.fetchval("select count(*) from postings where account_id = 1001") >= 990_000
    for before in (AFTER_ALL, Place(900_000, 2), Place(500_000, 2), Place(10_050, 2)):
        statement, arguments = page_statement(1001, everything, before, 101)
        plan = await plan_of(books.pool, statement, arguments)
        assert {node["Node Type"] for node in plan}.isdisjoint({"Seq Scan"})
        assert rows_visited(plan) <= 220
        # The scan begins at the place: it reads a few pages of the index, not all before them.
        assert plan[0]["Shared Hit Blocks"] + plan[0]["Shared Read Blocks"] <= 1_000
