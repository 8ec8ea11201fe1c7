"""Bounds of a connection that uvicorn leaves open: its head, its time, its peers' number. Most of the rest is uvicorn's.

uvicorn parses with httptools, which takes headers of any size and number, and has no deadline but that between requests. Each
connection keeps one moment at which it ends; `ConnectionBounds.sweep` ends those past that moment. That costs a request
an assignment, where timers of its own would cost it more than the parsing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network
from types import MappingProxyType
from typing import Any, Final, Literal
from urllib.parse import unquote

import msgspec
from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from fincore.domain.ids import new_request_id
from fincore.http.asgi import WHOLE_BODY
from fincore.http.client_address import Network, is_trusted, read_address
from fincore.http.metrics import CONNECTIONS, CONNECTIONS_ENDED
from fincore.http.problems import ProblemCode, problem_body
from fincore.http.response_cycle import ResponseCycle

HEAD_BYTES_MAX: Final = 64 * 1024
"""Request line and headers together, trailers included."""
HEADERS_MAX: Final = 200
HEAD_SECONDS_MAX: Final = 10.0
"""From the first byte of a request to the end of its headers."""
MESSAGE_SECONDS_MAX: Final = 20.0
"""From there to the end of its body, even if it was answered meanwhile; an endpoint gives a body up sooner."""
IDLE_SECONDS_MAX: Final = 75.0
"""Without a request, before the first as well as between two."""
LINGER_SECONDS_MAX: Final = 5.0
"""How long the client of a refused request may take to read the reason."""
WRITE_SECONDS_MAX: Final = 30.0
"""How long a client may leave an answer unread."""
PIPELINED_MAX: Final = 16
"""Requests of one connection that came before the answer of the one before them."""
CONNECTIONS_MAX: Final = 10_000
SWEEP_SECONDS: Final = 1.0
IPV6_PREFIX: Final = 64
"""One client has a network of its own; its addresses there count as one."""

Stage = Literal["idle", "head", "body", "response", "closing"]

_ENCODER: Final = msgspec.json.Encoder()
_AROUND_HEADER: Final = len(": \r\n")
_WHOLE_BODY: Final[dict[str, dict[object, object]]] = {WHOLE_BODY: {}}


class ConnectionBounds:
    """What all connections of a process share: their bounds, and how many each address holds.

    `refusal_headers` stand in the answer to a connection that breaks a bound. `per_address_max` does not count for `trusted` proxies and the machine itself: many clients come through one of those.
    """

    def __init__(
        self,
        *,
        per_address_max: int,
        trusted: Sequence[Network] = (),
        connections_max: int = CONNECTIONS_MAX,
        head_seconds_max: float = HEAD_SECONDS_MAX,
        message_seconds_max: float = MESSAGE_SECONDS_MAX,
        idle_seconds_max: float = IDLE_SECONDS_MAX,
        write_seconds_max: float = WRITE_SECONDS_MAX,
        sweep_seconds: float = SWEEP_SECONDS,
        counts_loopback: bool = False,
        refusal_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.head_seconds_max = head_seconds_max
        self.message_seconds_max = message_seconds_max
        self.idle_seconds_max = idle_seconds_max
        self.write_seconds_max = write_seconds_max
        self._per_address_max = per_address_max
        self._trusted = trusted
        self._connections_max = connections_max
        self._sweep_seconds = sweep_seconds
        self._counts_loopback = counts_loopback
        self.refusal_lines = b"".join(
            f"{name}: {value}\r\n".encode() for name, value in refusal_headers.items()
        )
        self._connections: set[BoundedConnection] = set()
        self._by_peer: dict[str, int] = {}

    def measure(self) -> None:
        """Let `/metrics` show the connections."""
        CONNECTIONS.set_function(lambda: len(self._connections))

    def add(self, connection: "BoundedConnection", peer: str | None) -> bool:
        """Count a connection in; False where there are too many, of all or of its peer."""
        counted = self._counted(peer)
        if len(self._connections) >= self._connections_max:
            return False
        if counted is not None:
            held = self._by_peer.get(counted, 0)
            if held >= self._per_address_max:
                return False
            self._by_peer[counted] = held + 1
        connection.counted_as = counted
        self._connections.add(connection)
        return True

    def has(self, connection: "BoundedConnection") -> bool:
        """Whether a connection was counted in."""
        return connection in self._connections

    def discard(self, connection: "BoundedConnection") -> None:
        """Count a connection out."""
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        counted = connection.counted_as
        if counted is not None:
            left = self._by_peer[counted] - 1
            if left:
                self._by_peer[counted] = left
            else:
                del self._by_peer[counted]

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Sweep for the time of the block."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeping.cancel()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_seconds)
            now = asyncio.get_running_loop().time()
            for connection in tuple(self._connections):
                connection.end_if_late(now)

    def _counted(self, peer: str | None) -> str | None:
        """As what a peer counts; None for one that may hold any number."""
        address = read_address(peer or "")
        if address is None or is_trusted(address, self._trusted):
            return None
        if address.is_loopback and not self._counts_loopback:
            return None
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, IPV6_PREFIX), strict=False))
        return str(address)


class BoundedConnection(HttpToolsProtocol):
    """One connection within its bounds. What breaks one is answered where it can be, and the connection ends."""

    def __init__(self, *arguments: Any, bounds: ConnectionBounds, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.counted_as: str | None = None
        self._bounds = bounds
        self._ends_at = 0.0
        self._unread_until: float | None = None
        self._stage: Stage = "idle"
        self._head_bytes = 0
        self._silent_bytes = 0
        self._refused_as: ProblemCode | None = None
        self._is_over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._enter("idle", self._bounds.idle_seconds_max)
        if not self._bounds.add(self, self.client[0] if self.client else None):
            self._refuse("connections_too_many")

    def connection_lost(self, exc: Exception | None) -> None:
        self._bounds.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._silent_bytes += len(data)
        super().data_received(data)
        if self._silent_bytes > HEAD_BYTES_MAX and not self._is_over:
            # More than a head of bytes, and the parser has nothing to tell: one line that does not end.
            self._refuse("headers_too_large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._silent_bytes = 0
        self._enter("head", self._bounds.head_seconds_max)

    def on_url(self, url: bytes) -> None:
        self._silent_bytes = 0
        self._head_bytes += len(url)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._give_up("headers_too_large")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # In one place, without calls that could be spared: this is done for each header of each request.
        self._silent_bytes = 0
        self._head_bytes += len(name) + len(value) + _AROUND_HEADER
        HttpToolsProtocol.on_header(self, name, value)
        if self._head_bytes > HEAD_BYTES_MAX or len(self.headers) > HEADERS_MAX:
            self._give_up("headers_too_large")

    def on_headers_complete(self) -> None:
        self._silent_bytes = 0
        self._enter("body", self._bounds.message_seconds_max)
        if len(self.pipeline) >= PIPELINED_MAX:
            self._end("pipelined")
            self._give_up("request_unreadable")
        before = self.cycle
        self.cycle = self._cycle()
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _cycle(self) -> ResponseCycle:
        """The request that the parser has read the head of. Neither WebSockets nor a root path, as uvicorn knows them."""
        version = self.parser.get_http_version()
        url = parse_url(self.url)
        path = url.path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = url.path
        self.scope["query_string"] = url.query or b""
        return ResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._silent_bytes = 0
        super().on_message_complete()
        self.scope["extensions"] = _WHOLE_BODY
        if self.cycle is not None and self.cycle.response_complete:
            self._enter("idle", self._bounds.idle_seconds_max)
        else:
            self._enter("response", None)

    def on_response_complete(self) -> None:
        # uvicorn's without its timer: a connection that waits for a request has its moment here.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._stage == "response" and self.cycle.response_complete:
            self._enter("idle", self._bounds.idle_seconds_max)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- uvicorn's words are not for clients
        self._refuse(self._refused_as or "request_unreadable")

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_until = self.loop.time() + self._bounds.write_seconds_max

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_until = None

    def end_if_late(self, now: float) -> None:
        """End the connection if its moment has passed."""
        if self._unread_until is not None and now > self._unread_until:
            self._end("unread")
        elif self._ends_at and now > self._ends_at:
            if self._stage == "head":
                self._refuse("head_too_slow")
            else:
                self._end(self._stage)

    def _enter(self, stage: Stage, seconds_max: float | None) -> None:
        self._stage = stage
        self._ends_at = 0.0 if seconds_max is None else self.loop.time() + seconds_max

    def _give_up(self, code: ProblemCode) -> None:
        """Stop the parser: what its callbacks raise comes out of it as an error, which `send_400_response` answers."""
        self._refused_as = code
        raise ValueError(code)

    def _refuse(self, code: ProblemCode) -> None:
        """Answer that no request can be read, unless an earlier one is still being answered, and end the connection.

        A connection that is closed with bytes unread is reset, and its client may never see the response: so it is only
        closed from our side, and what comes is thrown away until the client closes too or its time is over.
        """
        if self._is_over:
            return
        self._is_over = True
        CONNECTIONS_ENDED.labels(code).inc()
        if self._may_respond():
            self.transport.write(self._problem(code))
        if self._bounds.has(self) and self.transport.can_write_eof():
            self.transport.write_eof()
            self._enter("closing", LINGER_SECONDS_MAX)
        else:
            self.transport.close()

    def _may_respond(self) -> bool:
        """Whether it is the turn of the request at fault, which may already be with the application."""
        if self.cycle is None or self.cycle.response_complete:
            return True
        if self._stage != "body" or self.pipeline or self.cycle.response_started:
            return False
        self.cycle.disconnected = True  # the application's response is not wanted any more
        self.cycle.message_event.set()
        return True

    def _problem(self, code: ProblemCode) -> bytes:
        request_id = new_request_id()
        body = problem_body(code, request_id)
        content = _ENCODER.encode(body)
        head = [
            STATUS_LINE[body.status],
            *(b"%b: %b\r\n" % header for header in self.server_state.default_headers),
            b"content-type: application/problem+json\r\n",
            b"content-length: %d\r\n" % len(content),
            b"request-id: %b\r\n" % request_id.encode(),
            self._bounds.refusal_lines,
            b"connection: close\r\n\r\n",
        ]
        return b"".join((*head, content))

    def _end(self, why: str) -> None:
        self._is_over = True
        CONNECTIONS_ENDED.labels(why).inc()
        self.transport.abort()
