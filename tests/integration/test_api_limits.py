"""Bounds and faults of the API: too many requests, bodies that do not come, a database that is away, a defect."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import pytest

from fincore.eventstore import writer as writer_module
from fincore.postgres import pool as pool_module
from fincore.postgres.pool import POOL_SIZE_MAX, Pool, StoreState, store_state
from fixtures.merchant_api import Api, captured, deliver, serving_api
from fixtures.waiting import PATIENCE_SECONDS, eventually


async def test_request_above_limit_is_503_and_health_still_answers(pool: Pool) -> None:
    async with serving_api(pool, requests_in_flight_max=1) as api:
        async with at_work(api) as finish:
            reply = await api.charge("l")
            assert reply.problem() == (503, "overloaded", None)
            assert reply.json()["retryable"] is True
            assert reply.headers["Retry-After"] == "1"
            assert (await api.get("/healthz")).status == 200
            assert (await deliver(api)).status == 200, "webhooks have places of their own"
            await finish()
        assert (await api.charge("l")).status == 201


async def test_merchants_cannot_be_shut_out_by_webhooks(pool: Pool) -> None:
    async with serving_api(pool, webhooks_in_flight_max=1) as api:
        head = b"POST /webhooks/stripe/test HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
        _, stream = await connect(api)
        stream.write(head)

        async def is_full() -> bool:
            return (await deliver(api)).status == 503

        await eventually(is_full)
        assert (await api.charge("k")).status == 201
        stream.close()


async def test_requests_that_wait_leave_the_places_at_work_to_others(pool: Pool) -> None:
    async with serving_api(pool, requests_in_flight_max=1, requests_waiting_max=8) as api:
        other = await api.new_key(merchant_id=await api.merchants.create_merchant("Other"))
        waiting = []
        for number in range(2):
            waiting.append(asyncio.create_task(api.charge(f"k{number}", prefer="wait=30")))

            async def is_accepted(count: int = number + 1) -> bool:
                return await api.keys_used() == count

            await eventually(is_accepted)
        # They are a quarter of the places to wait: one more is answered with what is known.
        reply = await api.charge("k2", prefer="wait=30")
        assert (reply.status, reply.json()["status"]) == (201, "processing")
        assert "Preference-Applied" not in reply.headers
        assert (await api.charge("l")).status == 201
        assert (await api.charge("m", key=other)).status == 201
        assert (await deliver(api)).status == 200
        for row in await pool.fetch(
            "select location from eventstore.idempotency_keys where key in ('k0', 'k1')"
        ):
            await api.record(row["location"].rpartition("/")[2], captured())
        for reply in await asyncio.gather(*waiting):
            assert (reply.status, reply.json()["status"]) == (201, "succeeded")
            assert reply.headers["Preference-Applied"] == "wait"


async def test_one_merchant_cannot_take_the_places_of_the_others(pool: Pool) -> None:
    async with serving_api(pool, requests_in_flight_max=4) as api:
        other = await api.new_key(merchant_id=await api.merchants.create_merchant("Other"))
        async with at_work(api) as finish:
            reply = await api.charge("l")
            assert reply.problem() == (429, "rate_limited", None)
            assert (reply.json()["retryable"], reply.headers["Retry-After"]) == (True, "1")
            assert (await api.charge("m", key=other)).status == 201
            await finish()
        assert (await api.charge("l")).status == 201


async def test_key_above_rate_limit_gets_429_with_retry_after(pool: Pool) -> None:
    async with serving_api(pool, test_per_second=0.1) as api:
        first = await api.charge("k")
        assert (first.status, first.headers["RateLimit-Policy"]) == (201, '"test";q=1;w=5')
        assert first.headers["RateLimit"] == '"test";r=0;t=10'
        reply = await api.charge("l")
        assert reply.problem() == (429, "rate_limited", None)
        assert reply.json()["retryable"] is True
        assert 1 <= int(reply.headers["Retry-After"]) <= 10
        assert reply.headers["RateLimit"].startswith('"test";r=0;t=')
        assert await api.written() == (1, 1, 1, 0)
        assert (await api.get("/v1/charges", key=await api.new_key())).status == 200
        assert (await deliver(api)).status == 200


async def test_answers_to_merchants_carry_no_store(pool: Pool) -> None:
    async with serving_api(pool) as api:
        replies = [
            await api.charge("k"),
            await api.get("/v1/charges"),
            await api.get("/v1/charges/ch_1"),
            await api.get("/v1/nothing"),
            await api.request("DELETE", "/v1/charges"),
            await api.request("GET", "/v1/charges", headers={"Authorization": "Bearer x"}),
        ]
        assert [reply.headers["Cache-Control"] for reply in replies] == ["no-store"] * 6


async def test_commit_above_limit_is_503_and_accepted_ones_are_written(pool: Pool, owner_pool: Pool) -> None:
    """A refused request leaves its key unused: repeated, it is accepted."""
    async with serving_api(pool, commits_waiting_max=2) as api:
        async with owner_pool.acquire() as somebody, somebody.transaction():
            await somebody.execute("lock table eventstore.events in share mode")
            # At most two are being written and two wait: the others are answered while nothing can be.
            asking = [asyncio.create_task(api.charge(f"k{number}")) for number in range(8)]
            for answered in itertools.islice(asyncio.as_completed(asking), 4):
                reply = await answered
                assert reply.problem() == (503, "overloaded", None)
                assert reply.headers["Retry-After"] == "1"
            assert await api.written() == (0, 0, 0, 0)
        replies = await asyncio.gather(*asking)
        taken = [reply.status for reply in replies].count(201)
        assert await api.written() == (taken, taken, taken, 0)
        again = [(await api.charge(f"k{number}")).status for number in range(8)]
        assert again == [201] * 8
        assert await api.written() == (8, 8, 8, 0)


async def test_a_body_over_the_bound_is_refused_before_it_is_read(pool: Pool) -> None:
    async with serving_api(pool) as api:
        head = charge_head(api, "Content-Length: 1000000000000")
        assert b"413" in await raw_exchange(api, head)


async def test_a_chunked_body_over_the_bound_is_refused(pool: Pool) -> None:
    async with serving_api(pool) as api:
        head = charge_head(api, "Transfer-Encoding: chunked")
        chunk = b"%x\r\n%b\r\n" % (1024, b" " * 1024)
        assert b"body_too_large" in await raw_exchange(api, head + chunk * 385)
        assert await api.written() == (0, 0, 0, 0)


async def test_a_body_that_does_not_come_in_time_is_given_up(pool: Pool) -> None:
    async with serving_api(pool, body_seconds_max=0.05) as api:
        answer = await raw_exchange(api, charge_head(api, "Content-Length: 100") + b'{"amount_minor":')
        assert b"body_too_slow" in answer


async def test_client_leaving_during_body_writes_nothing(pool: Pool) -> None:
    async with serving_api(pool) as api:
        _, stream = await connect(api)
        stream.write(charge_head(api, "Content-Length: 100") + b'{"amount_minor":')
        await stream.drain()
        stream.close()
        assert (await api.charge("k2")).status == 201
        assert await api.written() == (1, 1, 1, 0)


async def test_readyz_names_unavailable_part(pool: Pool) -> None:
    async def never() -> StoreState:
        return "unavailable"

    probes = {"eventstore": lambda: store_state(pool), "paymentdb": never}
    async with serving_api(pool, probes=probes) as api:
        reply = await api.get("/readyz")
        assert reply.status == 503
        assert reply.json() == {
            "status": "unavailable",
            "parts": {"eventstore": "ok", "paymentdb": "unavailable"},
        }
        assert (await api.get("/healthz")).status == 200


async def test_requests_during_database_outage_get_503(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "RECONNECT_DELAY_SECONDS", 0.0)
    async with serving_api(pool) as api:
        path = (await api.charge("k")).headers["Location"]
        pool.terminate()
        for reply in (await api.charge("l"), await api.get(path), await api.get("/v1/charges")):
            assert reply.problem() == (503, "store_unavailable", None)
            assert "safe" in reply.json()["detail"]
            assert reply.json()["retryable"] is True
            assert reply.headers["Retry-After"] == "2"
        assert (await api.get("/healthz")).status == 200


async def test_wait_for_free_connection_is_bounded(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "ACQUIRE_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(writer_module, "RECONNECT_DELAY_SECONDS", 0.0)
    async with serving_api(pool) as api, AsyncExitStack() as held:
        path = (await api.charge("k")).headers["Location"]
        for _ in range(POOL_SIZE_MAX):
            await held.enter_async_context(pool.acquire(timeout=PATIENCE_SECONDS))
        for reply in (await api.charge("l"), await api.get(path), await api.get("/v1/charges")):
            assert reply.problem() == (503, "store_unavailable", None)
            assert reply.headers["Retry-After"] == "2"
        await held.aclose()
        assert (await api.charge("l")).status == 201
        assert (await api.get(path)).status == 200


async def test_internal_error_is_500_without_details(pool: Pool, owner_pool: Pool) -> None:
    await owner_pool.execute("drop table paymentdb.charges")
    async with serving_api(pool) as api:
        reply = await api.get("/v1/charges")
        assert reply.problem() == (500, "internal_error", None)
        assert b"paymentdb" not in reply.body


@asynccontextmanager
async def at_work(api: Api) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A request of the API's key that is being worked on, until it is told to finish: its body is not whole."""
    reader, stream = await connect(api)
    stream.write(charge_head(api, "Content-Length: 2"))

    async def is_refused() -> bool:
        return (await api.charge("not yet")).status in (429, 503)

    async def finish() -> None:
        stream.write(b"{}")
        assert b"field_missing" in await reader.readuntil(b"}")

    await eventually(is_refused)
    try:
        yield finish
    finally:
        stream.close()


def charge_head(api: Api, framing: str) -> bytes:
    """The head of a POST /v1/charges, its body's framing as told."""
    lines = (
        "POST /v1/charges HTTP/1.1",
        f"Host: {urlsplit(api.url).netloc}",
        f"Authorization: Bearer {api.key.reveal()}",
        "Idempotency-Key: k",
        "Content-Type: application/json",
        framing,
    )
    return "\r\n".join((*lines, "", "")).encode()


async def connect(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(api.url)
    return await asyncio.open_connection(address.hostname, address.port, family=socket.AF_INET)


async def raw_exchange(api: Api, request: bytes) -> bytes:
    """Send bytes; return the answer, head and body."""
    reader, stream = await connect(api)
    stream.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(int(length.partition(b":")[2]))
    stream.close()
    return head + body
