"""Connections that do not behave: real sockets, each ended within its bounds and none at another's cost."""

import asyncio
import json
import socket
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_network
from typing import Any

import pytest

from fincore.http.connection import HEAD_BYTES_MAX, HEADERS_MAX, PIPELINED_MAX, ConnectionBounds
from fixtures import http_server
from fixtures.http_server import Served, connected
from fixtures.waiting import PATIENCE_SECONDS

LINE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
REQUEST = LINE + b"\r\n"
HURRIED: dict[str, Any] = {"sweep_seconds": 0.01}
"""Deadlines are looked at often; none is short unless a test says so."""


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once, without a look at the body; `/large` at length."""
    body = b"x" * 300_000 if scope["path"] == "/large" else b"{}"
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serving(bounds: ConnectionBounds) -> AbstractAsyncContextManager[Served]:
    return http_server.serving(application, bounds)


async def ask_without_end(deaf: socket.socket) -> None:
    """Send requests and read no answer."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await asyncio.get_running_loop().sock_sendall(deaf, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")


def code_of(received: bytes) -> tuple[int, str]:
    """Status and code of the last answer received, which must be a whole problem."""
    head, _, body = received.rpartition(b"\r\n\r\n")
    problem = json.loads(body)
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert problem["status"] == int(head.rpartition(b"HTTP/1.1 ")[2][:3])
    return problem["status"], problem["code"]


def bounds(**changed: Any) -> ConnectionBounds:
    return ConnectionBounds(per_address_max=100, **(HURRIED | changed))


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", REQUEST], ids=["nothing", "line ends", "after a request"])
async def test_a_connection_without_a_request_ends(sent: bytes) -> None:
    async with serving(bounds(idle_seconds_max=0.1)) as served, connected(served) as client:
        await client.send(sent)
        received = await client.until_closed()
        assert received.startswith(b"HTTP/1.1 200") == (sent == REQUEST)


@pytest.mark.parametrize("sent", [b"G", b"GET /healthz", LINE, REQUEST + LINE])
async def test_a_head_that_does_not_end_is_answered_408(sent: bytes) -> None:
    async with serving(bounds(head_seconds_max=0.1)) as served, connected(served) as client:
        await client.send(sent)
        assert code_of(await client.until_closed()) == (408, "head_too_slow")


async def test_a_body_that_does_not_end_ends_the_connection() -> None:
    head = b"POST /v1/charges HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    async with serving(bounds(message_seconds_max=0.1)) as served, connected(served) as client:
        await client.send(head + b"{")
        received = await client.until_closed()
        assert received.startswith(b"HTTP/1.1 200"), "answered before the body was there"


async def test_client_that_reads_no_answers_is_disconnected() -> None:
    async with serving(bounds(write_seconds_max=0.1)) as served:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect(("127.0.0.1", served.port))
            deaf.setblocking(False)
            with pytest.raises(ConnectionError):
                await ask_without_end(deaf)


@pytest.mark.parametrize(
    "head",
    [
        LINE + b"a: %b\r\n\r\n" % (b"x" * HEAD_BYTES_MAX),
        LINE + b"a: %b\r\n" % (b"x" * 1_000) * 70 + b"\r\n",
        LINE + b"a:\r\n" * HEADERS_MAX + b"\r\n",
        b"GET /%b HTTP/1.1\r\n\r\n" % (b"x" * HEAD_BYTES_MAX),
        LINE + b"a: " + b"x" * 10 * HEAD_BYTES_MAX,
        b"GET /" + b"x" * 10 * HEAD_BYTES_MAX,
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + b"a: %b\r\n" % (b"x" * 1_000) * 70,
    ],
    ids=["one header", "many headers", "small headers", "path", "endless header", "endless path", "trailers"],
)
async def test_a_head_beyond_64_kib_is_refused(head: bytes) -> None:
    async with serving(bounds()) as served:
        async with connected(served) as client:
            await client.send(head)
            assert code_of(await client.until_closed()) == (431, "headers_too_large")
        async with connected(served) as client:
            await client.send(LINE + b"a: %b\r\n\r\n" % (b"x" * (HEAD_BYTES_MAX - 100)))
            assert (await client.answer()).startswith(b"HTTP/1.1 200")


async def test_bytes_that_are_not_http_get_a_problem() -> None:
    async with serving(bounds()) as served, connected(served) as client:
        await client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01")
        assert code_of(await client.until_closed()) == (400, "request_unreadable")


async def test_requests_sent_ahead_are_answered_up_to_a_bound() -> None:
    async with serving(bounds()) as served:
        async with connected(served) as client:
            await client.send(REQUEST * PIPELINED_MAX)
            for _ in range(PIPELINED_MAX):
                assert (await client.answer()).startswith(b"HTTP/1.1 200")
        async with connected(served) as client:
            await client.send(REQUEST * 1_000)
            assert (await client.until_closed()).count(b"HTTP/1.1 200") < 1_000


async def test_one_address_holds_no_more_than_its_connections() -> None:
    limited = ConnectionBounds(per_address_max=2, counts_loopback=True, **HURRIED)
    async with serving(limited) as served, connected(served) as first, connected(served) as second:
        for client in (first, second):
            await client.send(REQUEST)
            await client.answer()
        async with connected(served) as third:
            assert code_of(await third.until_closed()) == (503, "connections_too_many")
        await second.send(REQUEST)
        assert (await second.answer()).startswith(b"HTTP/1.1 200")
        await first.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await first.until_closed()
        async with connected(served) as fourth:
            await fourth.send(REQUEST)
            assert (await fourth.answer()).startswith(b"HTTP/1.1 200")


async def test_a_trusted_proxy_holds_any_number_up_to_all() -> None:
    limited = ConnectionBounds(
        per_address_max=1,
        connections_max=3,
        trusted=[ip_network("127.0.0.0/8")],
        counts_loopback=True,
        **HURRIED,
    )
    async with (
        serving(limited) as served,
        connected(served) as one,
        connected(served) as two,
        connected(served) as three,
    ):
        for client in (one, two, three):
            await client.send(REQUEST)
            assert (await client.answer()).startswith(b"HTTP/1.1 200")
        async with connected(served) as four:
            assert code_of(await four.until_closed()) == (503, "connections_too_many")


async def test_every_answer_has_a_date() -> None:
    async with serving(bounds()) as served, connected(served) as client:
        await client.send(REQUEST)
        assert b"\r\ndate: " in await client.answer()
