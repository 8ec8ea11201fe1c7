"""The sandbox assembled: every part is made here and knows only what it is given."""

import random
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import structlog

from psp_sandbox.admin import Admin, Listening
from psp_sandbox.calls import Calls
from psp_sandbox.clock import Clock
from psp_sandbox.connection import Exchange
from psp_sandbox.delivery import Delivery, Retries
from psp_sandbox.faults import FaultRules
from psp_sandbox.idempotency import IdempotencyMemory
from psp_sandbox.ids import new_id
from psp_sandbox.latency import log_normal
from psp_sandbox.messages import Request, Response
from psp_sandbox.options import Options
from psp_sandbox.paypal import approval_page, vault_page
from psp_sandbox.paypal import browser_files as paypal_browser_files
from psp_sandbox.paypal import scheduled_effects as paypal_effects
from psp_sandbox.paypal.api import PREFIXES as PAYPAL_PREFIXES
from psp_sandbox.paypal.api import PayPalApi
from psp_sandbox.paypal.dialect import PayPalDialect
from psp_sandbox.paypal.oauth import Tokens
from psp_sandbox.paypal.store import Store as PayPalStore
from psp_sandbox.paypal.webhook import Webhook
from psp_sandbox.paypal.webhooks import Webhooks
from psp_sandbox.paypal.wire import Body
from psp_sandbox.scheduler import Due, Scheduler
from psp_sandbox.stripe import browser_files as stripe_browser_files
from psp_sandbox.stripe import challenge_page, checkout_page, scheduled_effects
from psp_sandbox.stripe.api import StripeApi
from psp_sandbox.stripe.checkout_sessions import PAGE as CHECKOUT_PAGE
from psp_sandbox.stripe.dialect import StripeDialect
from psp_sandbox.stripe.endpoint import Endpoint
from psp_sandbox.stripe.store import Store
from psp_sandbox.stripe.wire import API_VERSION, Event, WebhookEndpoint

if TYPE_CHECKING:
    from psp_sandbox.paypal.sftp_server import Keys, SftpServer

log = structlog.get_logger("psp_sandbox")

FAILED = Response(
    status=500, payload={"error": {"message": "The sandbox failed; its log has the traceback."}}
)

NOTHING_HERE = Response(status=404, payload={"error": {"message": "There is nothing here."}})


