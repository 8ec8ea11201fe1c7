"""Listing refunds: what each filter finds, that pages join without gap or repeat, and what a page costs."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import ChargeId, MerchantId, RefundId, charge_of, new_refund_id
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.refund_queries import RefundFilters, RefundQueries, list_statement
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, NOON, captured, created
from fixtures.plans import has_scan_or_sort, plan_of, rows_visited
from fixtures.traffic import follow, live, refunded, refunding, running_writer, store_pool

MINE = RefundFilters(merchant_id=MERCHANT, livemode=False)


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as pool:
        yield pool


@pytest.fixture
def queries(paymentdb: Pool) -> RefundQueries:
    return RefundQueries(paymentdb)


async def listed(queries: RefundQueries, **filters: object) -> list[RefundId]:
    of_merchant: dict[str, object] = {"merchant_id": MERCHANT, "livemode": False}
    page = await queries.list_refunds(RefundFilters(**(of_merchant | filters)), limit=100)  # type: ignore[arg-type]
    return [view.refund.refund_id for view in page.refunds]


async def test_each_filter_finds_its_refunds_and_no_others(
    pool: Pool, paymentdb: Pool, queries: RefundQueries
) -> None:
    early = refunding(300, requested_at=NOON)
    late = refunding(300, requested_at=NOON + timedelta(days=1))
    other = refunding(requested_at=NOON + timedelta(days=2))
    async with running_writer(pool) as writer:
        one, _ = await live(
            writer,
            [(created(), captured(), early, late, refunded(late)), (created(), captured(), other)],
        )
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    everything = [other.refund_id, late.refund_id, early.refund_id]
    assert await listed(queries) == everything
    assert await listed(queries, charge_id=charge_of(one)) == everything[1:]
    assert await listed(queries, statuses=("succeeded",)) == [late.refund_id]
    assert await listed(queries, statuses=("processing",)) == [other.refund_id, early.refund_id]
    assert await listed(queries, charge_id=charge_of(one), statuses=("failed",)) == []
    assert await listed(queries, created_from=NOON + timedelta(days=1)) == everything[:2]
    assert await listed(queries, created_before=NOON + timedelta(days=1)) == [early.refund_id]
    assert await listed(queries, merchant_id=MerchantId("mer_01other")) == []
    assert await listed(queries, livemode=True) == []
    assert await queries.find(MERCHANT, False, late.refund_id) is not None
    assert await queries.find(MERCHANT, True, late.refund_id) is None
    assert await queries.find(MerchantId("mer_01other"), False, late.refund_id) is None


async def test_pages_join_without_gap_or_repeat(pool: Pool, paymentdb: Pool, queries: RefundQueries) -> None:
    # All asked for at the same moment: only the ids tell them apart.
    refunds = [refunding(10) for _ in range(7)]
    async with running_writer(pool) as writer:
        await live(writer, [(created(), captured(), *refunds)])
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    seen: list[RefundId] = []
    has_more = True
    while has_more:
        page, has_more = await queries.list_refunds(MINE, after_id=seen[-1] if seen else None, limit=3)
        seen += [view.refund.refund_id for view in page]
    assert seen == sorted((refund.refund_id for refund in refunds), reverse=True)
    assert await queries.list_refunds(MINE, after_id=new_refund_id(), limit=3) == ([], False)
    with pytest.raises(ValueError, match="between 1 and 100"):
        await queries.list_refunds(MINE, limit=101)


REFUNDS = 20_000
PAGE = 10

_MANY_CHARGES = """
insert into paymentdb.charges (
    charge_id, stream_id, version, merchant_id, livemode, status, amount_minor, currency, capture_method,
    authorized_minor, captured_minor, refunded_minor, refundable_minor, payment_method, payment_method_type, psp, psp_account, metadata,
    captures_requested, cancels_requested, created_at, updated_at
)
select
    'ch_' || lpad(n::text, 26, '0'), gen_random_uuid(), 1, $1, false, 'succeeded', 1000, 'usd', 'automatic', 0, 0, 0, 0,
    'pm', 'card', 'stripe', 'test', '{}', 0, 0, $2, now()
from generate_series(1, $3) n
"""
_MANY_REFUNDS = """
insert into paymentdb.refunds
select
    're_' || lpad(n::text, 26, '0'), 'ch_' || lpad((1 + n % $4)::text, 26, '0'), 1,
    case when n % 10 = 0 then 'mer_01other' else $1 end, false,
    (array['succeeded', 'succeeded', 'failed', 'processing'])[1 + n % 4], 10, 'usd', null, 'merchant', '{}', null, null,
    null, $2::timestamptz + n * interval '1 second', now()
from generate_series(1, $3) n
"""
ALL_FILTERS = {
    "none": {},
    "status": {"statuses": ("failed",)},
    "created": {
        "created_from": NOON + timedelta(seconds=10),
        "created_before": NOON + timedelta(seconds=19_000),
    },
    "status and created": {"statuses": ("succeeded",), "created_before": NOON + timedelta(seconds=19_000)},
    "charge": {"charge_id": ChargeId("ch_" + "2".rjust(26, "0"))},
}


@pytest.fixture
async def many(owner_pool: Pool, paymentdb: Pool) -> Pool:
    charges = 101
    await owner_pool.execute(_MANY_CHARGES, MERCHANT, NOON, charges)
    await owner_pool.execute(_MANY_REFUNDS, MERCHANT, NOON, REFUNDS, charges)
    await owner_pool.execute("vacuum analyze paymentdb.charges")
    await owner_pool.execute("vacuum analyze paymentdb.refunds")
    return paymentdb


@pytest.mark.parametrize("name", ALL_FILTERS)
async def test_page_one_thousand_costs_what_page_one_costs(many: Pool, name: str) -> None:
    filters = RefundFilters(merchant_id=MERCHANT, livemode=False, **ALL_FILTERS[name])  # type: ignore[arg-type]
    statement, arguments = list_statement(filters, after_id=None, limit=REFUNDS)
    everything = await many.fetch(statement, *arguments)
    deep = min(1_000 * PAGE, len(everything) - PAGE)
    first = await plan_of(many, *list_statement(filters, after_id=None, limit=PAGE))
    after_id = everything[deep - 1]["refund_id"]
    later = await plan_of(many, *list_statement(filters, after_id=after_id, limit=PAGE))
    # A page of refunds, the charge of each, one or two refunds of the other merchant, the row of the cursor itself.
    for plan in (first, later):
        assert not has_scan_or_sort(plan)
        assert PAGE < rows_visited(plan) <= 2 * PAGE + 3
