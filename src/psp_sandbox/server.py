"""The listening socket and its connections: who may come in, who has been idle for too long, how it all ends."""

import asyncio
import socket
import time

from psp_sandbox.connection import IDLE_SECONDS, Connection, Handler

SWEEP_SECONDS = 15.0
BACKLOG = 1_024


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises OSError: the address is taken or is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def url_of(listener: socket.socket) -> str:
    """How to reach a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """Serves a bound socket until it is stopped."""

    def __init__(self, listener: socket.socket, handler: Handler) -> None:
        self._listener = listener
        self._address: tuple[str, int] = listener.getsockname()[:2]
        self._reopening: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._handler = handler
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Take connections from now on."""
        await self._open()
        self._sweep()

    def refuse(self, seconds: float) -> None:
        """Refuse connections from now on, and close those there are once they have their answer; listen again later."""
        if self._server is not None:
            self._server.close()
            self._server = None
        loop = asyncio.get_running_loop()
        loop.call_soon(self._close_connections)
        if self._reopening is not None:
            self._reopening.cancel()
        self._reopening = loop.call_later(seconds, self._reopen)

    async def stop(self) -> None:
        """Stop listening and close every connection, those that wait for an answer too."""
        for timer in (self._sweeper, self._reopening, self._opening):
            if timer is not None:
                timer.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()
        if self._server is not None:
            await self._server.wait_closed()

    async def _open(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._handler, self._connections), sock=self._listener, backlog=BACKLOG
        )

    def _reopen(self) -> None:
        self._listener = bind(*self._address)
        self._opening = asyncio.get_running_loop().create_task(self._open())

    def _close_connections(self) -> None:
        for connection in list(self._connections):
            connection.close()

    def _sweep(self) -> None:
        """Close the connections that have been idle for too long."""
        oldest = time.monotonic() - IDLE_SECONDS
        for connection in list(self._connections):
            if not connection.busy and connection.last_active < oldest:
                connection.close()
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)
