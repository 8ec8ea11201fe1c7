"""Listing charges: what each filter finds, that pages join without gap or repeat, and what a page costs."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import ChargeId, MerchantId, charge_of, new_charge_id, stream_of
from fincore.domain.outcome import PspReference, SubReference
from fincore.domain.payment_method import CardInstrument, PayPalInstrument
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool, create_pool
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.queries import ChargeFilters, ChargeQueries, list_statement
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, NOON, captured, created
from fixtures.databases import prepared_database, with_database
from fixtures.plans import Node, has_scan_or_sort, plan_of, rows_visited
from fixtures.traffic import (
    disputed,
    failed,
    fates,
    follow,
    live,
    refunded,
    refunding,
    running_writer,
    store_pool,
)

MINE = ChargeFilters(merchant_id=MERCHANT, livemode=False)


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as pool:
        yield pool


@pytest.fixture
def queries(paymentdb: Pool) -> ChargeQueries:
    return ChargeQueries(paymentdb)


async def listed(queries: ChargeQueries, **filters: object) -> list[ChargeView]:
    whose: dict[str, object] = {"merchant_id": MERCHANT, "livemode": False}
    page = await queries.list_charges(ChargeFilters(**(whose | filters)), limit=100)  # type: ignore[arg-type]
    return page.charges


async def ids_listed(queries: ChargeQueries, **filters: object) -> set[ChargeId]:
    return {view.charge_id for view in await listed(queries, **filters)}


async def test_each_filter_finds_its_charges_and_no_others(
    pool: Pool, paymentdb: Pool, queries: ChargeQueries
) -> None:
    async with running_writer(pool) as writer:
        paid, declined, by_ada, ordered, early, late = map(
            charge_of,
            await live(
                writer,
                [
                    (created(), captured(psp_reference=PspReference("pi_1"))),
                    (created(), failed()),
                    (created(customer_email="ada@example.com"),),
                    (created(metadata={"order": "6735", "shop": "nord"}),),
                    (created(created_at=NOON - timedelta(days=1)),),
                    (created(created_at=NOON + timedelta(days=1)),),
                ],
            ),
        )
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    assert await ids_listed(queries) == {paid, declined, by_ada, ordered, early, late}
    assert await ids_listed(queries, statuses=("succeeded",)) == {paid}
    assert await ids_listed(queries, statuses=("failed",)) == {declined}
    assert await ids_listed(queries, customer_email="ada@example.com") == {by_ada}
    assert await ids_listed(queries, customer_email="ADA@example.com") == set()
    assert await ids_listed(queries, metadata={"order": "6735"}) == {ordered}
    assert await ids_listed(queries, metadata={"order": "6735", "shop": "nord"}) == {ordered}
    assert await ids_listed(queries, metadata={"order": "6735", "shop": "sud"}) == set()
    assert await ids_listed(queries, created_before=NOON) == {early}
    assert await ids_listed(queries, created_from=NOON + timedelta(seconds=1)) == {late}
    assert await ids_listed(queries, created_from=NOON, created_before=NOON + timedelta(days=1)) == {
        paid,
        declined,
        by_ada,
        ordered,
    }
    assert await ids_listed(queries, statuses=("processing",), metadata={"order": "6735"}) == {ordered}
    assert await ids_listed(queries, statuses=("failed", "succeeded")) == {paid, declined}
    assert await ids_listed(queries, psp_reference=f"pi_1_{stream_of(paid).hex}") == {paid}
    assert await ids_listed(queries, psp_reference="pi_2") == set()
    in_order = [view.charge_id for view in await listed(queries)]
    assert (in_order[0], in_order[-1]) == (late, early)


async def test_charges_are_found_by_amount_currency_and_dispute(
    pool: Pool, paymentdb: Pool, queries: ChargeQueries
) -> None:
    async with running_writer(pool) as writer:
        small, large, yen, disputed_one = map(
            charge_of,
            await live(
                writer,
                [
                    (created(500),),
                    (created(5000),),
                    (created(700, currency=Currency("jpy")),),
                    (created(), captured(), disputed()),
                ],
            ),
        )
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    assert await ids_listed(queries, disputed=True) == {disputed_one}
    assert await ids_listed(queries, disputed=False) == {small, large, yen}
    assert await ids_listed(queries, currency="jpy") == {yen}
    assert await ids_listed(queries, currency="eur") == set()
    assert await ids_listed(queries, amount_from_minor=700) == {large, yen, disputed_one}
    assert await ids_listed(queries, amount_to_minor=700) == {small, yen}
    assert await ids_listed(queries, amount_from_minor=700, amount_to_minor=1000) == {yen, disputed_one}
    assert await ids_listed(queries, amount_from_minor=700, amount_to_minor=700) == {yen}
    assert await ids_listed(queries, amount_from_minor=701, amount_to_minor=700) == set()


async def test_charges_are_found_by_the_card_that_paid(
    pool: Pool, paymentdb: Pool, queries: ChargeQueries
) -> None:
    visa = CardInstrument(brand="visa", last4="4242")
    master = CardInstrument(brand="mastercard", last4="4242")
    payer = PayPalInstrument(payer_id="P1", email_masked="a***@example.com")
    async with running_writer(pool) as writer:
        by_visa, by_master, by_payer, untold = map(
            charge_of,
            await live(
                writer,
                [
                    (created(), captured(instrument=visa)),
                    (created(), captured(instrument=master)),
                    (created(), captured(instrument=payer)),
                    (created(), captured()),
                ],
            ),
        )
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    assert await ids_listed(queries) == {by_visa, by_master, by_payer, untold}
    assert await ids_listed(queries, last4="4242") == {by_visa, by_master}
    assert await ids_listed(queries, brand="visa") == {by_visa}
    assert await ids_listed(queries, last4="4242", brand="mastercard") == {by_master}
    assert await ids_listed(queries, last4="4243") == set()
    shown = await queries.find(MERCHANT, False, by_payer)
    assert shown is not None
    assert shown.charge.instrument == payer


async def test_charge_is_found_by_each_of_its_references(
    pool: Pool, paymentdb: Pool, queries: ChargeQueries
) -> None:
    parts = (
        SubReference("authorization", PspReference("auth_1")),
        SubReference("capture", PspReference("capture_1")),
    )
    refund = refunding(5)
    async with running_writer(pool) as writer:
        (stream, other) = await live(
            writer,
            [
                (
                    created(),
                    captured(sub_references=parts),
                    refund,
                    refunded(refund),
                ),
                (created(), captured()),
            ],
        )
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    found = await queries.find(MERCHANT, False, charge_of(stream))
    assert found is not None
    names = {name for _, _, name in found.charge.references}
    assert len(names) == 4
    for name in names:
        assert await ids_listed(queries, psp_reference=name) == {charge_of(stream)}
        assert await ids_listed(queries, psp_reference=name, livemode=True) == set()
    assert await ids_listed(queries, psp_reference="auth_2") == set()
    assert await ids_listed(queries) == {charge_of(stream), charge_of(other)}


async def test_charge_is_hidden_from_other_merchant_and_mode(
    pool: Pool, paymentdb: Pool, queries: ChargeQueries
) -> None:
    async with running_writer(pool) as writer:
        (stream,) = await live(writer, [(created(),)])
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    other = MerchantId("mer_01other")
    assert await queries.find(MERCHANT, False, charge_of(stream)) is not None
    assert await queries.find(MERCHANT, True, charge_of(stream)) is None
    assert await queries.find(other, False, charge_of(stream)) is None
    assert await ids_listed(queries, livemode=True) == set()
    assert await ids_listed(queries, merchant_id=other) == set()


@pytest.mark.parametrize("limit", [1, 3, 10, 29, 30, 31])
async def test_pages_join_without_gap_or_repeat(
    pool: Pool, paymentdb: Pool, queries: ChargeQueries, limit: int
) -> None:
    async with running_writer(pool) as writer:
        streams = await live(writer, fates() * 3)
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    seen: list[ChargeId] = []
    has_more = True
    while has_more:
        charges, has_more = await queries.list_charges(MINE, after_id=seen[-1] if seen else None, limit=limit)
        assert len(charges) <= limit
        seen += [view.charge_id for view in charges]
    assert sorted(seen, reverse=True) == seen
    assert set(seen) == {charge_of(stream) for stream in streams}
    assert len(seen) == len(streams)


async def test_cursor_of_foreign_charge_gives_empty_page(
    pool: Pool, paymentdb: Pool, queries: ChargeQueries
) -> None:
    async with running_writer(pool) as writer:
        await live(writer, fates())
        (strange,) = await live(writer, [(created(livemode=True, created_at=NOON + timedelta(days=1)),)])
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    for after_id in (new_charge_id(), charge_of(strange)):
        assert await queries.list_charges(MINE, after_id=after_id, limit=10) == ([], False)


@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_a_page_has_a_bound(queries: ChargeQueries, limit: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 100"):
        await queries.list_charges(MINE, limit=limit)


CHARGES = 20_000
PAGE = 10

_MANY_CHARGES = """
insert into paymentdb.charges (
    charge_id, stream_id, version, merchant_id, livemode, status, amount_minor, currency, capture_method,
    authorized_minor, captured_minor, refunded_minor, refundable_minor, payment_method, payment_method_type, psp, psp_account, psp_reference,
    disputes, instrument, other_references, customer_email, metadata, captures_requested, cancels_requested, created_at, updated_at
)
select
    'ch_' || lpad(n::text, 26, '0'), gen_random_uuid(), 1, case when n % 10 = 0 then 'mer_01other' else $1 end, false,
    (array['succeeded', 'succeeded', 'failed', 'processing'])[1 + n % 4], 1000 + n % 300,
    case when n % 50 = 1 then 'jpy' else 'usd' end, 'automatic', 0, 0, 0, 0, 'pm', 'card',
    'stripe', 'test', 'pi_' || n, case when n % 90 = 1 then '[]'::jsonb end,
    jsonb_build_object('type', 'card', 'brand', (array['visa', 'mastercard', 'amex'])[1 + n % 3], 'last4', lpad((n % 97)::text, 4, '0')),
    case when n % 20 = 0 then jsonb_build_array('re_' || n, 'capture_' || n) end,
    'customer' || n % 7 || '@example.com', jsonb_build_object('order', n::text), 0, 0,
    $2::timestamptz + n * interval '1 second', now()
