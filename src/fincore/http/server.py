"""The HTTP server: uvicorn with httptools, with every connection in its bounds."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

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


class TlsFiles(NamedTuple):
    """A certificate chain and its key, each a PEM file."""

    certificate: Path
    key: Path


def load_tls(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 and later with the certificate. Raises `OSError` and `SSLError` for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without a password a key that needs one is an error: the default would ask at the terminal.
    context.load_cert_chain(files.certificate, files.key, password=lambda: b"")
    return context


def http_server(
    application: Application, bounds: ConnectionBounds, *, tls: ssl.SSLContext | None = None
) -> Server:
    """A server of an application, in clear unless it has TLS."""
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
            ssl_context_factory=None if tls is None else lambda *_: tls,
        ),
        bounds,
    )
