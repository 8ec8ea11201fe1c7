"""One connection to a server of Redis or Valkey: commands one after the other without waiting, within bounds, and again after a loss."""

import asyncio
import contextlib
import random
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, NamedTuple, cast

import structlog

from fincore.domain.secret import Secret
from fincore.redis.metrics import IS_CONNECTED
from fincore.redis.protocol import NotTheProtocol, RefusedCommand, Reply, ReplyReader, packed
from fincore.redis.server_address import ServerAddress

CONNECT_SECONDS_MAX: Final = 2.0
ANSWER_SECONDS_MAX: Final = 0.025
"""How long a command may be unanswered; then the connection is given up, with all that wait on it."""
PAUSE_SECONDS: Final = 0.5
PAUSE_SECONDS_MAX: Final = 30.0
"""Between two connections: doubled with each one that did not last as long as the longest pause."""
UNANSWERED_MAX: Final = 1_000
"""Commands on their way at once; more are answered with `Away`."""

_log = structlog.get_logger(__name__)


class Away(NamedTuple):
    """Nothing is known: there is no connection, or no answer came within the bound."""


AWAY: Final = Away()


class _Unanswered(NamedTuple):
    sent_at: float
    answer: "asyncio.Future[Reply | Away] | None"


class _Wire(asyncio.Protocol):
    """The connection's bytes. Replies come in the order of the commands (RESP2); one that does not fit ends the connection."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._loop = asyncio.get_running_loop()
        self._replies = ReplyReader()
        self._unanswered: deque[_Unanswered] = deque()
        self._unsent: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._is_full = False
        self.ended: asyncio.Future[str] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("closed" if exc is None else type(exc).__name__)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False

    def data_received(self, data: bytes) -> None:
        if self.ended.done():
            return
        try:
            replies = self._replies.read(data)
        except NotTheProtocol:
            self.close("does not speak the protocol")
            return
        for reply in replies:
            if not self._unanswered:
                self.close("answers to nothing")
                return
            answer = self._unanswered.popleft().answer
            if answer is not None and not answer.done():
                answer.set_result(reply)
            if isinstance(reply, RefusedCommand):
                self.close(f"refuses a command ({reply.kind})")
                return

    def send(self, *words: bytes, is_answered: bool) -> "asyncio.Future[Reply | Away] | None":
        """Send a command; return what its reply will be, where the caller waits for it. None: it was not sent."""
        if self.ended.done() or self._transport is None or self._is_full:
            return None
        if len(self._unanswered) >= UNANSWERED_MAX:
            return None
        answer: asyncio.Future[Reply | Away] | None = self._loop.create_future() if is_answered else None
        self._unanswered.append(_Unanswered(self._loop.time(), answer))
        if not self._unsent:  # what is sent in one turn of the loop is one write
            self._loop.call_soon(self._flush)
        self._unsent.append(packed(*words))
        if self._watch is None:
            self._watch = self._loop.call_later(self._answer_seconds, self._look)
        return answer

    def close(self, reason: str) -> None:
        """Give the connection up, and everything that waits on it."""
        self._end(reason)
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and not self.ended.done():
            self._transport.write(b"".join(unsent))

    def _look(self) -> None:
        """Whether the oldest command has waited too long; looked at again when it may have."""
        self._watch = None
        if self.ended.done() or not self._unanswered:
            return
        left = self._unanswered[0].sent_at + self._answer_seconds - self._loop.time()
        if left <= 0:
            self.close("does not answer in time")
        else:
            self._watch = self._loop.call_later(left, self._look)

    def _end(self, reason: str) -> None:
        if self.ended.done():
            return
        self.ended.set_result(reason)
        if self._watch is not None:
            self._watch.cancel()
        for one in self._unanswered:
            if one.answer is not None and not one.answer.done():
                one.answer.set_result(AWAY)
        self._unanswered.clear()


class RedisConnection:
    """A connection that is there or not, and is made again in the background while `run` runs.

    What is asked while there is none is answered with `Away` at once.
    """

    def __init__(
        self,
        address: ServerAddress,
        *,
        password: Secret | None = None,
        tls: ssl.SSLContext | None = None,
        answer_seconds: float = ANSWER_SECONDS_MAX,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._address = address
        self._password = password
        self._tls = tls if tls is not None or not address.is_tls else ssl.create_default_context()
        self._answer_seconds = answer_seconds
        self._pause_seconds = pause_seconds
        self._wire: _Wire | None = None

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now."""
        return self._wire is not None and not self._wire.ended.done()

    async def get(self, name: bytes) -> bytes | Away | None:
        """The value of a name; None where the server has none."""
        reply = await self._answered(self._wire, b"GET", name)
        return reply if reply is None or isinstance(reply, bytes) else AWAY

    def set(self, name: bytes, value: bytes, *, seconds: int) -> None:
        """Send a value to be kept for some time; wait for nothing."""
        if self._wire is not None:
            self._wire.send(b"SET", name, value, b"EX", b"%d" % seconds, is_answered=False)

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, until cancelled."""
        loop = asyncio.get_running_loop()
        pause_seconds = self._pause_seconds
        told = ""
        while True:
            began = loop.time()
            reason = await self._connected()
            if loop.time() - began >= PAUSE_SECONDS_MAX:
                pause_seconds = self._pause_seconds
            if reason != told:
                _log.warning("shared_responses.away", host=self._address.host, reason=reason)
                told = reason
            await asyncio.sleep(random.uniform(0.5, 1) * pause_seconds)  # noqa: S311 -- no secret
            pause_seconds = min(2 * pause_seconds, PAUSE_SECONDS_MAX)

    async def _connected(self) -> str:
        """Connect and keep the connection as long as it lasts; return why it ended."""
        wire: _Wire | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                _, wire = await asyncio.get_running_loop().create_connection(
                    lambda: _Wire(self._answer_seconds),
                    self._address.host,
                    self._address.port,
                    ssl=self._tls,
                )
                reason = await self._introduced(wire)
            if reason is not None:
                return reason
            self._wire = wire
            IS_CONNECTED.set(1)
            _log.info("shared_responses.connected", host=self._address.host)
            return await asyncio.shield(wire.ended)
        except TimeoutError:
            return "does not answer in time"
        except OSError as error:  # of TLS, too
            return f"cannot be reached ({type(error).__name__})"
        finally:
            self._wire = None
            IS_CONNECTED.set(0)
            if wire is not None:
                wire.close("closed")

    async def _introduced(self, wire: _Wire) -> str | None:
        """Log in where there is a password, and ask whether the server serves; return why it does not."""
        if self._password is not None:
            who = () if self._address.user is None else (self._address.user.encode(),)
            reply = await self._answered(wire, b"AUTH", *who, self._password.reveal().encode())
            if reply != b"OK":
                return wire.ended.result() if wire.ended.done() else "refuses the password"
        # A server that wants a password, or is not ready, answers with an error.
        if await self._answered(wire, b"PING") != b"PONG":
            return wire.ended.result() if wire.ended.done() else "does not speak the protocol"
        return None

    async def _answered(self, wire: _Wire | None, *words: bytes) -> Reply | Away:
        answer = None if wire is None else wire.send(*words, is_answered=True)
        return AWAY if answer is None else await answer


@contextlib.asynccontextmanager
async def kept_up(connection: RedisConnection) -> AsyncIterator[RedisConnection]:
    """Keep a connection up in the background."""
    running = asyncio.create_task(connection.run())
    try:
        yield connection
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
