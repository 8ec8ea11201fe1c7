"""Responses that are sent as they are read: whole, broken off where reading fails, and ended where their client is gone."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

import aiohttp
import pytest

from fincore.http.connection import ConnectionBounds
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.gate import Gate
from fincore.http.openapi import Content, Operation
from fincore.http.rate_limit import RateLimiter
from fincore.http.resource import router_of
from fixtures.merchant_api import served

OPERATION = Operation(
    operation_id="numbers",
    summary="",
    description="",
    tag="",
    is_authenticated=False,
    responses={200: Content(shape=None)},
)


class Numbers:
    """Streams numbers without end, or to one at which reading fails or ends."""

    def __init__(self) -> None:
        self.gate = Gate(in_flight_max=1, waiting_max=0)
        self.is_closed = asyncio.Event()

    async def handler(self, call: Call) -> Response:
        return Response(200, b"0\n", "text/plain", stream=self._parts(call.query.decode()))

    async def _parts(self, query: str) -> AsyncGenerator[bytes, None]:
        try:
            number = 0
            while True:
                number += 1
                if query == f"end={number}":
                    return
                if query == f"fail={number}":
                    raise OSError("the store is gone")
                yield b"%d\n" % number
                await asyncio.sleep(0)
        finally:
            self.is_closed.set()

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        route = Route(method="GET", path="/numbers", operation=OPERATION, handler=self.handler)
        application = router_of(
            [route],
            gates={"requests": self.gate},
            limiter=RateLimiter(live_per_second=1, test_per_second=1),
            body_seconds_max=1,
            outage_of=lambda _: None,
        )
        async with served(application, ConnectionBounds(per_address_max=1)) as url:
            yield f"{url}/numbers"


async def until_free(gate: Gate) -> None:
    """Wait until no request has a place."""
    async with asyncio.timeout(30):
        while gate.working.taken:
            await asyncio.sleep(0.005)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_stream_is_whole_and_takes_its_place_to_its_end(session: aiohttp.ClientSession) -> None:
    numbers = Numbers()
    async with numbers.served() as url:
        for _ in range(2):  # the second one gets the only place
            await until_free(numbers.gate)
            async with session.get(f"{url}?end=4") as response:
                assert (await response.read(), response.headers.get("Content-Length")) == (
                    b"0\n1\n2\n3\n",
                    None,
                )
        await until_free(numbers.gate)
        async with session.get(url) as endless:
            await endless.content.readline()
            assert numbers.gate.working.taken == 1
            async with session.get(f"{url}?end=1") as refused:
                assert refused.status == 503


async def test_stream_that_fails_is_not_taken_for_the_whole(session: aiohttp.ClientSession) -> None:
    numbers = Numbers()
    async with numbers.served() as url:
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get(f"{url}?fail=3") as response:
                await response.read()
        await until_free(numbers.gate)
        async with session.get(f"{url}?end=2") as response:
            assert await response.read() == b"0\n1\n"


async def test_stream_ends_where_its_client_is_gone(session: aiohttp.ClientSession) -> None:
    numbers = Numbers()
    async with numbers.served() as url:
        async with session.get(url) as response:
            await response.content.readline()
            response.close()
        await asyncio.wait_for(numbers.is_closed.wait(), 30)
        await until_free(numbers.gate)
