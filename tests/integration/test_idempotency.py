"""One idempotency key, one charge: repeated by any client, at any time, to any process."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from fincore.api.charges.body import render_charge
from fincore.domain.clock import SystemClock
from fincore.domain.ids import new_request_id
from fincore.eventstore.commit import Commit, IdempotencyKey, Provenance, RenderedResponse, StoredResponse
from fincore.eventstore.watch import StreamWatch
from fincore.http.idempotency_key import fingerprint_of
from fincore.postgres.pool import Pool
from fincore.write.charges import CHARGES
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.idempotent_requests import IdempotentRequests
from fincore.write.payments.in_flight import CLOCK_SKEW_SECONDS_MAX
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.payment_service import PaymentService
from fincore.write.payments.response_cache import ResponseCache
from fincore.write.risk.engine import NoEngine
from fincore.write.routing.account_router import AccountRouter
from fixtures.clocks import HandClock
from fixtures.merchant_api import ACCOUNTS, Api, Reply, captured, declined, serving_api
from fixtures.waiting import eventually


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


def payment_service(api: Api) -> PaymentService:
    """The service behind POST /v1/charges, for a request that ends with its process."""
    clock = SystemClock()
    outcomes = OutcomeWait(CHARGES, api.log, StreamWatch(api.log))
    requests = IdempotentRequests(
        writer=api.writer,
        clock=clock,
        responses=ResponseCache(),
    )
    return PaymentService(
        requests=requests,
        outcomes=outcomes,
        clock=clock,
        router=AccountRouter(ACCOUNTS),
        risk=NoEngine(),
        limits={},
        find_response=api.writer.find_response,
        render=render_charge,
    )


def assert_replay(reply: Reply, first: Reply) -> None:
    """The same answer, byte for byte, and marked as a repeat."""
    assert (reply.status, reply.body) == (first.status, first.body)
    for header in ("Location", "Content-Type"):
        assert reply.headers[header] == first.headers[header]
    assert reply.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert reply.headers["Request-Id"] != first.headers["Request-Id"]


def firsts(replies: Iterable[Reply]) -> list[Reply]:
    return [reply for reply in replies if "Idempotent-Replayed" not in reply.headers]


async def accepted(api: Api, count: int = 1) -> None:
    """Return once that many keys were used."""

    async def are_used() -> bool:
        return await api.keys_used() == count

    await eventually(are_used)


async def the_charge_id(api: Api) -> str:
    location = await api.pool.fetchval("select location from eventstore.idempotency_keys")
    return str(location).rpartition("/")[2]


async def test_a_replayed_key_gets_the_stored_answer_byte_for_byte(api: Api) -> None:
    first = await api.charge("k", metadata={"b": "1", "a": "2"})
    assert_replay(await api.charge("k", metadata={"b": "1", "a": "2"}), first)
    assert await api.written() == (1, 1, 1, 0)


async def test_the_answer_stays_the_same_after_the_charge_went_on(api: Api) -> None:
    first = await api.charge("k")
    await api.record(first.json()["id"], captured())
    assert_replay(await api.charge("k"), first)


async def test_a_process_that_never_saw_the_key_gives_the_same_answer(api: Api, pool: Pool) -> None:
    first = await api.charge("k")
    async with serving_api(pool) as restarted:
        for _ in range(2):  # once from the row, once from the cache filled by it
            assert_replay(await restarted.charge("k", key=api.key), first)
    assert await api.written() == (1, 1, 1, 0)


async def test_fifty_requests_at_once_with_one_key_make_one_charge(api: Api) -> None:
    replies = await asyncio.gather(*(api.charge("k") for _ in range(50)))
    (first,) = firsts(replies)
    assert {reply.body for reply in replies} == {first.body}
    assert await api.written() == (1, 1, 1, 0)


async def test_two_processes_that_get_one_key_at_once_make_one_charge(api: Api, pool: Pool) -> None:
    async with serving_api(pool) as other:
        requests = [process.charge("k", key=api.key) for _ in range(25) for process in (api, other)]
        replies = await asyncio.gather(*requests)
    (first,) = firsts(replies)
    assert {reply.body for reply in replies} == {first.body}
    assert await api.written() == (1, 1, 1, 0)


async def test_a_key_with_another_body_is_refused(api: Api, pool: Pool) -> None:
    await api.charge("k")
    async with serving_api(pool) as restarted:
        for process in (api, restarted):
            for reply in (
                await process.charge("k", key=api.key, amount_minor=2000),
                await process.charge("k", key=api.key, metadata={"a": "1"}),
                await process.charge("k", key=api.key, capture=False),
            ):
                assert reply.problem() == (422, "idempotency_key_reused", "Idempotency-Key")
    assert await api.written() == (1, 1, 1, 0)


async def test_equivalent_charge_body_is_replayed(api: Api) -> None:
    first = await api.charge("k", metadata={"a": "1", "b": "2"})
    headers = {"Idempotency-Key": '"k"', "Content-Type": "application/json; charset=utf-8"}
    same = {
        "metadata": {"b": "2", "a": "1"},
        "payment_method": "pm_card_visa",
        "currency": "USD",
        "capture": True,
        "description": None,
        "amount_minor": 1999,
    }
    data = json.dumps(same, indent=2).encode()
    assert_replay(await api.request("POST", "/v1/charges", headers=headers, data=data), first)


async def test_the_same_key_of_another_merchant_or_mode_is_another_key(api: Api) -> None:
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    live = await api.new_key(livemode=True)
    replies = [await api.charge("k", key=key) for key in (None, other, live)]
    assert len(firsts(replies)) == 3
    assert len({reply.json()["id"] for reply in replies}) == 3


async def test_keys_of_one_merchant_and_mode_share_idempotency_keys(api: Api) -> None:
    first = await api.charge("k")
    assert_replay(await api.charge("k", key=await api.new_key()), first)


async def test_a_request_with_a_wrong_body_leaves_its_key_unused(api: Api) -> None:
    assert (await api.charge("k", amount_minor=0)).status == 422
    assert firsts([await api.charge("k")])


async def test_a_decline_that_was_waited_for_is_replayed_as_it_was(api: Api, pool: Pool) -> None:
    request = asyncio.create_task(api.charge("k", prefer="wait=30"))
    await accepted(api)
    await api.record(await the_charge_id(api), declined())
    first = await request
    assert first.status == 402
    assert_replay(await api.charge("k"), first)
    assert_replay(await api.charge("k", prefer="wait=5"), first)
    async with serving_api(pool) as restarted:
        assert_replay(await restarted.charge("k", key=api.key), first)


async def test_answer_at_end_of_wait_is_final(api: Api, pool: Pool) -> None:
    first = await api.charge("k", prefer="wait=1")
    await api.record(first.json()["id"], captured())
    assert_replay(await api.charge("k"), first)
    async with serving_api(pool) as restarted:
        assert_replay(await restarted.charge("k", key=api.key), first)


async def test_repeated_charge_waits_for_request_in_flight(api: Api, pool: Pool) -> None:
    async with serving_api(pool) as other:
        request = asyncio.create_task(api.charge("k", prefer="wait=30"))
        await accepted(api)
        here = asyncio.create_task(api.charge("k", prefer="wait=30"))
        there = asyncio.create_task(other.charge("k", key=api.key, prefer="wait=30"))
        await asyncio.sleep(
            0.3
        )  # both have come to wait; were they not, they would be answered in processing
        await api.record(await the_charge_id(api), captured())
        first = await request
        assert first.json()["status"] == "succeeded"
        assert_replay(await here, first)
        assert_replay(await there, first)


async def test_repeat_of_request_in_flight_waits_within_a_bound(pool: Pool) -> None:
    async with (
        serving_api(pool, in_flight_wait_seconds=0.05) as api,
        serving_api(pool, in_flight_wait_seconds=0.05) as other,
    ):
        request = asyncio.create_task(api.charge("k", prefer="wait=30"))
        await accepted(api)
        for process in (api, other):
            reply = await process.charge("k", key=api.key)
            assert reply.problem() == (409, "idempotency_key_in_use", "Idempotency-Key")
            assert reply.json()["retryable"] is True
            assert reply.headers["Retry-After"] == "1"
        await api.record(await the_charge_id(api), captured())
        assert (await request).status == 201


async def test_another_body_under_a_key_in_flight_is_refused_at_once(api: Api, pool: Pool) -> None:
    async with serving_api(pool) as other:
        request = asyncio.create_task(api.charge("k", prefer="wait=30"))
        await accepted(api)
        for process in (api, other):
            reply = await process.charge("k", key=api.key, amount_minor=5, prefer="wait=30")
            assert reply.problem() == (422, "idempotency_key_reused", "Idempotency-Key")
        await api.record(await the_charge_id(api), captured())
        await request


async def test_killed_waiting_charge_leaves_acceptance_as_answer(api: Api, pool: Pool) -> None:
    (key,) = await api.merchants.list_keys(api.merchant_id)
    request = ChargeRequest(amount_minor=1999, currency="usd", payment_method="pm_card_visa")
    dying = asyncio.create_task(
        payment_service(api).charge(
            ChargeCommand(
                merchant_id=api.merchant_id,
                livemode=False,
                actor=key.key_id,
                request_id=new_request_id(),
                idempotency_key="k",
                fingerprint=fingerprint_of("POST", "/v1/charges", request),
                request=request,
                wait_seconds=30.0,
            )
        )
    )
    await accepted(api)
    dying.cancel()
    await asyncio.wait({dying})
    await api.record(await the_charge_id(api), captured())

    in_flight_until = await pool.fetchval("select in_flight_until from eventstore.idempotency_keys")
    clock = HandClock(in_flight_until + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX - 0.001))
    async with serving_api(pool, clock=clock, in_flight_wait_seconds=0.05) as restarted:
        early = await restarted.charge("k", key=api.key)
        assert early.problem() == (409, "idempotency_key_in_use", "Idempotency-Key")
        clock.at += timedelta(milliseconds=1)
        reply = await restarted.charge("k", key=api.key)
    stored = await pool.fetchval("select response_body from eventstore.idempotency_keys")
    assert (reply.status, reply.body, reply.headers["Idempotent-Replayed"]) == (201, stored, "true")
    assert reply.json()["status"] == "processing"
    assert await api.written() == (2, 1, 1, 0)


async def test_late_answer_yields_to_final_answer(pool: Pool) -> None:
    # The process's clock runs an hour behind the database's: to the database the time of flight is over at once.
    clock = HandClock(datetime.now(UTC) - timedelta(hours=1))
    async with serving_api(pool, clock=clock) as api:
        request = asyncio.create_task(api.charge("k", prefer="wait=30"))
        await accepted(api)
        clock.at += timedelta(minutes=2)
        await api.record(await the_charge_id(api), captured())
        first = await request
        stored = await pool.fetchval("select response_body from eventstore.idempotency_keys")
        assert first.body == stored
        assert first.json()["status"] == "processing"
        assert_replay(await api.charge("k"), first)


async def test_every_printable_key_works(api: Api) -> None:
    for key in ("a", "x" * 255, str(uuid4()), "order:6735/1", '"with space"', '"a\\"b\\\\c"'):
        first = await api.charge(key)
        assert first.status == 201
        assert_replay(await api.charge(key), first)


async def test_key_of_release_0_2_0_gets_its_first_response(api: Api) -> None:
    """The upgrade lies between the request and its repetition: the fingerprint is the one that 0.2.0 stored."""
    first = RenderedResponse(201, b'{"id": "ch_of_0_2_0"}', "/v1/charges/ch_of_0_2_0")
    fingerprint = bytes.fromhex("57be29d8886ca43bfa0cb0517164c6b13431607bb9c2bee689087bd51deef413")
    await api.writer.commit(
        Commit(
            provenance=Provenance(correlation="req_of_0_2_0", actor="key_1"),
            idempotency=(
                IdempotencyKey(api.merchant_id, False, "k"),
                StoredResponse(fingerprint=fingerprint, response=first),
            ),
        )
    )
    before = await api.written()
    replayed = await api.charge("k")
    assert (replayed.status, replayed.body) == (201, first.body)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert (await api.charge("k", payment_method="pm_other")).problem()[1] == "idempotency_key_reused"
    assert await api.written() == before
