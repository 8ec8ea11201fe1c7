"""Listing disputes: what each filter finds, that pages join without gap or repeat, and what a page costs."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fincore.domain.events import CHARGE_EVENTS, DisputeLost
from fincore.domain.ids import ChargeId, DisputeId, MerchantId, charge_of, new_dispute_id
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.dispute_queries import DisputeFilters, DisputeQueries, list_statement
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, NOON, captured, created
from fixtures.plans import has_scan_or_sort, plan_of, rows_visited
from fixtures.traffic import disputed, follow, live, running_writer, store_pool

MINE = DisputeFilters(merchant_id=MERCHANT, livemode=False)


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as pool:
        yield pool


@pytest.fixture
def queries(paymentdb: Pool) -> DisputeQueries:
    return DisputeQueries(paymentdb)


async def listed(queries: DisputeQueries, **filters: object) -> list[DisputeId]:
    of_merchant: dict[str, object] = {"merchant_id": MERCHANT, "livemode": False}
    page = await queries.list_disputes(DisputeFilters(**(of_merchant | filters)), limit=100)  # type: ignore[arg-type]
    return [view.dispute.dispute_id for view in page.disputes]


async def test_each_filter_finds_its_disputes_and_no_others(
    pool: Pool, paymentdb: Pool, queries: DisputeQueries
) -> None:
    early = disputed(occurred_at=NOON)
    late = disputed(occurred_at=NOON + timedelta(days=1), status="under_review")
    other = disputed(occurred_at=NOON + timedelta(days=2))
    lost = DisputeLost(dispute_id=other.dispute_id, occurred_at=NOON + timedelta(days=3))
    async with running_writer(pool) as writer:
        one, _ = await live(
            writer, [(created(), captured(), early, late), (created(), captured(), other, lost)]
        )
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    everything = [other.dispute_id, late.dispute_id, early.dispute_id]
    assert await listed(queries) == everything
    assert await listed(queries, charge_id=charge_of(one)) == everything[1:]
    assert await listed(queries, statuses=("lost",)) == [other.dispute_id]
    assert await listed(queries, statuses=("needs_response",)) == [early.dispute_id]
    assert await listed(queries, opened_from=NOON + timedelta(days=1)) == everything[:2]
    assert await listed(queries, opened_before=NOON + timedelta(days=1)) == [early.dispute_id]
    assert await listed(queries, merchant_id=MerchantId("mer_01other")) == []
    assert await listed(queries, livemode=True) == []
    assert await queries.find(MERCHANT, False, late.dispute_id) is not None
    assert await queries.find(MERCHANT, True, late.dispute_id) is None
    assert await queries.find(MerchantId("mer_01other"), False, late.dispute_id) is None


async def test_pages_join_without_gap_or_repeat(pool: Pool, paymentdb: Pool, queries: DisputeQueries) -> None:
    # All opened at the same moment: only the ids tell them apart.
    disputes = [disputed() for _ in range(7)]
    async with running_writer(pool) as writer:
        await live(writer, [(created(), captured(), *disputes)])
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    seen: list[DisputeId] = []
    has_more = True
    while has_more:
        page, has_more = await queries.list_disputes(MINE, after_id=seen[-1] if seen else None, limit=3)
        seen += [view.dispute.dispute_id for view in page]
    assert seen == sorted((dispute.dispute_id for dispute in disputes), reverse=True)
    assert await queries.list_disputes(MINE, after_id=new_dispute_id(), limit=3) == ([], False)
    with pytest.raises(ValueError, match="between 1 and 100"):
        await queries.list_disputes(MINE, limit=0)


DISPUTES = 20_000
PAGE = 10

_MANY_DISPUTES = """
insert into paymentdb.disputes
select
    'dp_' || lpad(n::text, 26, '0'), 'ch_' || lpad((1 + n % 101)::text, 26, '0'), 1,
    case when n % 10 = 0 then 'mer_01other' else $1 end, false, 'du_' || n,
    (array['needs_response', 'needs_response', 'lost', 'won'])[1 + n % 4], false, 10, 'usd', 'fraudulent', null,
    $2::timestamptz + n * interval '1 second', now(), '[]'::jsonb
from generate_series(1, $3) n
"""
ALL_FILTERS = {
    "none": {},
    "status": {"statuses": ("lost",)},
    "opened": {
        "opened_from": NOON + timedelta(seconds=10),
        "opened_before": NOON + timedelta(seconds=19_000),
    },
    "status and opened": {"statuses": ("needs_response",), "opened_before": NOON + timedelta(seconds=19_000)},
    "charge": {"charge_id": ChargeId("ch_" + "2".rjust(26, "0"))},
}


@pytest.fixture
async def many(owner_pool: Pool, paymentdb: Pool) -> Pool:
    await owner_pool.execute(_MANY_DISPUTES, MERCHANT, NOON, DISPUTES)
    await owner_pool.execute("vacuum analyze paymentdb.disputes")
    return paymentdb


@pytest.mark.parametrize("name", ALL_FILTERS)
async def test_page_one_thousand_costs_what_page_one_costs(many: Pool, name: str) -> None:
    filters = DisputeFilters(merchant_id=MERCHANT, livemode=False, **ALL_FILTERS[name])  # type: ignore[arg-type]
    statement, arguments = list_statement(filters, after_id=None, limit=DISPUTES)
    everything = await many.fetch(statement, *arguments)
    deep = min(1_000 * PAGE, len(everything) - PAGE)
    first = await plan_of(many, *list_statement(filters, after_id=None, limit=PAGE))
    after_id = everything[deep - 1]["dispute_id"]
    later = await plan_of(many, *list_statement(filters, after_id=after_id, limit=PAGE))
    # A page of disputes, one or two of the other merchant in the same charge, the row of the cursor itself.
    for plan in (first, later):
        assert not has_scan_or_sort(plan)
        assert PAGE <= rows_visited(plan) <= PAGE + 3
