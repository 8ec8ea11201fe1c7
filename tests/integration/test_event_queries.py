"""Listing events: what each filter finds, that pages join without gap or repeat, and what a page costs."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from fincore.domain.events import CHARGE_EVENTS, ChargeEvent, EventType
from fincore.domain.ids import ChargeId, EventId, MerchantId, charge_of, new_event_id, parse_event_id
from fincore.domain.public_event import PublicEvent, public_event
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.event_queries import EventFilters, EventQueries, list_statement
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, NOON, captured, created
from fixtures.plans import has_scan_or_sort, plan_of, rows_visited
from fixtures.traffic import (
    aftermaths,
    fates,
    follow,
    live,
    read_all,
    refunded,
    refunding,
    running_writer,
    store_pool,
)

MINE = EventFilters(merchant_id=MERCHANT, livemode=False)


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as pool:
        yield pool


@pytest.fixture
def queries(paymentdb: Pool) -> EventQueries:
    return EventQueries(paymentdb)


@pytest.fixture
def log(pool: Pool) -> EventLog[ChargeEvent]:
    return EventLog(pool, CHARGE_EVENTS)


async def listed(queries: EventQueries, **filters: object) -> list[str]:
    of_merchant: dict[str, object] = {"merchant_id": MERCHANT, "livemode": False}
    page = await queries.list_events(EventFilters(**(of_merchant | filters)), limit=100)  # type: ignore[arg-type]
    return [event.event_id for event in page.events]


async def told(
    pool: Pool, paymentdb: Pool, log: EventLog[ChargeEvent], lives: Sequence[tuple[ChargeEvent, ...]]
) -> list[RecordedEvent[ChargeEvent]]:
    """Everything that happened, newest first."""
    async with running_writer(pool) as writer:
        await live(writer, lives)
    await follow(log, paymentdb, Projectionist())
    return sorted(await read_all(log), key=lambda event: (event.recorded_at, event.event_id), reverse=True)


async def test_each_filter_finds_its_events_and_no_others(
    pool: Pool, paymentdb: Pool, log: EventLog[ChargeEvent], queries: EventQueries
) -> None:
    refund = refunding()
    lives = [(created(), captured(), refund, refunded(refund)), (created(livemode=True),), (created(),)]
    events = await told(pool, paymentdb, log, lives)
    mine = [public_event(event) for event in events]
    live_event = next(
        public_event(event).event_id for event in events if getattr(event.event, "livemode", False)
    )
    mine = [event for event in mine if event.event_id != live_event]
    ids = [event.event_id for event in mine]
    assert await listed(queries) == ids
    assert await listed(queries, livemode=True) == [live_event]
    assert await listed(queries, merchant_id=MerchantId("mer_01other")) == []
    refunds: tuple[EventType, ...] = ("refund.requested", "refund.succeeded", "refund.failed")
    of_refund = [event.event_id for event in mine if event.type in refunds]
    assert len(of_refund) == 2
    assert await listed(queries, types=refunds) == of_refund
    assert await listed(queries, types=("charge.created",)) == [
        event.event_id for event in mine if event.type == "charge.created"
    ]
    assert await listed(queries, types=()) == []
    charge_id = next(event.charge_id for event in mine if event.type == "charge.captured")
    of_charge = [event.event_id for event in mine if event.charge_id == charge_id]
    assert await listed(queries, charge_id=charge_id) == of_charge
    assert await listed(queries, charge_id=charge_id, types=refunds) == of_refund
    assert await listed(queries, charge_id=charge_id, livemode=True) == []
    middle = mine[2].recorded_at
    assert await listed(queries, recorded_from=middle) == ids[:3]
    assert await listed(queries, recorded_before=middle) == ids[3:]
    assert await listed(queries, recorded_before=middle, types=("charge.created",)) == [
        event.event_id for event in mine[3:] if event.type == "charge.created"
    ]
    found = await queries.find(MERCHANT, False, parse_event_id(ids[0]))
    assert found == mine[0]
    assert await queries.find(MERCHANT, True, parse_event_id(ids[0])) is None
    assert await queries.find(MerchantId("mer_01other"), False, parse_event_id(ids[0])) is None


async def test_the_data_of_an_event_keeps_its_order(
    pool: Pool, paymentdb: Pool, log: EventLog[ChargeEvent], queries: EventQueries
) -> None:
    for event in await told(pool, paymentdb, log, fates() + aftermaths()):
        public = public_event(event)
        found = await queries.find(MERCHANT, False, event.event_id)
        assert isinstance(found, PublicEvent)
        assert list(found.data.items()) == list(public.data.items())


SLICES: dict[str, dict[str, object]] = {
    "all": {},
    "types": {"types": ("charge.captured", "charge.created", "refund.requested")},
}


@pytest.mark.parametrize("name", [*SLICES, "charge"])
async def test_pages_join_without_gap_or_repeat(
    pool: Pool, paymentdb: Pool, log: EventLog[ChargeEvent], queries: EventQueries, name: str
) -> None:
    events = await told(pool, paymentdb, log, aftermaths())
    longest = max(events, key=lambda event: event.version)
    chosen = SLICES.get(name, {"charge_id": charge_of(longest.stream_id)})
    filters = EventFilters(merchant_id=MERCHANT, livemode=False, **chosen)  # type: ignore[arg-type]
    everything = (await queries.list_events(filters, limit=100)).events
    assert len(everything) > 5
    seen: list[str] = []
    has_more = True
    while has_more:
        after_id = parse_event_id(seen[-1]) if seen else None
        page, has_more = await queries.list_events(filters, after_id=after_id, limit=3)
        seen += [event.event_id for event in page]
    assert seen == [event.event_id for event in everything]
    assert await queries.list_events(filters, after_id=new_event_id(), limit=3) == ([], False)


async def test_a_page_has_a_bound(queries: EventQueries) -> None:
    with pytest.raises(ValueError, match="between 1 and 100"):
        await queries.list_events(MINE, limit=101)


EVENTS = 20_000
PAGE = 10

_MANY_EVENTS = """
insert into paymentdb.events
select
    ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'ch_' || lpad((n % 101)::text, 26, '0'), n / 101,
    case when n % 10 = 0 then 'mer_01other' else $1 end, false,
    (array['charge.created', 'charge.captured', 'refund.requested', 'refund.succeeded'])[1 + n % 4], $2,
    $2::timestamptz + n * interval '1 second', '{}'
