"""The HTTP server: uvicorn with httptools, with every connection in its bounds."""

import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, cast

import uvicorn

from fincore.http.asgi import Application
from fincore.http.connection import IDLE_SECONDS_MAX, BoundedConnection, ConnectionBounds

DRAIN_SECONDS: Final = 10
"""How long requests under way may take once the server is told to stop."""


class Server(uvicorn.Server):
    """Leaves signals to its caller, who has more than a server to stop, and keeps its connections in their bounds."""

    def __init__(self, config: uvicorn.Config, bounds: ConnectionBounds) -> None:
        super().__init__(config)
        self._bounds = bounds

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit` is set and the requests under way have ended."""
        async with self._bounds.kept():
            await super().serve(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def http_server(application: Application, bounds: ConnectionBounds) -> Server:
    """A server of an application."""
    return Server(
        uvicorn.Config(
            cast("Any", application),
            http=cast("Any", partial(BoundedConnection, bounds=bounds)),
            loop="none",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(IDLE_SECONDS_MAX),
            timeout_graceful_shutdown=DRAIN_SECONDS,
        ),
        bounds,
    )
