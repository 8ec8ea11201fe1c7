"""One HTTP/1.1 connection over httptools.

The sandbox owns its sockets rather than handing them to a web framework for two reasons: a fault has to hold, reset
or cut a connection at will; and a PSP that shares two cores with the system under load must cost little (10 us a
request here; aiohttp.web takes 41, a bare ASGI application on uvicorn 36, same machine and same request).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote

import httptools

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Request, Response

MAX_BODY_BYTES = 1 << 20
MAX_HEAD_BYTES = 64 << 10
MAX_PIPELINED = 16
IDLE_SECONDS = 75.0
LINGER_SECONDS = 2.0
NO_CONTENT = HTTPStatus.NO_CONTENT

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Exchange:
    """A request and its one chance to be answered, cut off or left hanging."""

    __slots__ = ("_connection", "_keep_alive", "request")

    def __init__(self, connection: "Connection", request: Request, *, keep_alive: bool) -> None:
        self.request = request
        self._connection = connection
        self._keep_alive = keep_alive

    def respond(self, response: Response, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Write the answer. Does nothing if the client is gone."""
        self._connection.respond(self, response, headers, keep_alive=self._keep_alive)

    def cut(self, response: Response, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Write an answer with JSON that breaks off half-way, and with a length that says it is whole."""
        body = response.body()
        broken = Response(
            status=response.status, payload=body[: len(body) // 2], content_type=response.content_type
        )
        self._connection.respond(self, broken, headers, keep_alive=self._keep_alive)

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self._connection.close()

    def reset(self) -> None:
        """Abort the connection: the client sees a reset."""
        self._connection.abort()


Handler = Callable[[Exchange], None]


class Connection(asyncio.Protocol):
    """Parses requests and hands them over one at a time; answers go out in the order of the requests."""

    def __init__(self, handler: Handler, connections: "set[Connection]") -> None:
        self.last_active = time.monotonic()
        self._handler = handler
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._refused = False

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        return self._current is not None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client, or we, closed."""
        self._transport = None
        self._waiting.clear()
        self._connections.discard(self)

    def pause_writing(self) -> None:
        """The client does not read its answers: take no more requests from it."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; each complete message ends in `on_message_complete`."""
        self.last_active = time.monotonic()
        if self._refused:
            return
        try:
            self._parser.feed_data(data)
        except _TooLarge as error:
            self._refuse(error.status)
        except httptools.HttpParserUpgrade:
            self._refuse(400)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, _TooLarge) else 400)
        if len(self._waiting) > MAX_PIPELINED and self._transport is not None:
            self._transport.pause_reading()

    # httptools callbacks

    def on_message_begin(self) -> None:
        """A new request."""
        self._url, self._headers, self._head_bytes = b"", {}, 0
        self._body, self._body_bytes = [], 0

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers[name.lower()] = value
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """The head is whole; a client that asks first is told to go on."""
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > MAX_BODY_BYTES:
            raise _TooLarge(413)
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The request is whole: hand it over, now or after the one before it."""
        url = httptools.parse_url(self._url)
        path = (url.path or b"/").decode("latin-1")
        request = Request(
            id=new_id("req"),
            method=self._parser.get_method().decode("latin-1"),
            path=unquote(path) if "%" in path else path,
            query=url.query or b"",
            headers=self._headers,
            body=b"".join(self._body),
        )
        exchange = Exchange(self, request, keep_alive=self._parser.should_keep_alive())
        if self._current is None:
            self._current = exchange
            self._handler(exchange)
        else:
            self._waiting.append(exchange)

    # for Exchange and the server

    def respond(
        self,
        exchange: Exchange,
        response: Response,
        headers: tuple[tuple[str, str], ...],
        *,
        keep_alive: bool,
    ) -> None:
        """Write an answer and go on with the next request that waits."""
        transport = self._transport
        if transport is None or exchange is not self._current:
            return
        transport.write(_encoded(exchange.request, response, headers, keep_alive=keep_alive))
        self.last_active = time.monotonic()
        self._current = None
        if not keep_alive:
            transport.close()
        elif self._waiting:
            # Through the loop, not by recursion: a client may have sent a thousand requests at once.
            self._current = self._waiting.popleft()
            asyncio.get_running_loop().call_soon(self._handler, self._current)
            transport.resume_reading()

    def close(self) -> None:
        """Close after what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once, dropping what was not sent."""
        if self._transport is not None:
            self._transport.abort()

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _TooLarge(431)

    def _refuse(self, status: int) -> None:
        """Answer what cannot be read, and close a little later.

        Closing with bytes unread would make the kernel send a reset, which can overtake the answer.
        """
        if self._transport is not None and not self._refused:
            self._refused = True
            head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            self._transport.write(head.encode())
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self.abort)


class _TooLarge(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _encoded(
    request: Request, response: Response, headers: tuple[tuple[str, str], ...], *, keep_alive: bool
) -> bytes:
    body = response.body()
    extra = "".join([f"{name}: {value}\r\n" for name, value in (*headers, *response.headers)])
    # A 204 has no body, and so no length of one (RFC 9110, 8.6).
    content = f"Content-Type: {response.content_type}\r\nContent-Length: {len(body)}\r\n"
    head = (
        f"HTTP/1.1 {response.status} {_REASONS.get(response.status, '')}\r\n"
        f"{'' if response.status == NO_CONTENT else content}"
        f"{extra}{'' if keep_alive else 'Connection: close' + chr(13) + chr(10)}\r\n"
    ).encode("latin-1", "replace")
    return head if request.method == "HEAD" else head + body