class Sandbox:
    """All state of one sandbox, and the one place where requests enter it.

    Raises ImpossibleLatency: no log-normal distribution has the two percentiles of the options.
    """

    def __init__(self, options: Options, *, public_url: str) -> None:
        rng = random.Random(options.seed)  # noqa: S311 - latency and chance, not secrets
        latency = log_normal(p50_ms=options.latency_p50_ms, p99_ms=options.latency_p99_ms, rng=rng)
        faults = FaultRules(rng)
        clock = Clock()
        self._scheduler = Scheduler(clock)
        self._delivery = Delivery(clock=clock, faults=faults, concurrency=options.webhook_concurrency)
        self._store = Store(
            scheduler=self._scheduler,
            effect_delay_seconds=options.aftermath_delay_seconds,
            clock=clock.now,
            deliveries=_EventPost(self._delivery, options.retries),
            max_payments=options.max_payments,
        )
        self._store.endpoints = _command_line_endpoints(options)
        stripe = StripeApi(
            store=self._store,
            memory=IdempotencyMemory(max_entries=options.max_idempotency_keys),
            public_url=public_url,
            search_lag_seconds=options.search_lag_seconds,
        )
        webhooks = Webhooks(
            public_url=public_url,
            given=options.paypal_webhooks,
            deliveries=_TransmissionPost(self._delivery, options.paypal_retries),
        )
        self._paypal_store = PayPalStore(
            scheduler=self._scheduler,
            effect_delay_seconds=options.aftermath_delay_seconds,
            clock=clock.now,
            public_url=public_url,
            max_orders=options.max_payments,
            webhooks=webhooks,
        )
        paypal = PayPalApi(
            store=self._paypal_store,
            tokens=Tokens(clock=clock.now),
            webhooks=webhooks,
            memory=IdempotencyMemory(max_entries=options.max_idempotency_keys, clock=clock.now),
        )
        self._pages: Mapping[str, Callable[[Request], Response]] = {
            approval_page.PATH: partial(approval_page.page, self._paypal_store),
            vault_page.PATH: partial(vault_page.page, self._paypal_store),
            paypal_browser_files.SCRIPT: paypal_browser_files.script,
            paypal_browser_files.PREFIX: paypal_browser_files.serve,
            stripe_browser_files.PREFIX: stripe_browser_files.serve,
            CHECKOUT_PAGE: partial(checkout_page.page, self._store, public_url=public_url),
            "/3ds/": partial(challenge_page.page, self._store),
        }
        self._webhooks = webhooks
        self._calls = Calls(faults=faults, latency=latency)
        self._stripe = StripeDialect(stripe)
        self._paypal = PayPalDialect(paypal)
        self._paypal_api = paypal
        self._admin = Admin(
            calls=self._calls,
            clock=clock,
            delivery=self._delivery,
            faults=faults,
            options=options,
            paypal=paypal,
            rng=rng,
            stripe=stripe,
        )

    def paypal_root_pem(self) -> bytes:
        """What a verifier of PayPal's webhooks has to trust."""
        return self._webhooks.authority.root_pem

    def report_server(self, listener: socket.socket, keys: "Keys") -> "SftpServer":
        """PayPal's SFTP server on a bound socket, not started."""
        from psp_sandbox.paypal.sftp_server import SftpServer  # noqa: PLC0415 - its library takes a while to load

        api = self._paypal_api
        server = SftpServer(listener, keys, settlement=api.store.settlement, tokens=api.tokens)
        api.sftp = server.address
        return server

    def listens(self, listening: Listening) -> None:
        """Requests come from this socket, which can be told to refuse connections."""
        self._admin.listening = listening

    async def start(self) -> None:
        """Send webhooks and let happen what is due, from now on."""
        await self._delivery.start()
        self._scheduler.start(self._perform)

    async def stop(self) -> None:
        """Let nothing happen any more; webhooks that wait are dropped."""
        self._scheduler.stop()
        await self._delivery.stop()

    def handle(self, exchange: Exchange) -> None:
        """Answer one request. A bug of the sandbox is logged and answered as a 500."""
        try:
            self._route(exchange)
        except Exception:
            request = exchange.request
            log.exception("request.failed", method=request.method, path=request.path, request_id=request.id)
            exchange.respond(FAILED)

    def _route(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.path.startswith(PAYPAL_PREFIXES):
            self._calls.take(exchange, self._paypal)
        elif request.path.startswith("/v1/") and request.method == "OPTIONS":
            exchange.respond(self._stripe.preflight(request))
        elif request.path.startswith("/v1/"):
            self._calls.take(exchange, self._stripe)
        elif request.path.startswith("/sandbox/"):
            exchange.respond(self._admin.handle(request))
        else:
            exchange.respond(self._page(request))

    def _page(self, request: Request) -> Response:
        """What browsers ask for. A name that ends with a slash is of all that is below it."""
        for name, page in self._pages.items():
            if request.path == name or (name.endswith("/") and request.path.startswith(name)):
                return page(request)
        return NOTHING_HERE

    def _perform(self, due: Due) -> None:
        if due.kind in paypal_effects.EFFECTS:
            paypal_effects.perform(self._paypal_store, due)
        else:
            scheduled_effects.perform(self._store, due)


class _EventPost:
    """Carries Stripe's events to its endpoints by way of the delivery."""

    def __init__(self, delivery: Delivery, retries: Retries) -> None:
        self._delivery = delivery
        self._retries = retries

    def send(self, event: Event, endpoint: Endpoint, metadata: dict[str, str]) -> None:
        """Accept the event for delivery."""
        self._delivery.dispatch(
            psp="stripe",
            event_id=event.id,
            event_type=event.type,
            metadata=metadata,
            payload=event,
            to=endpoint,
            retries=self._retries,
        )

    def pending(self, event_id: str) -> int:
        """How many endpoints have yet to take the event."""
        return self._delivery.pending(event_id)


class _TransmissionPost:
    """Carries PayPal's events to its webhooks by way of the delivery."""

    def __init__(self, delivery: Delivery, retries: Retries) -> None:
        self._delivery = delivery
        self._retries = retries

    def send(
        self, webhook: Webhook, *, event_id: str, event_type: str, metadata: dict[str, str], payload: Body
    ) -> None:
        """Accept the event for delivery."""
        self._delivery.dispatch(
            psp="paypal",
            event_id=event_id,
            event_type=event_type,
            metadata=metadata,
            payload=payload,
            to=webhook,
            retries=self._retries,
        )


def _command_line_endpoints(options: Options) -> dict[str, Endpoint]:
    shown = [
        WebhookEndpoint(
            id=new_id("we"),
            api_version=API_VERSION,
            created=int(time.time()),
            description="from the command line",
            enabled_events=options.webhook_events,
            livemode=False,
            metadata={},
            url=url,
        )
        for url in options.webhook_urls
    ]
    return {one.id: Endpoint(account=None, shown=one, secrets=options.webhook_secrets) for one in shown}
