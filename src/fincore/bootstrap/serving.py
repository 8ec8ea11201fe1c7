"""How a role serves an application: on one port, with every connection in its bounds, until it is told to stop."""

import asyncio
import resource
import socket
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

import structlog

from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.http.asgi import Application
from fincore.http.connection import CONNECTIONS_MAX, ConnectionBounds
from fincore.http.server import TlsFiles, http_server, load_tls

CONNECTIONS_WAITING_MAX: Final = 2_048
"""Connections the kernel holds for us before it refuses more."""
FILES_RESERVED: Final = 200
"""File descriptors that the process needs beside connections of clients."""

_log = structlog.get_logger(__name__)


async def serve(
    application: Application,
    settings: Settings,
    port: int,
    stop: asyncio.Event,
    *,
    name: str,
    beside: Collection[asyncio.Task[Any]],
    refusal_headers: Mapping[str, str] = MappingProxyType({}),
    host: str | None = None,
    tls: TlsFiles | None = None,
) -> None:
    """Serve until `stop` or until a task `beside` ends; then finish the requests under way, and cancel those tasks.

    `name` is that of the server in the log and in the setting of its port. `host` is that of all servers if None.
    `refusal_headers` stand in the answer to a connection that breaks a bound, which the application never sees.
    """
    bounds = ConnectionBounds(
        per_address_max=settings.connections_per_address,
        trusted=settings.trusted_proxies,
        connections_max=_connections_max(),
        refusal_headers=refusal_headers,
    )
    bounds.measure()
    server = http_server(application, bounds, tls=None if tls is None else load_tls(tls))
    address = settings.host if host is None else host
    listening = _listen(address, port, setting=f"FINCORE_{name.upper().replace('-', '_')}_PORT")
    scheme = "http" if tls is None else "https"
    _log.info(f"{name}.listening", url=f"{scheme}://{address}:{listening.getsockname()[1]}")
    serving = asyncio.create_task(server.serve([listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping, *beside), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        for task in beside:
            task.cancel()


def _connections_max() -> int:
    """How many connections the process takes: no more than it may open files, as many of which as it can get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + FILES_RESERVED
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return max(1, min(CONNECTIONS_MAX, soft - FILES_RESERVED))


def _listen(host: str, port: int, *, setting: str) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=CONNECTIONS_WAITING_MAX)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({error.strerror}): free the port or set {setting}"
        ) from error
