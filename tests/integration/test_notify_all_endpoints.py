"""What staff see of the webhook endpoints and deliveries of all merchants."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from fincore.domain.ids import MerchantId, WebhookDeliveryId
from fincore.notify.all_deliveries import AllDeliveries, DeliveryFilters, list_statement
from fincore.notify.all_endpoints import AllEndpoints, OwnersSeen
from fincore.notify.endpoint import Owner
from fincore.notify.failing_endpoints import FailingEndpoints
from fincore.postgres.pool import Pool
from fixtures.commits import MERCHANT, created
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.notify import OWNER, Notify, notifying

SPREAD_DELIVERIES = """
insert into notify.deliveries
    (delivery_id, endpoint_id, event_id, event_type, body, status, failure, created_at, finished_at)
select 'msg_' || lpad(n::text, 26, '0'), ($1::text[])[1 + (n * n / 3) % 4], gen_random_uuid(), 'charge.created', '', 'failed',
    'exhausted', now(), now()
from generate_series(1, 40) n
"""
TEST = OwnersSeen(livemode=False)
OTHER = MerchantId("mer_other")
MANY_DELIVERIES = """
insert into notify.deliveries
    (delivery_id, endpoint_id, event_id, event_type, body, status, failure, created_at, finished_at)
select 'msg_' || lpad(n::text, 26, '0'), $1, gen_random_uuid(), 'charge.created', '', 'failed', 'exhausted', now(), now()
from generate_series(1, 5000) n
"""


@pytest.fixture
async def notify(dsn: str, pool: Pool) -> AsyncIterator[Notify]:
    async with notifying(dsn, pool) as notify:
        yield notify


@pytest.fixture
async def receiver() -> AsyncIterator[MerchantReceiver]:
    async with receiving() as receiver:
        yield receiver


async def test_all_endpoints_are_listed_by_mode_and_merchant(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    mine = (await notify.listen(f"{receiver.url}/token-4711?key=abc")).endpoint.endpoint_id
    theirs = (await notify.listen(receiver.url, owner=Owner(OTHER, livemode=False))).endpoint.endpoint_id
    live = (await notify.listen(receiver.url, owner=Owner(OTHER, livemode=True))).endpoint.endpoint_id
    look = AllEndpoints(notify.pool)

    async def seen(owners: OwnersSeen) -> list[str]:
        return [one.endpoint_id for one in (await look.list(owners, limit=100)).endpoints]

    assert await seen(TEST) == [theirs, mine]
    assert await seen(OwnersSeen(livemode=True)) == [live]
    assert await seen(OwnersSeen(livemode=False, merchant_ids=(OTHER,))) == [theirs]
    assert await seen(OwnersSeen(livemode=False, merchant_ids=())) == []
    first = await look.list(TEST, limit=1)
    assert first.has_more
    second = await look.list(TEST, limit=1, after_id=first.endpoints[0].endpoint_id)
    assert ([one.endpoint_id for one in second.endpoints], second.has_more) == ([mine], False)
    (shown,) = second.endpoints
    assert (shown.host, shown.owner) == ("127.0.0.1", OWNER)
    assert "4711" not in repr(shown)
    assert await look.find(mine) == shown


async def test_endpoints_are_listed_by_how_they_fare(notify: Notify, receiver: MerchantReceiver) -> None:
    async with receiving() as other:
        failing = (await notify.listen(other.url, "charge.created")).endpoint.endpoint_id
        working = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
        off = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
        await notify.change(off, status="disabled")
        other.answer(500)
        await notify.happen(created())
        await notify.deliverer.deliver_due()
        look = AllEndpoints(notify.pool)

        async def seen(condition: str) -> list[str]:
            page = await look.list(TEST, condition=condition, limit=100)  # type: ignore[arg-type]
            return [one.endpoint_id for one in page.endpoints]

        assert [await seen(one) for one in ("enabled", "failing", "disabled")] == [
            [working],
            [failing],
            [off],
        ]
        counted = await look.count_failing(TEST, counted_max=10)
        (waiting,) = await notify.deliveries_of(failing)
        assert (counted.endpoints, counted.oldest_at) == (1, waiting["created_at"])
        assert (await look.count_failing(OwnersSeen(livemode=True), counted_max=10)).endpoints == 0


async def test_endpoint_that_staff_disabled_says_so_and_is_not_failing(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    receiver.answer(500)
    await notify.deliverer.deliver_due()
    async with notify.pool.acquire() as connection, connection.transaction():
        assert await AllEndpoints(notify.pool).set_status(connection, endpoint_id, "disabled")
    found = await AllEndpoints(notify.pool).find(endpoint_id)
    assert found is not None
    assert (found.status, found.disabled_reason) == ("disabled", "by_staff")
    assert await FailingEndpoints(notify.pool).endpoints(limit=10) == []
    assert (await notify.change(endpoint_id, status="enabled")).disabled_reason is None


async def test_deliveries_are_found_by_endpoint_status_and_event(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    theirs = (
        await notify.listen(receiver.url, "charge.created", owner=Owner(OTHER, livemode=False))
    ).endpoint
    await notify.happen(created())
    receiver.answer(410)
    await notify.deliverer.deliver_due()
    await notify.deliverer.sweep()
    await notify.change(endpoint_id, status="enabled")
    await notify.happen(created())
    failed, pending = await notify.deliveries_of(endpoint_id)
    look = AllDeliveries(notify.pool)

    async def seen(filters: DeliveryFilters, owners: OwnersSeen = TEST) -> list[str]:
        return [one.delivery.delivery_id for one in (await look.list(owners, filters, limit=10)).deliveries]

    both = [pending["delivery_id"], failed["delivery_id"]]
    assert await seen(DeliveryFilters()) == both
    assert await seen(DeliveryFilters(endpoint_id=endpoint_id)) == both
    assert await seen(DeliveryFilters(endpoint_id=theirs.endpoint_id)) == []
    assert await seen(DeliveryFilters(status="failed")) == both[1:]
    assert await seen(DeliveryFilters(event_ids=[pending["event_id"]])) == both[:1]
    assert await seen(DeliveryFilters(event_ids=[])) == []
    assert await seen(DeliveryFilters(), OwnersSeen(livemode=True)) == []
    assert await seen(DeliveryFilters(), OwnersSeen(livemode=False, merchant_ids=(OTHER,))) == []
    page = await look.list(TEST, DeliveryFilters(), limit=1)
    assert page.has_more
    assert (page.deliveries[0].merchant_id, page.deliveries[0].delivery.attempts) == (MERCHANT, 0)
    after = await look.list(TEST, DeliveryFilters(), limit=1, after_id=both[0])
    assert [one.delivery.delivery_id for one in after.deliveries] == both[1:]
    assert after.deliveries[0].delivery.latest is not None
    assert await look.owner_of(both[0]) == OWNER


async def test_list_of_deliveries_reads_only_the_newest_of_each(
    notify: Notify, pool: Pool, receiver: MerchantReceiver
) -> None:
    """However many deliveries an endpoint has, the page is read from an index, and no delivery more."""
    endpoint_id = (await notify.listen(receiver.url)).endpoint.endpoint_id
    await pool.execute(MANY_DELIVERIES, endpoint_id)
    await pool.execute("analyze notify.deliveries")
    for filters in (DeliveryFilters(), DeliveryFilters(status="failed")):
        statement, arguments = list_statement(TEST, filters, after_id=None, limit=11)
        text = await pool.fetchval(f"explain (analyze, format json) {statement}", *arguments)
        read = [
            node["Actual Rows"]
            for node in nodes(json.loads(text)[0]["Plan"])
            if relation(node) == "deliveries"
        ]
        assert read
        assert max(read) <= 11


async def test_page_of_deliveries_is_the_newest_of_all_endpoints(
    notify: Notify, pool: Pool, receiver: MerchantReceiver
) -> None:
    """However the newest ones lie among the endpoints, pages hold what one list of all would."""
    endpoints = [(await notify.listen(receiver.url)).endpoint.endpoint_id for _ in range(4)]
    await pool.execute(SPREAD_DELIVERIES, endpoints)
    expected = [
        row["delivery_id"]
        for row in await pool.fetch("select delivery_id from notify.deliveries order by delivery_id desc")
    ]
    look, found = AllDeliveries(pool), []
    after: WebhookDeliveryId | None = None
    while True:
        page = await look.list(TEST, DeliveryFilters(), after_id=after, limit=3)
        found += [one.delivery.delivery_id for one in page.deliveries]
        if not page.has_more:
            break
        after = found[-1]
    assert found == expected


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def relation(node: dict[str, Any]) -> str | None:
    """The table that a node reads."""
    return node.get("Relation Name")