from generate_series(1, $3) n
"""


@pytest.fixture(scope="module")
def many_charges(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """A database with so many charges that a scan costs more than an index; it takes seconds to make, and is only read."""

    async def filled(dsn: str) -> None:
        owner = await asyncpg.connect(dsn)
        try:
            await owner.execute(_MANY_CHARGES, MERCHANT, NOON, CHARGES)
            await owner.execute("vacuum analyze paymentdb.charges")
        finally:
            await owner.close()

    with prepared_database(postgres_dsn, filled, template=template_database) as (name, _):
        yield with_database(postgres_dsn, name)


@pytest.fixture
async def many(many_charges: str) -> AsyncIterator[Pool]:
    settings = {"search_path": "paymentdb", "default_transaction_read_only": "on"}
    pool = await create_pool(
        many_charges, application_name="tests-paymentdb", role="fincore_service", extra_settings=settings
    )
    try:
        yield pool
    finally:
        pool.terminate()


async def planned(pool: Pool, filters: ChargeFilters, after_id: ChargeId | None = None) -> list[Node]:
    return await plan_of(pool, *list_statement(filters, after_id=after_id, limit=PAGE))


ALL_FILTERS = {
    "none": {},
    "status": {"statuses": ("failed",)},
    "customer": {"customer_email": "customer3@example.com"},
    "currency": {"currency": "jpy"},
    "amount": {"amount_from_minor": 1234, "amount_to_minor": 1234},
    "disputed": {"disputed": True},
    "last4": {"last4": "0042"},
    "brand": {"brand": "amex"},
    "created": {
        "created_from": NOON + timedelta(seconds=10),
        "created_before": NOON + timedelta(seconds=19_000),
    },
    "status and created": {"statuses": ("succeeded",), "created_before": NOON + timedelta(seconds=19_000)},
}


@pytest.mark.parametrize("name", ALL_FILTERS)
async def test_page_one_thousand_costs_what_page_one_costs(many: Pool, name: str) -> None:
    filters = ChargeFilters(merchant_id=MERCHANT, livemode=False, **ALL_FILTERS[name])  # type: ignore[arg-type]
    statement, arguments = list_statement(filters, after_id=None, limit=CHARGES)
    everything = [row["charge_id"] for row in await many.fetch(statement, *arguments)]
    deep = min(1_000 * PAGE, len(everything) - PAGE)
    first = await planned(many, filters)
    later = await planned(many, filters, after_id=everything[deep - 1])
    for plan in (first, later):
        assert not has_scan_or_sort(plan)
    assert rows_visited(first) == PAGE
    # The row of the cursor itself is one more.
    assert rows_visited(later) == PAGE + 1


async def test_metadata_is_found_by_its_index(many: Pool) -> None:
    plan = await planned(
        many, ChargeFilters(merchant_id=MERCHANT, livemode=False, metadata={"order": "4321"})
    )
    assert [node.get("Index Name") for node in plan if node["Node Type"] == "Bitmap Index Scan"] == [
        "charges_by_metadata"
    ]
    assert rows_visited(plan) <= 2


async def test_psp_reference_is_found_by_its_index(many: Pool) -> None:
    filters = ChargeFilters(merchant_id=MERCHANT, livemode=False, psp_reference="pi_4321")
    assert rows_visited(await planned(many, filters)) <= 2


async def test_reference_of_a_part_is_found_by_its_index(many: Pool) -> None:
    filters = ChargeFilters(merchant_id=MERCHANT, livemode=False, psp_reference="capture_4340")
    plan = await planned(many, filters)
    assert {node.get("Index Name") for node in plan if node["Node Type"] == "Bitmap Index Scan"} == {
        "charges_by_psp_reference",
        "charges_by_other_reference",
    }
    assert rows_visited(plan) <= 2


@pytest.mark.parametrize(
    "filters",
    [
        {"statuses": ("failed", "processing")},
        {"amount_from_minor": 1_100, "amount_to_minor": 1_200},
        {"disputed": False},
    ],
    ids=str,
)
async def test_filter_that_many_charges_pass_reads_them_in_order(many: Pool, filters: Any) -> None:
    """What many pass is found by walking the list itself; no row is sorted."""
    plan = await planned(many, ChargeFilters(merchant_id=MERCHANT, livemode=False, **filters))
    assert not has_scan_or_sort(plan)
