"""Delivering webhooks: to a real server, on a clock of its own, through failures, deaths and changes of mind."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from fincore.notify.deliverer import KEPT_FOR
from fincore.notify.leases import LEASE_SECONDS, PLACES_MAX, PLACES_MIN
from fincore.notify.retry_schedule import ATTEMPTS_MAX, DELAYS_SECONDS
from fincore.notify.secret_cipher import SecretCipher
from fincore.postgres.pool import Pool
from fincore.version import VERSION
from fixtures.commits import captured, created
from fixtures.merchant_receiver import MerchantReceiver, receiving
from fixtures.notify import OWNER, Notify, notifying
from fixtures.waiting import eventually


@pytest.fixture
async def notify(dsn: str, pool: Pool) -> AsyncIterator[Notify]:
    async with notifying(dsn, pool) as notify:
        yield notify


@pytest.fixture
async def receiver() -> AsyncIterator[MerchantReceiver]:
    async with receiving() as receiver:
        yield receiver


async def replay(notify: Notify, delivery_id: str) -> object:
    async with notify.pool.acquire() as connection, connection.transaction():
        return await notify.deliveries.replay(connection, OWNER, delivery_id)  # type: ignore[arg-type]


async def statuses(notify: Notify, endpoint_id: str) -> list[tuple[str, str | None]]:
    rows = await notify.deliveries_of(endpoint_id)  # type: ignore[arg-type]
    return [(row["status"], row["failure"]) for row in rows]


# Arriving


async def test_a_delivery_arrives_signed_once_and_is_noted(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    made = await notify.listen(receiver.url, "charge.captured")
    measured = REGISTRY.get_sample_value("fincore_webhook_delivery_seconds_count")
    assert measured is not None
    await notify.happen(created(), captured(1999))
    assert await notify.deliverer.deliver_due() == 1
    assert REGISTRY.get_sample_value("fincore_webhook_delivery_seconds_count") == measured + 1
    (hook,) = receiver.hooks
    assert hook.verified(made.secret)["data"]["amount_minor"] == 1999
    assert hook.headers["Content-Type"] == "application/json"
    assert (hook.path, hook.headers["User-Agent"]) == ("/hooks", f"FinCore-Webhooks/{VERSION}")
    (row,) = await notify.deliveries_of(made.endpoint.endpoint_id)
    assert (row["status"], row["delivery_id"], row["body"]) == ("delivered", hook.id, hook.body)
    assert row["leased_until"] is None
    assert await notify.attempts() == [(1, 204, None)]
    assert await notify.deliverer.deliver_due() == 0


async def test_old_and_new_secret_sign_until_rotation_ends(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    made = await notify.listen(receiver.url, "charge.created")
    endpoint_id, old = made.endpoint.endpoint_id, made.secret
    new = await notify.rotate(endpoint_id, overlap_seconds=200)
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    for secret in (old, new):
        receiver.hooks[0].verified(secret)
    # Two sign at a time, never three.
    newest = await notify.rotate(endpoint_id, overlap_seconds=200)
    notify.later(100)
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    assert len(receiver.hooks[1].headers["webhook-signature"].split()) == 2
    for secret in (new, newest):
        receiver.hooks[1].verified(secret)
    notify.later(100)
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    assert len(receiver.hooks[2].headers["webhook-signature"].split()) == 1
    receiver.hooks[2].verified(newest)


async def test_a_rotation_without_overlap_stops_the_old_secret_at_once(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    made = await notify.listen(receiver.url, "charge.created")
    new = await notify.rotate(made.endpoint.endpoint_id, overlap_seconds=0)
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    assert len(receiver.hooks[0].headers["webhook-signature"].split()) == 1
    receiver.hooks[0].verified(new)


# Trying again


async def test_failed_schedule_disables_endpoint_with_one_webhook_id(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    """Every attempt carries the same id and body; after the last failure the endpoint is disabled."""
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    receiver.answer(*[500] * (ATTEMPTS_MAX + 1))
    for number, pause in enumerate(DELAYS_SECONDS, start=1):
        if pause:
            notify.later(pause - 1)
            assert await notify.deliverer.deliver_due() == 0
            notify.later(1)
        assert await notify.deliverer.deliver_due() == 1
        assert len(receiver.hooks) == number
    assert len({(hook.id, hook.body) for hook in receiver.hooks}) == 1
    assert len({hook.headers["webhook-timestamp"] for hook in receiver.hooks}) == ATTEMPTS_MAX
    assert await statuses(notify, endpoint_id) == [("failed", "exhausted")]
    assert await notify.attempts() == [(number, 500, None) for number in range(1, ATTEMPTS_MAX + 1)]
    endpoint = await notify.endpoint(endpoint_id)
    assert (endpoint["status"], endpoint["disabled_reason"]) == ("disabled", "failing")
    notify.later(10**6)
    assert await notify.deliverer.deliver_due() == 0


async def test_endpoint_with_a_success_in_schedule_stays_enabled(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    for pause in DELAYS_SECONDS[:-1]:
        notify.later(pause)
        receiver.answer(500)
        await notify.deliverer.deliver_due()
    await notify.happen(created())
    notify.later(300)
    await notify.deliverer.deliver_due()
    notify.later(DELAYS_SECONDS[-1])
    receiver.answer(500)
    await notify.deliverer.deliver_due()
    assert await statuses(notify, endpoint_id) == [("failed", "exhausted"), ("delivered", None)]
    assert (await notify.endpoint(endpoint_id))["status"] == "enabled"


async def test_endpoint_gone_is_disabled_and_its_deliveries_fail(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url)).endpoint.endpoint_id
    receiver.answer(500, 410)
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    notify.later(5)
    await notify.happen(created())
    assert await notify.deliverer.deliver_due() == 1
    endpoint = await notify.endpoint(endpoint_id)
    assert (endpoint["status"], endpoint["disabled_reason"]) == ("disabled", "gone")
    assert await notify.deliverer.deliver_due() == 0
    await notify.deliverer.sweep()
    assert sorted(await statuses(notify, endpoint_id), key=str) == [
        ("failed", "endpoint_disabled"),
        ("failed", "gone"),
    ]
    assert len(receiver.hooks) == 2


async def test_endpoint_with_changed_url_is_not_disabled(notify: Notify, receiver: MerchantReceiver) -> None:
    endpoint_id = (await notify.listen(receiver.url)).endpoint.endpoint_id
    await notify.happen(created())
    receiver.answer(410)
    (claimed,) = await notify.deliverer.claim(10)
    attempted = await notify.deliverer.attempt(claimed)
    await notify.change(endpoint_id, url=f"{receiver.url}/new")
    await notify.deliverer.note([attempted])
    assert (await notify.endpoint(endpoint_id))["status"] == "enabled"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(
    notify: Notify, receiver: MerchantReceiver, status: int
) -> None:
    await notify.listen(receiver.url, "charge.created")
    await notify.happen(created())
    receiver.answer(status, headers={"Location": f"{receiver.url}/elsewhere"})
    await notify.deliverer.deliver_due()
    assert [hook.path for hook in receiver.hooks] == ["/hooks"]
    assert await notify.attempts() == [(1, status, None)]


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_pauses_all_deliveries_of_endpoint(
    notify: Notify, receiver: MerchantReceiver, status: int
) -> None:
    await notify.listen(receiver.url, "charge.created")
    await notify.happen(created())
    receiver.answer(status, headers={"Retry-After": "120"})
    await notify.deliverer.deliver_due()
    await notify.happen(created())
    notify.later(119)
    assert await notify.deliverer.deliver_due() == 0
    notify.later(1)
    assert await notify.deliverer.deliver_due() == 1


# Going easy on endpoints


async def test_failed_endpoint_gets_single_probes_until_success(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    await notify.listen(receiver.url, "charge.created")
    for _ in range(4):
        await notify.happen(created())
    receiver.answer(500, 500, 500, 500)
    assert await notify.deliverer.deliver_due() == 4
    assert await notify.deliverer.deliver_due() == 0
    receiver.answer(500)
    for pause, attempts in ((5, 1), (5, 0), (5, 1)):
        notify.later(pause)
        assert await notify.deliverer.deliver_due() == attempts
    # The second probe arrived: the others are no longer held back.
    assert await notify.deliverer.deliver_due() == 2


async def test_slow_endpoint_is_bounded_and_delays_no_other(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    async with receiving() as quick:
        slow_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
        for _ in range(5):
            await notify.happen(created())
        quick_id = (await notify.listen(quick.url, "charge.created")).endpoint.endpoint_id
        await notify.happen(created())
        receiver.gate.clear()
        deliverer = notify.new_deliverer(under_way_max=3, per_endpoint_max=2)
        running = asyncio.create_task(deliverer.run())

        async def quick_has_it() -> bool:
            return await statuses(notify, quick_id) == [("delivered", None)]

        await eventually(quick_has_it)
        assert (receiver.under_way, receiver.under_way_most) == (2, 2)
        receiver.gate.set()

        async def slow_has_all() -> bool:
            return await statuses(notify, slow_id) == [("delivered", None)] * 6

        await eventually(slow_has_all)
        assert receiver.under_way_most == 2
        deliverer.stop()
        await running


async def test_fast_endpoint_gets_more_attempts_while_more_waits(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen_often(200)
    attempts = [await notify.deliverer.deliver_due() for _ in range(6)]
    assert attempts == [PLACES_MIN, 16, 32, PLACES_MAX, PLACES_MAX, 16]
    # It had more places than it used at the end, and none were added then.
    await notify.pool.execute("update notify.endpoints set places = 20")
    await notify.happen_often(12)
    assert await notify.deliverer.deliver_due() == 12
    assert (await notify.endpoint(endpoint_id))["places"] == 20


async def test_one_failure_takes_half_of_the_places_an_endpoint_had(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.pool.execute("update notify.endpoints set places = $1", PLACES_MAX)
    await notify.happen_often(4)
    receiver.answer(500)
    assert await notify.deliverer.deliver_due() == 4
    assert (await notify.endpoint(endpoint_id))["places"] == PLACES_MAX // 2
    for _ in range(5):
        notify.later(600)
        receiver.answer(500)
        await notify.deliverer.deliver_due()
    assert (await notify.endpoint(endpoint_id))["places"] == PLACES_MIN


async def test_extra_places_of_busy_endpoint_leave_others_theirs(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    """Attempts beyond an endpoint's minimum never take the minimum of another endpoint."""
    async with receiving() as other:
        busy_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
        await notify.pool.execute("update notify.endpoints set places = $1", PLACES_MAX)
        await notify.happen_often(40)
        deliverer = notify.new_deliverer(under_way_max=20)
        # Alone it may have half of what there is, and what is left is not for it.
        assert len(await deliverer.claim(20)) == 10
        assert await deliverer.claim(10) == []
        notify.later(LEASE_SECONDS)
        other_id = (await notify.listen(other.url, "charge.created")).endpoint.endpoint_id
        await notify.happen_often(8)
        # What waits longer comes first in its own place only: the first of each, then the second of each.
        claimed = Counter(one.endpoint_id for one in await deliverer.claim(20))
        assert claimed == {busy_id: 8, other_id: 8}


