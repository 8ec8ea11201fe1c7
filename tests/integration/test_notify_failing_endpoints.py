"""What operators see of what does not arrive."""

from collections.abc import AsyncIterator

import pytest

from fincore.notify.failing_endpoints import FailingEndpoints
from fincore.notify.retry_schedule import DELAYS_SECONDS
from fincore.postgres.pool import Pool
from fixtures.commits import created
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.notify import Notify, notifying


@pytest.fixture
async def notify(dsn: str, pool: Pool) -> AsyncIterator[Notify]:
    async with notifying(dsn, pool) as notify:
        yield notify


@pytest.fixture
async def receiver() -> AsyncIterator[MerchantReceiver]:
    async with receiving() as receiver:
        yield receiver


async def seen(notify: Notify) -> list[tuple[str, str, int, int, int, str | None]]:
    found = await FailingEndpoints(notify.pool).endpoints(limit=100)
    return [
        (one.endpoint_id, one.state, one.failures, one.pending, one.given_up, one.last_answer)
        for one in found
    ]


async def test_endpoint_is_failing_until_missed_webhooks_arrive(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    """From its first failure until every webhook that it missed has arrived."""
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    assert await seen(notify) == []
    await notify.happen_often(2)
    receiver.answer(500, 500)
    await notify.deliverer.deliver_due()
    await notify.happen(created())
    assert await seen(notify) == [(endpoint_id, "paused", 1, 3, 0, "500")]
    receiver.answer(410)
    notify.later(5)
    await notify.deliverer.deliver_due()
    assert await seen(notify) == [(endpoint_id, "gone", 2, 2, 1, "410")]
    await notify.deliverer.sweep()
    assert await seen(notify) == [(endpoint_id, "gone", 2, 0, 3, "410")]
    await notify.change(endpoint_id, status="enabled")
    assert await seen(notify) == [(endpoint_id, "gave_up", 0, 0, 3, "410")]
    async with notify.pool.acquire() as connection, connection.transaction():
        await notify.deliveries.replay_failed(connection, endpoint_id)
    await notify.deliverer.deliver_due()
    assert await seen(notify) == []


async def test_failing_endpoints_list_disabled_ones_first(notify: Notify, receiver: MerchantReceiver) -> None:
    async with receiving() as other:
        paused_id = (await notify.listen(other.url, "charge.failed")).endpoint.endpoint_id
        failing_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
        await notify.happen(created())
        for pause in DELAYS_SECONDS:
            notify.later(pause)
            receiver.answer(302)
            await notify.deliverer.deliver_due()
        await notify.change(paused_id, event_types=("charge.created",))
        other.answer(503)
        await notify.happen(created())
        await notify.deliverer.deliver_due()
        assert [(one, state, answer) for one, state, *_, answer in await seen(notify)] == [
            (failing_id, "failing", "302"),
            (paused_id, "paused", "503"),
        ]
        assert len(await FailingEndpoints(notify.pool).endpoints(limit=1)) == 1


async def test_endpoint_disabled_by_merchant_is_not_failing(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url)).endpoint.endpoint_id
    await notify.happen(created())
    receiver.answer(500)
    await notify.deliverer.deliver_due()
    await notify.change(endpoint_id, status="disabled")
    notify.later(60)
    await notify.deliverer.sweep()
    assert await seen(notify) == []


async def test_failing_endpoint_shows_only_host_of_its_url(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    await notify.listen(f"{receiver.url}/token-4711?key=abc", "charge.created")
    await notify.happen(created())
    receiver.answer(500)
    await notify.deliverer.deliver_due()
    (one,) = await FailingEndpoints(notify.pool).endpoints(limit=100)
    assert one.host == "127.0.0.1"
    assert "4711" not in repr(one)
    assert "abc" not in repr(one)


async def test_failed_deliveries_are_listed_newest_first_with_reason(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    async with receiving() as other:
        await notify.listen(receiver.url, "charge.created")
        await notify.happen(created())
        receiver.answer(500, 410)
        await notify.deliverer.deliver_due()
        notify.later(5)
        await notify.deliverer.deliver_due()
        await notify.listen(other.url, "charge.created")
        await notify.happen_often(2)
        notify.later(1)
        other.answer(410, 204)
        await notify.deliverer.deliver_due()
        found = await FailingEndpoints(notify.pool).given_up(limit=100)
        assert [(one.failure, one.attempts, one.last_answer) for one in found] == [
            ("gone", 1, "410"),
            ("gone", 2, "410"),
        ]
        assert found[0].finished_at > found[1].finished_at
        assert await FailingEndpoints(notify.pool).given_up(limit=1) == found[:1]
