"""The consumer of the log that makes deliveries: who hears of what, once each."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from fincore.domain.charge_fold import fold
from fincore.domain.checkout_session_events import CheckoutAttemptStarted, CheckoutSessionCompleted
from fincore.domain.ids import MerchantId, charge_of, new_charge_id, session_of, session_stream_of
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.eventstore.commit import Commit, Committed, NewEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Subscription
from fincore.eventstore.writer import Writer
from fincore.notify.endpoint import Owner
from fincore.notify.fan_out import FanOut
from fincore.postgres.pool import Pool
from fincore.public.charge_body import charge_body
from fixtures.checkout_sessions import AT, plan_for, session_created
from fixtures.commits import MERCHANT, PROVENANCE, append, captured, created, new_stream, no_jobs
from fixtures.notify import Notify, notifying
from fixtures.traffic import disputed, failed, fates, follow, live, refunded, refunding

URL = "https://example.com/hooks"
OTHERS = MerchantId("mer_others")


@pytest.fixture
async def notify(dsn: str, pool: Pool) -> AsyncIterator[Notify]:
    async with notifying(dsn, pool) as notify:
        yield notify


async def types(notify: Notify, endpoint_id: str) -> list[str]:
    return [row["event_type"] for row in await notify.deliveries_of(endpoint_id)]  # type: ignore[arg-type]


async def test_each_event_becomes_delivery_to_each_endpoint(
    notify: Notify,
) -> None:
    endpoints = [(await notify.listen(URL)).endpoint.endpoint_id for _ in range(2)]
    stream_id = await notify.happen(created(), captured())
    for endpoint_id in endpoints:
        rows = await notify.deliveries_of(endpoint_id)
        assert [row["event_type"] for row in rows] == ["charge.created", "charge.captured"]
        assert [json.loads(row["body"])["type"] for row in rows] == ["charge.created", "charge.captured"]
        assert {json.loads(row["body"])["data"]["charge_id"] for row in rows} == {charge_of(stream_id)}
        assert {row["status"] for row in rows} == {"pending"}
        assert {row["next_attempt_at"] for row in rows} == {notify.clock.now()}
    ids = {row["delivery_id"] for endpoint in endpoints for row in await notify.deliveries_of(endpoint)}
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("filters", "heard"),
    [
        (("*",), ["charge.created", "charge.failed"]),
        (("charge.*",), ["charge.created", "charge.failed"]),
        (("charge.failed",), ["charge.failed"]),
        (("charge.captured", "charge.created"), ["charge.created"]),
        (("charge.*", "*", "charge.failed"), ["charge.created", "charge.failed"]),
        (("refund.*",), []),
    ],
    ids=["all", "family", "name", "names", "overlapping", "others"],
)
async def test_endpoint_receives_events_of_its_filters(
    notify: Notify, filters: tuple[str, ...], heard: list[str]
) -> None:
    made = await notify.listen(URL, *filters)
    await notify.happen(created(), failed())
    assert await types(notify, made.endpoint.endpoint_id) == heard


async def test_endpoint_receives_no_event_of_other_merchant_or_mode(notify: Notify) -> None:
    owners = [Owner(merchant, livemode) for merchant in (MERCHANT, OTHERS) for livemode in (False, True)]
    made = {owner: (await notify.listen(URL, owner=owner)).endpoint.endpoint_id for owner in owners}
    streams = {
        # The failure says neither merchant nor mode: both stand in the first event of its charge.
        owner: await notify.happen(created(merchant_id=owner.merchant_id, livemode=owner.livemode), failed())
        for owner in owners
    }
    for owner, endpoint_id in made.items():
        rows = await notify.deliveries_of(endpoint_id)
        data = [json.loads(row["body"])["data"] for row in rows]
        assert len(data) == 2
        assert {entry["charge_id"] for entry in data} == {charge_of(streams[owner])}
        assert {entry["livemode"] for entry in data} == {owner.livemode}


async def test_endpoint_receives_only_events_after_its_creation(notify: Notify) -> None:
    stream_id = new_stream()
    await notify.writer.commit(append(stream_id, created()))
    made = await notify.listen(URL)
    await notify.happen(captured(), stream_id=stream_id, after=1)
    assert await types(notify, made.endpoint.endpoint_id) == ["charge.captured"]


async def test_disabled_endpoint_gets_no_events_until_enabled(notify: Notify) -> None:
    endpoint_id = (await notify.listen(URL)).endpoint.endpoint_id
    await notify.change(endpoint_id, status="disabled")
    stream_id = await notify.happen(created())
    await notify.change(endpoint_id, status="enabled")
    await notify.happen(captured(), stream_id=stream_id, after=1)
    assert await types(notify, endpoint_id) == ["charge.captured"]


async def test_changed_filters_count_for_the_next_event(notify: Notify) -> None:
    endpoint_id = (await notify.listen(URL, "charge.failed")).endpoint.endpoint_id
    stream_id = await notify.happen(created())
    await notify.change(endpoint_id, event_types=("charge.captured",))
    await notify.happen(captured(), stream_id=stream_id, after=1)
    assert await types(notify, endpoint_id) == ["charge.captured"]


@pytest.mark.parametrize("batch_events_max", [1, 3, 1_000])
async def test_any_batch_size_gives_one_delivery_per_event(notify: Notify, batch_events_max: int) -> None:
    endpoint_id = (await notify.listen(URL)).endpoint.endpoint_id
    lives = fates()
    await live(notify.writer, lives)
    await notify.fan_out(batch_events_max=batch_events_max)
    before = await notify.deliveries_of(endpoint_id)
    assert len(before) == sum(map(len, lives))
    assert len({row["event_id"] for row in before}) == len(before)
    # As after a restore of an older checkpoint.
    await notify.pool.execute("update checkpoints set tx = 0, pos = 0")
    assert await notify.fan_out(batch_events_max=batch_events_max) == len(before)
    assert await notify.deliveries_of(endpoint_id) == before


async def test_fan_out_without_endpoints_writes_nothing_and_advances(notify: Notify) -> None:
    await notify.happen()
    assert await notify.pool.fetchval("select count(*) from notify.deliveries") == 0
    subscription = Subscription(notify.log, notify.pool, FanOut(notify.clock))
    assert await subscription.checkpoint() == await notify.log.end()


async def objects(notify: Notify, endpoint_id: str) -> list[Any]:
    rows = await notify.deliveries_of(endpoint_id)  # type: ignore[arg-type]
    return [json.loads(row["body"])["data"]["object"] for row in rows]


@pytest.mark.parametrize("batch_events_max", [1, 2, 1_000])
async def test_webhook_shows_the_charge_as_it_was_after_the_event(
    notify: Notify, batch_events_max: int
) -> None:
    """Not as it is when the webhook is made or sent; and with the metadata that says which order it is."""
    endpoint_id = (await notify.listen(URL)).endpoint.endpoint_id
    refund = refunding(400)
    stream_id = new_stream()
    life = (created(metadata={"order_id": "6735"}), captured(), refund, refunded(refund), disputed())
    assert await notify.writer.commit(append(stream_id, *life)) == Committed()
    assert await notify.writer.commit(append(new_stream(), created())) == Committed()
    await notify.fan_out(batch_events_max=batch_events_max)
    shown = await objects(notify, endpoint_id)
    assert [one["object"] for one in shown] == ["charge", "charge", "refund", "refund", "dispute", "charge"]
    assert [one["status"] for one in shown] == [
        "processing",
        "succeeded",
        "processing",
        "succeeded",
        "needs_response",
        "processing",
    ]
    assert [one["metadata"] for one in shown[:2]] == [{"order_id": "6735"}] * 2
    assert {one["charge"] for one in shown[2:5]} == {charge_of(stream_id)}
    assert shown[1]["amount_refundable_minor"] == 1000


async def test_webhook_of_the_api_and_of_notify_show_the_same_object(notify: Notify) -> None:
    endpoint_id = (await notify.listen(URL)).endpoint.endpoint_id
    stream_id = await notify.happen(created(), captured())
    charge = fold(recorded.event for recorded in await notify.log.load(stream_id))
    assert charge is not None
    told = json.loads(msgspec.json.encode(charge_body(charge_of(stream_id), charge)))
    assert (await objects(notify, endpoint_id))[-1] == told


async def test_impossible_event_is_delivered_without_its_object(notify: Notify) -> None:
    """The merchant hears of it all the same; what the charge is after it cannot be known."""
    endpoint_id = (await notify.listen(URL)).endpoint.endpoint_id
    await notify.happen(created(), failed(), captured())
    shown = await objects(notify, endpoint_id)
    assert [one and one["status"] for one in shown] == ["processing", "failed", None]


@pytest.mark.parametrize(
    ("filters", "heard"),
    [
        (("*",), ["checkout_session.completed"]),
        (("checkout_session.*",), ["checkout_session.completed"]),
        (("checkout_session.expired",), []),
        (("charge.*",), []),
    ],
)
async def test_end_of_a_session_is_told_and_no_step_before(
    notify: Notify, pool: Pool, filters: tuple[str, ...], heard: list[str]
) -> None:
    made = await notify.listen(URL, *filters)
    session_id, charge_id = session_of(new_stream()), new_charge_id()
    started = CheckoutAttemptStarted(
        number=1, charge_id=charge_id, payment_method="card", plan=plan_for("card"), started_at=AT
    )
    completed = CheckoutSessionCompleted(number=1, charge_id=charge_id, completed_at=AT)
    commit: Commit[LogEvent] = Commit(
        provenance=PROVENANCE,
        stream_id=session_stream_of(session_id),
        events=tuple(
            NewEvent[LogEvent](one) for one in (session_created(merchant_id=MERCHANT), started, completed)
        ),
    )
    writer = Writer(pool, no_jobs, LOG_EVENTS)
    running = asyncio.create_task(writer.run())
    assert await writer.commit(commit) == Committed()
    writer.close()
    await running
    await follow(EventLog(pool, LOG_EVENTS), notify.pool, FanOut(notify.clock))
    assert await types(notify, made.endpoint.endpoint_id) == heard
    for row in await notify.deliveries_of(made.endpoint.endpoint_id):
        data = json.loads(row["body"])["data"]
        assert (data["checkout_session_id"], data["charge_id"], data["version"]) == (session_id, charge_id, 3)
        assert (data["object"]["status"], data["object"]["charge_id"]) == ("completed", charge_id)
