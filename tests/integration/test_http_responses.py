"""Responses on the wire: whole ones in one write, streams as they come, and none with a header in a header."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fincore.http.asgi import HttpScope
from fincore.http.connection import ConnectionBounds
from fincore.http.response_cycle import ResponseCycle
from fixtures.http_server import connected, serving

Sends = Callable[[Any], Awaitable[None]]

BOUNDS = ConnectionBounds(per_address_max=100)
BODY = b'{"status":"processing"}'
TYPE = (b"content-type", b"application/json")
INJECTED = (b"location", b"/v1/charges\r\nset-cookie: a=b")


def length(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(body))


def application(headers: list[tuple[bytes, bytes]], *parts: bytes, status: int = 200) -> Any:
    """Answers each request with a body in parts."""

    async def respond(scope: HttpScope, receive: Any, send: Sends) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for place, part in enumerate(parts, start=1):
            await send({"type": "http.response.body", "body": part, "more_body": place < len(parts)})

    return respond


async def response_of(answering: Any, *, method: str = "GET", version: str = "1.1") -> bytes:
    """All that a client which asks once gets."""
    async with serving(answering, BOUNDS) as served, connected(served) as client:
        head = f"{method} / HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n"
        await client.send(head.encode())
        return await client.until_closed()


async def test_whole_response_has_its_length_and_its_body() -> None:
    head, _, body = (await response_of(application([TYPE, length(BODY)], BODY))).partition(b"\r\n\r\n")
    assert body == BODY
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert {b"content-type: application/json", b"content-length: 23", b"connection: close"} < set(
        head.split(b"\r\n")
    )


async def test_kept_connection_takes_one_response_after_another() -> None:
    async with serving(application([length(BODY)], BODY), BOUNDS) as served, connected(served) as client:
        for _ in range(3):
            await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"connection: close" not in await client.answer()


async def test_client_of_http_1_0_is_told_that_the_connection_ends() -> None:
    received = await response_of(application([length(BODY)], BODY), version="1.0")
    assert b"\r\nconnection: close\r\n" in received
    assert received.endswith(BODY)


async def test_response_to_head_has_the_length_and_no_body() -> None:
    received = await response_of(application([length(BODY)], BODY), method="HEAD")
    assert b"\r\ncontent-length: 23\r\n" in received
    assert received.endswith(b"\r\n\r\n")


async def test_response_without_a_length_is_sent_in_chunks() -> None:
    received = await response_of(application([TYPE], BODY))
    assert b"\r\ntransfer-encoding: chunked\r\n" in received
    assert received.endswith(b"\r\n\r\n17\r\n" + BODY + b"\r\n0\r\n\r\n")


async def test_response_without_content_has_no_length() -> None:
    received = await response_of(application([], b"", status=204))
    assert b"content-length" not in received
    assert received.endswith(b"\r\n\r\n")


async def test_stream_sends_its_head_before_it_goes_on() -> None:
    goes_on = asyncio.Event()

    async def streaming(scope: HttpScope, receive: Any, send: Sends) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        await goes_on.wait()
        await send({"type": "http.response.body", "body": BODY, "more_body": False})

    async with serving(streaming, BOUNDS) as served, connected(served) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"transfer-encoding: chunked" in await client.head()
        goes_on.set()
        assert (await client.until_closed()).endswith(BODY + b"\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("headers", "parts"),
    [
        ([INJECTED, length(BODY)], [BODY]),
        ([(b"location", b"/v1\n"), length(BODY)], [BODY]),
        ([(b"location", b"/v1\r"), length(BODY)], [BODY]),
        ([(b"location", b"/v1\0"), length(BODY)], [BODY]),
        ([length(BODY)], [BODY + b"more"]),
        ([length(BODY)], [BODY[:-1]]),
        ([], []),
    ],
    ids=["injected", "line feed", "return", "NUL", "too long", "too short", "nothing sent"],
)
async def test_response_that_breaks_http_is_a_500(
    headers: list[tuple[bytes, bytes]], parts: list[bytes]
) -> None:
    received = await response_of(application(headers, *parts))
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in received
    assert BODY[:-1] not in received


async def test_stream_with_a_header_in_a_header_ends_the_connection() -> None:
    assert await response_of(application([INJECTED], BODY, b"")) == b""


class _Writes(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))


class _Flow:
    write_paused = False


@pytest.mark.parametrize(
    ("headers", "writes"), [([length(BODY)], 1), ([], 2)], ids=["with a length", "without one"]
)
async def test_response_with_a_length_is_one_write(headers: list[tuple[bytes, bytes]], writes: int) -> None:
    transport, named = _Writes(), dict.fromkeys(("logger", "access_logger"), None)
    cycle = ResponseCycle(
        scope={"method": "GET"},  # type: ignore[typeddict-item]  # nothing else is read
        transport=transport,
        flow=_Flow(),  # type: ignore[arg-type]
        access_log=False,
        default_headers=[(b"date", b"Fri, 27 Nov 2026 08:00:00 GMT")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=lambda: None,
        **named,  # type: ignore[arg-type]
    )
    await application(headers, BODY)(None, None, cycle.send)
    assert len(transport.writes) == writes
    assert b"".join(transport.writes).startswith(b"HTTP/1.1 200 OK\r\ndate: ")