async def test_fast_endpoint_beside_silent_one_gets_everything(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    async with receiving() as quick:
        silent_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
        await notify.pool.execute("update notify.endpoints set places = $1", PLACES_MAX)
        receiver.gate.clear()
        await notify.happen_often(100)
        # A busy machine takes long, and an attempt that ends takes places from the endpoint.
        deliverer = notify.new_deliverer(under_way_max=40, timeout_seconds=45.0)
        running = asyncio.create_task(deliverer.run())

        async def silent_has_its_share() -> bool:
            return receiver.under_way == 20

        await eventually(silent_has_its_share)
        quick_id = (await notify.listen(quick.url, "charge.created")).endpoint.endpoint_id
        await notify.happen_often(100)

        async def quick_has_all() -> bool:
            return await statuses(notify, quick_id) == [("delivered", None)] * 100

        await eventually(quick_has_all)
        assert receiver.under_way_most == 20
        assert len(quick.hooks) == 100
        receiver.gate.set()

        async def silent_has_all() -> bool:
            return await statuses(notify, silent_id) == [("delivered", None)] * 200

        await eventually(silent_has_all)
        deliverer.stop()
        await running


async def test_the_share_of_an_endpoint_counts_over_all_processes(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    await notify.listen(receiver.url, "charge.created")
    for _ in range(5):
        await notify.happen(created())
    one, other = (notify.new_deliverer(per_endpoint_max=3) for _ in range(2))
    assert len(await one.claim(2)) == 2
    assert len(await other.claim(10)) == 1
    assert len(await one.claim(10)) == 0


# Dying


async def test_two_processes_never_have_the_same_delivery(notify: Notify, receiver: MerchantReceiver) -> None:
    for _ in range(3):
        await notify.listen(receiver.url, "charge.created")
    for _ in range(4):
        await notify.happen(created())
    deliverers = [notify.new_deliverer() for _ in range(4)]
    claims = await asyncio.gather(*(deliverer.claim(5) for deliverer in deliverers))
    claimed = [one.delivery_id for claim in claims for one in claim]
    assert len(claimed) == len(set(claimed)) == 12


async def test_unrecorded_attempt_is_repeated_under_same_webhook_id(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    """A process sent the webhook and could not record it: another sends it again once the lease has ended."""
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    dying, other = notify.new_deliverer(), notify.new_deliverer()
    (claimed,) = await dying.claim(10)
    unnoted = await dying.attempt(claimed)
    notify.later(LEASE_SECONDS - 1)
    assert await other.deliver_due() == 0
    notify.later(1)
    assert await other.deliver_due() == 1
    first, second = receiver.hooks
    assert (first.id, first.body) == (second.id, second.body)
    assert await statuses(notify, endpoint_id) == [("delivered", None)]
    assert await notify.attempts() == [(1, None, "lost"), (2, 204, None)]
    # It was only slow: what it says about its own attempt is kept, and changes nothing else.
    await dying.note([unnoted])
    assert await notify.attempts() == [(1, 204, None), (2, 204, None)]


async def test_process_with_lost_lease_does_not_decide_delivery(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    slow, other = notify.new_deliverer(), notify.new_deliverer()
    (claimed,) = await slow.claim(10)
    receiver.answer(410)
    gone = await slow.attempt(claimed)
    notify.later(LEASE_SECONDS)
    (again,) = await other.claim(10)
    await slow.note([gone])
    assert await statuses(notify, endpoint_id) == [("pending", None)]
    assert (await notify.endpoint(endpoint_id))["status"] == "enabled"
    notify.later(301)
    await other.note([await other.attempt(again)])
    assert await statuses(notify, endpoint_id) == [("delivered", None)]


async def test_deliverer_on_stop_finishes_and_records_attempts(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    receiver.gate.clear()
    running = asyncio.create_task(notify.deliverer.run())

    async def is_under_way() -> bool:
        return receiver.under_way == 1

    await eventually(is_under_way)
    notify.deliverer.stop()
    receiver.gate.set()
    await running
    assert await statuses(notify, endpoint_id) == [("delivered", None)]


async def test_unreadable_secret_sends_nothing_and_is_retried(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    await notify.listen(receiver.url, "charge.created")
    await notify.happen(created())
    notify.deliverer._cipher = SecretCipher(bytes(32))
    await notify.deliverer.deliver_due()
    assert receiver.hooks == []
    assert await notify.attempts() == [(1, None, "secret_unreadable")]
    notify.deliverer._cipher = notify.cipher
    notify.later(5)
    await notify.deliverer.deliver_due()
    assert len(receiver.hooks) == 1


# Replaying and forgetting


@pytest.mark.parametrize("status", [204, 410])
async def test_replay_sends_same_body_with_whole_schedule(
    notify: Notify, receiver: MerchantReceiver, status: int
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    receiver.answer(status)
    await notify.deliverer.deliver_due()
    await notify.change(endpoint_id, status="enabled")
    (row,) = await notify.deliveries_of(endpoint_id)
    assert await replay(notify, row["delivery_id"]) is not None
    receiver.answer(500)
    await notify.deliverer.deliver_due()
    notify.later(5)
    await notify.deliverer.deliver_due()
    assert len({(hook.id, hook.body) for hook in receiver.hooks}) == 1
    assert await notify.attempts() == [(1, status, None), (2, 500, None), (3, 204, None)]
    assert await statuses(notify, endpoint_id) == [("delivered", None)]


async def test_a_replay_does_not_wait_for_the_next_attempt(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    receiver.answer(500, 500)
    await notify.deliverer.deliver_due()
    notify.later(5)
    await notify.deliverer.deliver_due()
    notify.later(60)
    assert await notify.deliverer.deliver_due() == 0
    (row,) = await notify.deliveries_of(endpoint_id)
    await replay(notify, row["delivery_id"])
    assert await notify.deliverer.deliver_due() == 1


async def test_a_disabled_endpoint_gets_no_replay(notify: Notify, receiver: MerchantReceiver) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    await notify.change(endpoint_id, status="disabled")
    (row,) = await notify.deliveries_of(endpoint_id)
    assert await replay(notify, row["delivery_id"]) == "endpoint_disabled"
    assert await statuses(notify, endpoint_id) == [("delivered", None)]


async def test_all_that_failed_in_a_span_of_time_can_be_replayed(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    moments = []
    await notify.change(endpoint_id, status="disabled")
    await notify.change(endpoint_id, status="enabled")
    for _ in range(3):
        notify.later(60)
        moments.append(notify.clock.now())
        await notify.happen(created())
    await notify.change(endpoint_id, status="disabled")
    await notify.deliverer.sweep()
    await notify.change(endpoint_id, status="enabled")
    async with notify.pool.acquire() as connection, connection.transaction():
        replayed = await notify.deliveries.replay_failed(
            connection, endpoint_id, created_from=moments[1], created_before=moments[2]
        )
    assert replayed == 1
    failed = ("failed", "endpoint_disabled")
    assert await statuses(notify, endpoint_id) == [("delivered", None), failed, ("pending", None), failed]
    async with notify.pool.acquire() as connection, connection.transaction():
        assert await notify.deliveries.replay_failed(connection, endpoint_id) == 2
    assert await notify.deliverer.deliver_due() == 3


async def test_ended_deliveries_are_purged_and_pending_ones_kept(
    notify: Notify, receiver: MerchantReceiver
) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.*")).endpoint.endpoint_id
    await notify.happen(created())
    await notify.deliverer.deliver_due()
    notify.later(1)
    await notify.happen(captured())
    notify.later(KEPT_FOR.total_seconds() - 1)
    await notify.deliverer.sweep()
    assert await statuses(notify, endpoint_id) == [("delivered", None), ("pending", None)]
    notify.later(1)
    await notify.deliverer.sweep()
    assert await statuses(notify, endpoint_id) == [("pending", None)]
    assert await notify.attempts() == []


async def test_answer_above_read_limit_counts_by_status(notify: Notify, receiver: MerchantReceiver) -> None:
    endpoint_id = (await notify.listen(receiver.url, "charge.created")).endpoint.endpoint_id
    await notify.happen(created())
    receiver.answer(200, body=b"x" * 5_000_000)
    await notify.deliverer.deliver_due()
    assert await statuses(notify, endpoint_id) == [("delivered", None)]
    # Nothing of what it said is kept.
    kept = await notify.pool.fetchval("select json_agg(a)::text from notify.attempts a")
    assert "xxx" not in json.dumps(kept)
