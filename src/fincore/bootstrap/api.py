"""The API role: serves the merchants' API on uvicorn, with the writer and the watch that it needs."""

import asyncio
import os
import resource
import socket
from typing import Final

import structlog

from fincore.api.app import RequestBounds
from fincore.bootstrap.application import ApplicationOptions, PspAccounts, build_application
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_rules, running_writer
from fincore.bootstrap.psp_accounts.secret_reference import secret_resolver
from fincore.bootstrap.psps import configured_accounts, open_webhooks, router
from fincore.bootstrap.return_page import check_return_page
from fincore.bootstrap.secrets_key import secret_cipher
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.http.connection import CONNECTIONS_MAX, ConnectionBounds
from fincore.http.server import http_server
from fincore.write.merchants.api_keys import ApiKeys

CONNECTIONS_WAITING_MAX: Final = 2_048
"""Connections the kernel holds for us before it refuses more."""
FILES_RESERVED: Final = 200
"""File descriptors that the process needs beside connections of clients."""

_log = structlog.get_logger(__name__)


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Serve the merchants' API until `stop`; then finish the requests under way and what they wrote."""
    queue = stores.jobs
    async with (
        running_writer(stores.eventstore, queue.enqueue) as writer,
        running_rules(stores.eventstore) as rules,
        open_webhooks(settings, secret_resolver(os.environ)) as webhooks,
    ):
        accounts = PspAccounts(router=router(settings, rules), webhooks=webhooks)
        await _serve(settings, stores, writer, clock, stop, accounts=accounts)


async def _serve(
    settings: Settings,
    stores: Stores,
    writer: Writer[ChargeEvent],
    clock: AgeClock,
    stop: asyncio.Event,
    *,
    accounts: PspAccounts,
) -> None:
    check_return_page(configured_accounts(settings), settings.public_url)
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    watch = StreamWatch(log)
    application = build_application(
        stores,
        accounts,
        RequestBounds(
            live_per_second=settings.rate_limit_live_per_second,
            test_per_second=settings.rate_limit_test_per_second,
        ),
        ApplicationOptions(
            public_url=settings.public_url,
            trusted_proxies=settings.trusted_proxies,
            webhooks_allow_loopback=settings.webhooks_allow_loopback,
        ),
        writer=writer,
        watch=watch,
        log=log,
        keys=ApiKeys(stores.eventstore),
        cipher=secret_cipher(settings),
        clock=clock,
    )
    bounds = ConnectionBounds(
        per_address_max=settings.connections_per_address,
        trusted=settings.trusted_proxies,
        connections_max=_connections_max(),
    )
    bounds.measure()
    server = http_server(application, bounds)
    listening = _listen(settings.host, settings.api_port)
    _log.info("api.listening", url=f"http://{settings.host}:{listening.getsockname()[1]}")
    watching = asyncio.create_task(watch.run())
    serving = asyncio.create_task(server.serve([listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping, watching), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        watching.cancel()


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


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=CONNECTIONS_WAITING_MAX)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({error.strerror}): free the port or set FINCORE_API_PORT"
        ) from error
