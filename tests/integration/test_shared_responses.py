"""A cache that processes share holds final responses alone, and gives them back as their rows would."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest

from fincore.eventstore.commit import IdempotencyKey, StoredResponse
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, captured, serving_api
from fixtures.waiting import eventually


class Memory:
    """The port SharedResponses as a table of this process."""

    def __init__(self) -> None:
        self.kept: dict[IdempotencyKey, StoredResponse] = {}

    async def find(self, key: IdempotencyKey) -> StoredResponse | None:
        return self.kept.get(key)

    def keep(self, key: IdempotencyKey, stored: StoredResponse) -> None:
        self.kept[key] = stored


class Processes(NamedTuple):
    """Two processes of the API, and the cache that they share."""

    one: Api
    other: Api
    shared: Memory

    async def forget_rows(self) -> None:
        """From now on only the cache knows what keys got."""
        await self.one.pool.execute("delete from eventstore.idempotency_keys")


@pytest.fixture
async def processes(pool: Pool) -> AsyncIterator[Processes]:
    shared = Memory()
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(serving_api(pool, shared=shared)) for _ in range(2)]
        other.key = one.key
        yield Processes(one, other, shared)


async def test_repeated_charge_gets_the_response_of_the_cache(processes: Processes) -> None:
    first = await processes.one.charge("k")
    await processes.forget_rows()
    again = await processes.other.charge("k")
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, first.body, "true")
    assert again.headers["Location"] == first.headers["Location"]
    assert await processes.one.pool.fetchval("select count(*) from eventstore.events") == 1


async def test_another_body_under_a_cached_key_is_refused(processes: Processes) -> None:
    first = await processes.one.charge("k")
    await processes.forget_rows()
    refused = await processes.other.charge("k", amount_minor=5)
    assert refused.problem() == (422, "idempotency_key_reused", "Idempotency-Key")
    assert (await processes.other.charge("k")).body == first.body


async def test_response_read_from_its_row_is_kept(processes: Processes) -> None:
    first = await processes.one.charge("k")
    processes.shared.kept.clear()
    assert (await processes.other.charge("k")).body == first.body
    (stored,) = processes.shared.kept.values()
    assert stored.response.body == first.body


async def test_refusal_is_not_kept(processes: Processes) -> None:
    refused = await processes.one.charge("k", amount_minor=0)
    assert refused.status == 422
    assert not processes.shared.kept
    assert (await processes.other.charge("k")).status == 201


async def test_response_in_flight_is_kept_once_it_is_final(processes: Processes) -> None:
    waiting = asyncio.create_task(processes.one.charge("k", prefer="wait=30"))

    async def is_accepted() -> bool:
        return await processes.one.keys_used() == 1

    await eventually(is_accepted)
    assert not processes.shared.kept
    location = await processes.one.pool.fetchval("select location from eventstore.idempotency_keys")
    await processes.one.record(location.rpartition("/")[2], captured())
    final = await waiting
    await processes.forget_rows()
    assert final.json()["status"] == "succeeded"
    assert (await processes.other.charge("k")).body == final.body


async def test_one_process_asks_the_cache_once_for_a_key(processes: Processes) -> None:
    await processes.one.charge("k")
    processes.shared.kept.clear()
    await processes.forget_rows()
    assert (await processes.one.charge("k")).headers["Idempotent-Replayed"] == "true"
    assert not processes.shared.kept
