"""The invariant of webhooks: it holds through all that may happen to deliveries, and names what was taken away."""

from collections.abc import AsyncIterator

import pytest

from fincore.audit.invariants.no_card_numbers import NO_CARD_NUMBERS
from fincore.audit.invariants.wanted_events_have_deliveries import WANTED_EVENTS_HAVE_DELIVERIES
from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.domain.ids import EventId, public_event_id
from fincore.notify.leases import LEASE_SECONDS
from fincore.postgres.pool import Pool
from fixtures.commits import captured, created, new_stream
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.notify import Notify, notifying


@pytest.fixture
async def notify(dsn: str, pool: Pool) -> AsyncIterator[Notify]:
    async with notifying(dsn, pool) as notify:
        yield notify


@pytest.fixture
async def stores(databases: Databases) -> AsyncIterator[Stores]:
    async with open_stores(databases, application_name="tests-invariant") as stores:
        yield stores


@pytest.fixture
async def receiver() -> AsyncIterator[MerchantReceiver]:
    async with receiving() as receiver:
        yield receiver


async def broken(stores: Stores) -> list[tuple[str, str]]:
    found = await WANTED_EVENTS_HAVE_DELIVERIES.check(stores)
    return [(violation.where, violation.what) for violation in found]


async def test_delivery_invariant_holds_through_each_change(
    notify: Notify, stores: Stores, receiver: MerchantReceiver
) -> None:
    assert await broken(stores) == []
    await notify.happen()
    endpoint_id = (await notify.listen(receiver.url, "charge.*")).endpoint.endpoint_id
    await notify.listen(receiver.url, "charge.captured")
    stream_id = await notify.happen(created())
    assert await broken(stores) == []
    receiver.answer(500)
    await notify.deliverer.deliver_due()
    assert await broken(stores) == []
    notify.later(5)
    await notify.new_deliverer().claim(10)
    assert await broken(stores) == []
    notify.later(LEASE_SECONDS)
    await notify.deliverer.deliver_due()
    assert await broken(stores) == []
    await notify.change(endpoint_id, status="disabled")
    await notify.happen(captured(), stream_id=stream_id, after=1)
    await notify.change(endpoint_id, status="enabled")
    assert await broken(stores) == []
    await notify.happen()
    await notify.deliverer.claim(10)
    await notify.change(endpoint_id, status="disabled")
    notify.later(LEASE_SECONDS)
    await notify.deliverer.sweep()
    assert await broken(stores) == []


async def test_event_after_checkpoint_needs_no_delivery(notify: Notify, stores: Stores) -> None:
    await notify.listen("https://example.com/")
    await notify.happen(created())
    place = await notify.pool.fetchrow("select tx, pos from checkpoints")
    assert place is not None
    await notify.pool.execute("update checkpoints set tx = 0, pos = 0")
    await notify.pool.execute("delete from notify.deliveries")
    assert await broken(stores) == []
    await notify.pool.execute("update checkpoints set tx = $1, pos = $2", place["tx"], place["pos"])
    assert len(await broken(stores)) == 1


@pytest.mark.parametrize("filters", ["*", "charge.*", "charge.captured"])
async def test_a_delivery_taken_out_is_missed(
    notify: Notify, stores: Stores, owner_pool: Pool, filters: str
) -> None:
    endpoint_id = (await notify.listen("https://example.com/", filters)).endpoint.endpoint_id
    await notify.listen("https://example.com/", "refund.*")
    await notify.happen(created(), captured())
    event_id = await owner_pool.fetchval(
        "delete from notify.deliveries where event_type = 'charge.captured' returning event_id"
    )
    assert await broken(stores) == [
        (
            f"event {public_event_id(EventId(event_id))}",
            f"has no delivery to {endpoint_id}, which wants it",
        )
    ]


async def test_an_attempt_taken_out_or_made_up_is_named(
    notify: Notify, stores: Stores, receiver: MerchantReceiver, owner_pool: Pool
) -> None:
    await notify.listen(receiver.url)
    await notify.happen(created(), stream_id=new_stream())
    await notify.deliverer.deliver_due()
    (row,) = await owner_pool.fetch("select delivery_id from notify.deliveries")
    place = f"delivery {row['delivery_id']}"
    await owner_pool.execute("update notify.attempts set response_status = 500")
    assert await broken(stores) == [(place, "is delivered, and no attempt succeeded")]
    await owner_pool.execute("delete from notify.attempts")
    assert await broken(stores) == [(place, "began 1 attempts, and 0 are noted")]


async def test_a_card_number_in_what_merchants_are_sent_is_found(
    notify: Notify, stores: Stores, owner_pool: Pool
) -> None:
    await notify.listen("https://example.com/")
    await notify.happen(created())
    assert await NO_CARD_NUMBERS.check(stores) == []
    await owner_pool.execute("update notify.endpoints set description = '4242 4242 4242 4242'")
    await owner_pool.execute("update notify.deliveries set body = '4242424242424242'::bytea")
    found = [violation.where.partition(", ")[0] for violation in await NO_CARD_NUMBERS.check(stores)]
    assert found == ["notify.endpoints", "notify.deliveries"]
