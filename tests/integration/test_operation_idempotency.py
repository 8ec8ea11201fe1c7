"""One idempotency key, one capture, cancellation or refund: repeated by any client, at any time, to any process."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType

import pytest

from fincore.domain.secret import Secret
from fincore.postgres.pool import Pool
from fincore.write.payments.in_flight import CLOCK_SKEW_SECONDS_MAX
from fixtures.clocks import HandClock
from fixtures.merchant_api import (
    Api,
    Reply,
    authorized,
    canceled,
    captured,
    refund_report,
    refused,
    serving_api,
)
from fixtures.waiting import eventually

OPERATIONS = ("capture", "cancel", "refund")
each_operation = pytest.mark.parametrize("operation", OPERATIONS)


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def a_charge_for(api: Api, operation: str, name: str = "charge") -> str:
    """A charge on which the operation can be asked for."""
    return await (api.paid(name) if operation == "refund" else api.held(name))


async def ask(
    api: Api,
    operation: str,
    charge_id: str,
    fields: Mapping[str, object] = MappingProxyType({}),
    *,
    idempotency_key: str = "k",
    key: Secret | None = None,
    prefer: str | None = None,
) -> Reply:
    """Ask for an operation under a key."""
    if operation == "refund":
        body = {"charge": charge_id, **fields}
        return await api.post("/v1/refunds", idempotency_key, body, key=key, prefer=prefer)
    path = f"/v1/charges/{charge_id}/{operation}"
    return await api.post(path, idempotency_key, fields or None, key=key, prefer=prefer)


def assert_replay(reply: Reply, first: Reply) -> None:
    """The same answer, byte for byte, and marked as a repeat."""
    assert (reply.status, reply.body) == (first.status, first.body)
    for header in ("Location", "Content-Type"):
        assert reply.headers.get(header) == first.headers.get(header)
    assert reply.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert reply.headers["Request-Id"] != first.headers["Request-Id"]


def firsts(replies: Iterable[Reply]) -> list[Reply]:
    return [reply for reply in replies if "Idempotent-Replayed" not in reply.headers]


async def accepted(api: Api, count: int = 2) -> None:
    """Return once that many keys were used: the charge's, and the operation's."""

    async def are_used() -> bool:
        return await api.keys_used() == count

    await eventually(are_used)


async def come_to_an_end(api: Api, operation: str, charge_id: str, *, well: bool = True) -> None:
    """Let the PSP carry out, or not, what is asked of a charge."""
    if operation == "refund":
        (refund,) = (await api.folded(charge_id)).refunds
        report = refund_report("succeeded" if well else "failed")
        await api.record_refund(charge_id, refund.refund_id, report)
    elif well:
        await api.record(charge_id, captured() if operation == "capture" else canceled())
    else:
        await api.record(charge_id, refused())


@each_operation
async def test_replayed_operation_key_gets_stored_answer(api: Api, pool: Pool, operation: str) -> None:
    charge_id = await a_charge_for(api, operation)
    first = await ask(api, operation, charge_id)
    written = await api.written()
    assert_replay(await ask(api, operation, charge_id), first)
    assert await api.written() == written
    await come_to_an_end(api, operation, charge_id)
    assert_replay(await ask(api, operation, charge_id), first)
    async with serving_api(pool) as restarted:
        # The charge as it is now would refuse: what counts is what the key got.
        for _ in range(2):  # once from the row, once from the cache filled by it
            assert_replay(await ask(restarted, operation, charge_id, key=api.key), first)


@each_operation
async def test_two_processes_that_get_one_key_at_once_do_it_once(
    api: Api, pool: Pool, operation: str
) -> None:
    charge_id = await a_charge_for(api, operation)
    before = await api.written()
    async with serving_api(pool) as other:
        replies = await asyncio.gather(
            *(ask(process, operation, charge_id, key=api.key) for _ in range(25) for process in (api, other))
        )
    (first,) = firsts(replies)
    assert first.status < 300
    assert {reply.body for reply in replies} == {first.body}
    assert await api.written() == tuple(
        count + more for count, more in zip(before, (1, 1, 1, 0), strict=True)
    )


@pytest.mark.parametrize(
    ("operation", "fields", "others"),
    [
        ("capture", {"amount_minor": 500}, ({}, {"amount_minor": 501})),
        ("cancel", {"reason": "duplicate"}, ({}, {"reason": "fraudulent"})),
        (
            "refund",
            {"amount_minor": 500, "reason": "duplicate"},
            ({"reason": "duplicate"}, {"amount_minor": 500}, {"amount_minor": 500, "metadata": {"a": "1"}}),
        ),
    ],
    ids=OPERATIONS,
)
async def test_operation_key_with_other_body_or_charge_is_refused(
    api: Api, pool: Pool, operation: str, fields: dict[str, object], others: tuple[dict[str, object], ...]
) -> None:
    charge_id = await a_charge_for(api, operation)
    another = await a_charge_for(api, operation, "another")
    await ask(api, operation, charge_id, fields)
    written = await api.written()
    async with serving_api(pool) as restarted:
        for process in (api, restarted):
            replies = [await ask(process, operation, charge_id, other, key=api.key) for other in others]
            replies.append(await ask(process, operation, another, fields, key=api.key))
            for reply in replies:
                assert reply.problem() == (422, "idempotency_key_reused", "Idempotency-Key")
    assert await api.written() == written


async def test_a_key_of_one_operation_is_no_key_for_another(api: Api) -> None:
    charge_id = await api.held("created")
    await ask(api, "capture", charge_id, idempotency_key="captured")
    await api.record(charge_id, captured())
    for used in ("created", "captured"):
        for operation in ("cancel", "refund"):
            reply = await ask(api, operation, charge_id, idempotency_key=used)
            assert reply.problem() == (422, "idempotency_key_reused", "Idempotency-Key")


async def test_equivalent_capture_body_is_replayed(api: Api) -> None:
    charge_id = await api.held()
    path = f"/v1/charges/{charge_id}/capture"
    first = await api.post(path, "k")
    for body in ({}, {"amount_minor": None}):
        assert_replay(await api.post(path, '"k"', body), first)


@each_operation
async def test_a_refused_request_leaves_its_key_unused(api: Api, operation: str) -> None:
    charge_id = (await api.charge("charge", capture=operation == "refund")).json()["id"]
    refusal = await ask(api, operation, charge_id)
    assert refusal.status == 409
    await api.record(charge_id, captured() if operation == "refund" else authorized())
    reply = await ask(api, operation, charge_id)
    assert reply.status < 300
    assert "Idempotent-Replayed" not in reply.headers


@each_operation
@pytest.mark.parametrize("well", [True, False], ids=["well", "badly"])
async def test_an_outcome_that_was_waited_for_is_replayed_as_it_was(
    api: Api, pool: Pool, operation: str, *, well: bool
) -> None:
    charge_id = await a_charge_for(api, operation)
    request = asyncio.create_task(ask(api, operation, charge_id, prefer="wait=30"))
    await accepted(api)
    await come_to_an_end(api, operation, charge_id, well=well)
    first = await request
    assert first.status == ({"capture": 200, "cancel": 200, "refund": 201}[operation] if well else 402)
    assert_replay(await ask(api, operation, charge_id), first)
    async with serving_api(pool) as restarted:
        assert_replay(await ask(restarted, operation, charge_id, key=api.key), first)


@each_operation
async def test_repeated_operation_waits_for_request_within_a_bound(pool: Pool, operation: str) -> None:
    async with (
        serving_api(pool, in_flight_wait_seconds=0.05) as api,
        serving_api(pool, in_flight_wait_seconds=0.05) as other,
    ):
        charge_id = await a_charge_for(api, operation)
        request = asyncio.create_task(ask(api, operation, charge_id, prefer="wait=30"))
        await accepted(api)
        for process in (api, other):
            reply = await ask(process, operation, charge_id, key=api.key)
            assert reply.problem() == (409, "idempotency_key_in_use", "Idempotency-Key")
            assert (reply.json()["retryable"], reply.headers["Retry-After"]) == (True, "1")
        patient = asyncio.create_task(ask(other, operation, charge_id, key=api.key, prefer="wait=30"))
        await come_to_an_end(api, operation, charge_id)
        first = await request
        assert_replay(await patient, first)


@each_operation
async def test_killed_waiting_operation_leaves_acceptance_as_answer(pool: Pool, operation: str) -> None:
    async with serving_api(pool) as api:
        charge_id = await a_charge_for(api, operation)
        request = asyncio.create_task(ask(api, operation, charge_id, prefer="wait=30"))
        await accepted(api)
        in_flight_until = await pool.fetchval(
            "select in_flight_until from eventstore.idempotency_keys where key = 'k'"
        )
        stored = await pool.fetchval("select response_body from eventstore.idempotency_keys where key = 'k'")
        # By the clock of this process the time of flight is over: to it, the first one has died.
        clock = HandClock(in_flight_until + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX))
        async with serving_api(pool, clock=clock) as other:
            reply = await ask(other, operation, charge_id, key=api.key)
        assert (reply.body, reply.headers["Idempotent-Replayed"]) == (stored, "true")
        await come_to_an_end(api, operation, charge_id)
        await request


@each_operation
async def test_the_same_key_of_another_merchant_or_mode_is_another_key(api: Api, operation: str) -> None:
    first = await ask(api, operation, await a_charge_for(api, operation))
    live = await api.new_key(livemode=True)
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    for key in (live, other):
        api.key = key
        reply = await ask(api, operation, await a_charge_for(api, operation), key=key)
        assert "Idempotent-Replayed" not in reply.headers
        assert (reply.status, reply.json()["id"] != first.json()["id"]) == (first.status, True)
