"""The API role: the HTTP API on uvicorn, and the writer behind it."""

import asyncio
import resource
import socket
from typing import Final

import structlog

from fincore.api.app import create_app
from fincore.api.charges.body import render_cancel, render_capture, render_charge, render_refund
from fincore.api.http.connection import CONNECTIONS_MAX, ConnectionBounds
from fincore.api.http.rate_limit import RateLimiter
from fincore.api.http.server import http_server
from fincore.api.webhook_endpoints.handlers import WebhookServices
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psps import LIMITS, account_of, stripe_webhook_endpoints, webhooks
from fincore.bootstrap.secrets_key import secret_cipher
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.eventstore.event_references import EventReferences
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.notify.delivery_log import DeliveryLog
from fincore.notify.endpoints import Endpoints
from fincore.postgres.pool import store_state
from fincore.read.ledgerdb.balance_queries import BalanceQueries
from fincore.read.paymentdb.dispute_queries import DisputeQueries
from fincore.read.paymentdb.event_queries import EventQueries
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.paymentdb.refund_queries import RefundQueries
from fincore.settings import Settings
from fincore.write.charges import CHARGES
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.charge_wait import ChargeWait
from fincore.write.payments.idempotency import ResponseCache
from fincore.write.payments.idempotent_requests import IdempotentRequests
from fincore.write.payments.inquiries import Inquiries
from fincore.write.payments.operation_service import OperationService, Renders
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.payment_service import PaymentService
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.psp.stripe.account import STRIPE
from fincore.write.routing.mode_router import Candidate, ModeRouter
from fincore.write.routing.router import Route

CONNECTIONS_WAITING_MAX: Final = 2_048
"""Connections the kernel holds for us before it refuses more."""
FILES_RESERVED: Final = 200
"""File descriptors that the process needs beside connections of clients."""

_log = structlog.get_logger(__name__)


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Serve the merchants' API until `stop`; then finish the requests under way and what they wrote."""
    queue = stores.jobs
    async with running_writer(stores.eventstore, queue.enqueue) as writer:
        await _serve(settings, stores, writer, clock, stop)


async def _serve(
    settings: Settings, stores: Stores, writer: Writer[ChargeEvent], clock: AgeClock, stop: asyncio.Event
) -> None:
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    watch = StreamWatch(log)
    endpoints = stripe_webhook_endpoints(settings)
    candidates = {
        livemode: Candidate(Route(STRIPE, account_of(livemode=livemode)), LIMITS[STRIPE])
        for livemode in (False, True)
        if account_of(livemode=livemode) in endpoints
    }
    outcomes = OutcomeWait(CHARGES, log, watch)
    requests = IdempotentRequests(writer=writer, clock=clock, responses=ResponseCache())
    app = create_app(
        payments=PaymentService(
            requests=requests,
            outcomes=outcomes,
            clock=clock,
            router=ModeRouter(candidates),
            render=render_charge,
        ),
        operations=OperationService(
            requests=requests,
            outcomes=outcomes,
            log=log,
            clock=clock,
            renders=Renders(capture=render_capture, cancel=render_cancel, refund=render_refund),
        ),
        waits=ChargeWait(outcomes, Inquiries(writer)),
        keys=ApiKeys(stores.eventstore),
        queries=ChargeQueries(stores.paymentdb),
        refunds=RefundQueries(stores.paymentdb),
        disputes=DisputeQueries(stores.paymentdb),
        events=EventQueries(stores.paymentdb),
        # LedgerDB may be away: then only balances are answered with `store_unavailable`.
        balances=BalanceQueries(stores.ledgerdb),
        subjects=EventReferences(stores.eventstore),
        log=log,
        inbox=WebhookInbox(writer, webhooks(settings), clock),
        webhook_services=WebhookServices(
            endpoints=Endpoints(stores.eventstore, secret_cipher(settings), clock),
            deliveries=DeliveryLog(stores.eventstore, clock),
            answers=IdempotentChanges(stores.eventstore),
            allow_loopback=settings.webhooks_allow_loopback,
        ),
        public_url=settings.public_url,
        limiter=RateLimiter(
            live_per_second=settings.rate_limit_live_per_second,
            test_per_second=settings.rate_limit_test_per_second,
        ),
        probes={
            "eventstore": lambda: store_state(stores.eventstore),
            "paymentdb": lambda: store_state(stores.paymentdb, writes=False),
        },
    )
    bounds = ConnectionBounds(
        per_address_max=settings.connections_per_address,
        trusted=settings.trusted_proxies,
        connections_max=_connections_max(),
    )
    bounds.measure()
    server = http_server(app, bounds)
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