from generate_series(1, $3) n
"""
ALL_FILTERS: dict[str, tuple[dict[str, object], int]] = {
    "none": ({}, 1),
    "type": ({"types": ("refund.requested",)}, 1),
    "types": ({"types": ("refund.requested", "refund.succeeded", "refund.failed")}, 3),
    "recorded": (
        {
            "recorded_from": NOON + timedelta(seconds=10),
            "recorded_before": NOON + timedelta(seconds=19_000),
        },
        1,
    ),
    "type and recorded": (
        {"types": ("charge.captured",), "recorded_before": NOON + timedelta(seconds=19_000)},
        1,
    ),
    "charge": ({"charge_id": ChargeId("ch_" + "2".rjust(26, "0"))}, 1),
}
"""Filters, and how many lists a page is put together from."""


@pytest.fixture
async def many(owner_pool: Pool, paymentdb: Pool) -> Pool:
    await owner_pool.execute(_MANY_EVENTS, MERCHANT, NOON, EVENTS)
    await owner_pool.execute("vacuum analyze paymentdb.events")
    return paymentdb


@pytest.mark.parametrize("name", ALL_FILTERS)
async def test_page_one_thousand_costs_what_page_one_costs(many: Pool, name: str) -> None:
    chosen, lists = ALL_FILTERS[name]
    filters = EventFilters(merchant_id=MERCHANT, livemode=False, **chosen)  # type: ignore[arg-type]
    statement, arguments = list_statement(filters, after_id=None, limit=EVENTS)
    everything = await many.fetch(statement, *arguments)
    deep = min(1_000 * PAGE, len(everything) - PAGE)
    first = await plan_of(many, *list_statement(filters, after_id=None, limit=PAGE))
    after_id = EventId(everything[deep - 1]["event_id"])
    later = await plan_of(many, *list_statement(filters, after_id=after_id, limit=PAGE))
    # The rows of the page from each list, one or two of the other merchant in the same charge, the row of the cursor.
    for plan in (first, later):
        assert not [node for node in plan if node["Node Type"] == "Seq Scan"]
        assert has_scan_or_sort(plan) == ("types" in chosen)  # what comes from several types is put in order
        assert PAGE <= rows_visited(plan) <= lists * PAGE + 3
