"""What a merchant is owed: what each filter finds, that pages join and add up, and what a page costs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import ChargeId, EventId, MerchantId, StreamId, charge_of, new_event_id
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.balance_queries import BalanceFilters, BalanceQueries, list_statement
from fincore.read.ledgerdb.balance_transaction import KINDS, BalanceTransaction
from fixtures.commits import created
from fixtures.money_events import EXAMPLES, MERCHANT, captured, refunded, withdrawn
from fixtures.plans import Node, plan_of, rows_visited
from fixtures.traffic import follow, live, running_writer, store_pool

EUR = Currency("eur")
OTHER = MerchantId("mer_other")
MINE = BalanceFilters(merchant_id=MERCHANT, livemode=False)

_CLEAR = """
with cleared as (
    insert into entries (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description, source,
        reason, booked_by, clears_entry_id)
    select e.entry_id + 1, $1, e.livemode, 'ledger.cleared', e.stream_id, now(), greatest(clock_timestamp(), e.booked_at),
        'cleared', 'operator', 'the merchant is owed it', 'ada', e.entry_id
    from entries e order by e.entry_id desc limit 1
    returning entry_id
)
insert into postings (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select c.entry_id, l.leg, a.account_id, l.side, 5, 'usd',
    a.balance_minor + case a.normal_side when l.side then 5 else -5 end, a.version + 1
from cleared c
cross join (values (1::smallint, 'debit', 'psp:stripe:test:clearing:usd'), (2, 'credit', $2)) l (leg, side, name)
join accounts a on a.name = l.name and not a.livemode
order by l.leg
"""


@pytest.fixture
async def ledgerdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "ledgerdb") as pool:
        yield pool


@pytest.fixture
def queries(ledgerdb: Pool) -> BalanceQueries:
    return BalanceQueries(ledgerdb)


@pytest.fixture
async def streams(pool: Pool, ledgerdb: Pool) -> list[StreamId]:
    """A charge with an event of every kind; one in euros; one of another merchant; a live one."""
    lives: list[tuple[ChargeEvent, ...]] = [
        (created(), *EXAMPLES.values()),
        (
            created(),
            captured(currency=EUR, amount_minor=700, fee_currency=EUR),
            refunded(currency=EUR, amount_minor=300),
        ),
        (created(), captured(merchant_id=OTHER), refunded(merchant_id=OTHER)),
        (created(livemode=True), captured(livemode=True, platform_fee_minor=0)),
    ]
    async with running_writer(pool) as writer:
        made = await live(writer, lives)
    await follow(EventLog(pool, CHARGE_EVENTS), ledgerdb, LedgerService())
    await ledgerdb.execute(_CLEAR, uuid4(), f"merchant:{MERCHANT}:payable:usd")
    return made


async def listed(queries: BalanceQueries, **filters: object) -> list[BalanceTransaction]:
    of_merchant: dict[str, object] = {"merchant_id": MERCHANT, "livemode": False}
    page = await queries.list_transactions(BalanceFilters(**(of_merchant | filters)), limit=100)  # type: ignore[arg-type]
    return page.transactions


async def test_each_movement_is_shown_with_its_fee_and_what_it_left(
    queries: BalanceQueries, streams: list[StreamId]
) -> None:
    assert streams
    in_dollars = await listed(queries, currency="usd")
    shown = [
        (one.type, one.gross_minor, one.fee_minor, one.net_minor, one.balance_after_minor)
        for one in in_dollars
    ]
    assert shown == [
        ("clearing", 5, 0, 5, 15_705),
        ("dispute_reversal", 6_000, -1_500, 7_500, 15_700),
        ("dispute", -6_000, 1_500, -7_500, 8_200),
        ("correction", -4_000, 0, -4_000, 15_700),
        ("refund_failure", 4_000, 0, 4_000, 19_700),
        ("refund", -4_000, 0, -4_000, 15_700),
        ("correction", 10_000, 150, 9_850, 19_700),
        ("charge", 10_000, 150, 9_850, 9_850),
    ]
    assert {one.charge_id for one in in_dollars} >= {charge_of(streams[0])}
    assert [one.booked_at for one in in_dollars] == sorted(
        (one.booked_at for one in in_dollars), reverse=True
    )


async def test_balance_filters_combine_to_matching_transactions(
    queries: BalanceQueries, streams: list[StreamId]
) -> None:
    everything = await listed(queries)
    assert len(everything) == 10
    middle = everything[5].booked_at
    types = [None, *KINDS]
    currencies = [None, "usd", "eur", "jpy"]
    charges = [None, *(charge_of(stream) for stream in streams)]
    times = [(None, None), (middle, None), (None, middle), (middle, middle + timedelta(microseconds=1))]
    found_some = 0
    for type_, currency, charge_id, (start, end) in product(types, currencies, charges, times):
        expected = [
            one
            for one in everything
            if type_ in (None, one.type)
            and currency in (None, one.currency)
            and charge_id in (None, one.charge_id)
            and (start is None or one.booked_at >= start)
            and (end is None or one.booked_at < end)
        ]
        found = await listed(
            queries, type=type_, currency=currency, charge_id=charge_id, booked_from=start, booked_before=end
        )
        assert found == expected, (type_, currency, charge_id, start, end)
        found_some += bool(expected)
    assert found_some > 50
    assert await listed(queries, booked_from=everything[0].booked_at + timedelta(seconds=1)) == []


@pytest.mark.parametrize("type_", [None, "charge", "correction"], ids=str)
async def test_balance_pages_join_and_add_up_to_payable(
    queries: BalanceQueries, streams: list[StreamId], type_: Any
) -> None:
    assert streams
    filters = BalanceFilters(merchant_id=MERCHANT, livemode=False, type=type_)
    seen: list[BalanceTransaction] = []
    has_more = True
    while has_more:
        after_id = seen[-1].event_id if seen else None
        page, has_more = await queries.list_transactions(filters, after_id=after_id, limit=1)
        seen += page
    assert seen == await listed(queries, type=type_)
    if type_ is None:
        payable = await queries.payable(MERCHANT, livemode=False)
        for currency in (Currency("usd"), EUR):
            of_currency = [one for one in seen if one.currency == currency]
            total = sum(one.net_minor for one in of_currency)
            assert total == payable.amounts_minor[currency] == of_currency[0].balance_after_minor


async def test_merchants_and_modes_see_their_own_only(
    queries: BalanceQueries, streams: list[StreamId]
) -> None:
    assert streams
    assert (await queries.payable(MERCHANT, livemode=False)).amounts_minor == {"eur": 250, "usd": 15_705}
    assert (await queries.payable(MERCHANT, livemode=True)).amounts_minor == {"usd": 10_000}
    assert (await queries.payable(OTHER, livemode=False)).amounts_minor == {"usd": 5_850}
    assert (await queries.payable(MerchantId("mer_nobody"), livemode=False)).amounts_minor == {}
    assert (await queries.payable(MerchantId("stripe"), livemode=False)).amounts_minor == {}
    (mine, *_), theirs = await listed(queries), await listed(queries, merchant_id=OTHER)
    assert [one.type for one in theirs] == ["refund", "charge"]
    assert await queries.find(MERCHANT, mine.event_id, livemode=False) == mine
    assert await queries.find(MERCHANT, mine.event_id, livemode=True) is None
    assert await queries.find(OTHER, mine.event_id, livemode=False) is None
    assert await queries.find(MERCHANT, new_event_id(), livemode=False) is None
    assert await queries.list_transactions(MINE, after_id=theirs[0].event_id, limit=5) == ([], False)
    with pytest.raises(ValueError, match="between 1 and 100"):
        await queries.list_transactions(MINE, limit=0)


async def test_empty_ledger_owes_nothing(queries: BalanceQueries) -> None:
    payable = await queries.payable(MERCHANT, livemode=False)
    assert (payable.amounts_minor, payable.tx, payable.pos) == ({}, 0, 0)


async def test_nonsensical_capture_is_no_balance_transaction(
    pool: Pool, ledgerdb: Pool, queries: BalanceQueries
) -> None:
    async with running_writer(pool) as writer:
        await live(writer, [(created(), captured(amount_minor=-5), withdrawn(amount_minor=-1, fee_minor=7))])
    await follow(EventLog(pool, CHARGE_EVENTS), ledgerdb, LedgerService())
    assert [(one.type, one.gross_minor, one.fee_minor) for one in await listed(queries)] == [
        ("dispute", 0, 7)
    ]


ENTRIES = 20_000
PAGE = 10

_MANY = """
set session_replication_role = replica;
insert into ledgerdb.accounts (account_id, livemode, name, currency, type, normal_side, owner)
overriding system value
select n, false, 'merchant:' || owner || ':payable:' || currency, currency, 'liability', 'credit', owner
from (
    select row_number() over (order by owner <> '{merchant}', owner, currency desc) as n, owner, currency
    from (select '{merchant}' as owner union all select 'mer_' || n from generate_series(1, 500) n) owners
    cross join unnest(array['usd', 'eur']) currency
) numbered;
insert into ledgerdb.entries (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description)
select n, md5('event' || n)::uuid, false,
    case when n % 100 = 0 then 'refund.succeeded' when n % 100 = 50 then 'dispute.funds_withdrawn' else 'charge.captured' end,
    md5('charge' || n / 10)::uuid, '2026-01-01Z', '2026-01-01Z'::timestamptz + n * interval '1 second', 'x'
from generate_series(1, {entries}) n;
insert into ledgerdb.postings (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select n, leg, a.account_id, case leg when 2 then 'credit' else 'debit' end, 1, a.currency, 1, 1
from generate_series(1, {entries}) n
cross join unnest(array[2, 3]) leg
join ledgerdb.accounts a on a.account_id = case when n % 7 = 0 then 3 + n % 1000 else 1 + n % 2 end;
insert into ledgerdb.merchant_moves
select distinct account_id, kind, entry_id from ledgerdb.postings join ledgerdb.entries using (entry_id)
where kind <> 'charge.captured';
set session_replication_role = origin;
"""
ALL_FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "currency": {"currency": "eur"},
    "refunds": {"type": "refund"},
    "charges": {"type": "charge"},
    "refunds of a currency": {"type": "refund", "currency": "usd"},
}


@pytest.fixture
async def many(owner_pool: Pool, ledgerdb: Pool) -> Pool:
    await owner_pool.execute(_MANY.format(merchant=MERCHANT, entries=ENTRIES))
    for table in ("accounts", "entries", "postings", "merchant_moves"):
        await owner_pool.execute(f"vacuum analyze ledgerdb.{table}")
    return ledgerdb


def has_scan(plan: list[Node]) -> bool:
    return any(node["Node Type"] == "Seq Scan" for node in plan)


@pytest.mark.parametrize("name", ALL_FILTERS)
async def test_page_one_thousand_costs_what_page_one_costs(many: Pool, name: str) -> None:
    filters = BalanceFilters(merchant_id=MERCHANT, livemode=False, **ALL_FILTERS[name])
    statement, arguments = list_statement(filters, after_id=None, limit=ENTRIES)
    everything = await many.fetch(statement, *arguments)
    assert len(everything) > 50
    deep = min(1_000 * PAGE, len(everything) - PAGE)
    first = await plan_of(many, *list_statement(filters, after_id=None, limit=PAGE))
    after_id = EventId(UUID(str(everything[deep - 1]["event_id"])))
    later = await plan_of(many, *list_statement(filters, after_id=after_id, limit=PAGE))
    # From each of two accounts a page of entries of two legs, each with its kind looked up; one page of them in full.
    for plan in (first, later):
        assert not has_scan(plan)
        assert PAGE <= rows_visited(plan) <= 15 * PAGE


async def test_charge_and_time_filters_use_an_index(many: Pool) -> None:
    stream = await many.fetchval("select md5('charge' || 1234)::uuid")
    by_charge = BalanceFilters(
        merchant_id=MERCHANT, livemode=False, charge_id=ChargeId(charge_of(StreamId(stream)))
    )
    moment = await many.fetchval("select booked_at from entries where entry_id = $1", ENTRIES // 2)
    by_time = BalanceFilters(
        merchant_id=MERCHANT, livemode=False, booked_from=moment, booked_before=moment + timedelta(hours=1)
    )
    for filters in (by_charge, by_time):
        plan = await plan_of(many, *list_statement(filters, after_id=None, limit=PAGE))
        assert not has_scan(plan)
        assert 5 <= rows_visited(plan) <= 15 * PAGE
