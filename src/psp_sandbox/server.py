"""The running sandbox: takes requests off the sockets, makes them slow or wrong where asked, and stops cleanly."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable

import structlog

from psp_sandbox.admin import Admin
from psp_sandbox.connection import IDLE_SECONDS, Connection, Exchange
from psp_sandbox.delivery import Delivery
from psp_sandbox.faults import CallFacts, Fault, FaultBook
from psp_sandbox.idempotency import IdempotencyMemory
from psp_sandbox.ids import new_id, new_secret
from psp_sandbox.latency import log_normal
from psp_sandbox.messages import Answer
from psp_sandbox.options import Options
from psp_sandbox.stripe import challenge
from psp_sandbox.stripe.api import Admitted, StripeApi, addressed_metadata, form_of
from psp_sandbox.stripe.errors import api_error, rate_limited
from psp_sandbox.stripe.store import Endpoint, Store
from psp_sandbox.stripe.wire import API_VERSION, Event, WebhookEndpoint

log = structlog.get_logger("psp_sandbox.server")

SWEEP_SECONDS = 15.0
BACKLOG = 1_024


class EventPost:
    """Carries Stripe's events to its endpoints by way of the delivery."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def send(self, event: Event, endpoint: Endpoint) -> None:
        """Accept the event for delivery."""
        self._delivery.dispatch(
            event_id=event.id,
            event_type=event.type,
            metadata=event.data.object.metadata,
            payload=event,
            to=endpoint,
        )

    def pending(self, event_id: str) -> int:
        """How many endpoints have yet to take the event."""
        return self._delivery.pending(event_id)


class Server:
    """One sandbox on one port."""

    def __init__(self, options: Options) -> None:
        self._options = options
        rng = random.Random(options.seed)  # noqa: S311 - latency and chance, not secrets
        self.faults = FaultBook(rng)
        self.delivery = Delivery(
            faults=self.faults, retries=options.retries, concurrency=options.webhook_concurrency
        )
        self.requests: Counter[str] = Counter()
        self._rng = rng
        self._latency = log_normal(p50_ms=options.latency_p50_ms, p99_ms=options.latency_p99_ms, rng=rng)
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._stripe: StripeApi | None = None
        self._admin: Admin | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen. Raises OSError: the port is taken."""
        loop = asyncio.get_running_loop()
        options = self._options
        self._listener = await loop.create_server(
            lambda: Connection(self._handle, self._connections),
            options.host,
            options.port,
            backlog=BACKLOG,
            start_serving=False,
        )
        port = self._listener.sockets[0].getsockname()[1]
        host = f"[{options.host}]" if ":" in options.host else options.host
        self.url = f"http://{host}:{port}"
        store = Store(max_payments=options.max_payments, deliveries=EventPost(self.delivery))
        store.endpoints = _command_line_endpoints(options)
        self._stripe = StripeApi(
            store=store,
            memory=IdempotencyMemory(max_entries=options.max_idempotency_keys),
            public_url=(options.public_url or self.url).rstrip("/"),
            search_lag_seconds=options.search_lag_seconds,
        )
        self._admin = Admin(
            delivery=self.delivery,
            faults=self.faults,
            requests=self.requests,
            set_latency=self._set_latency,
            stripe=self._stripe,
        )
        await self.delivery.start()
        await self._listener.start_serving()
        self._sweep()

    async def stop(self) -> None:
        """Stop listening, close every connection, drop the webhooks that still wait."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections):
            connection.abort() if connection.busy else connection.close()
        await self.delivery.stop()
        if self._listener is not None:
            await self._listener.wait_closed()

    def _set_latency(self, p50_ms: float, p99_ms: float) -> None:
        self._latency = log_normal(p50_ms=p50_ms, p99_ms=p99_ms, rng=self._rng)

    def _handle(self, exchange: Exchange) -> None:
        request = exchange.request
        stripe, admin = self._stripe, self._admin
        if stripe is None or admin is None:
            exchange.hang_up()
            return
        try:
            if request.path.startswith("/v1/"):
                self._call(exchange, stripe)
            elif request.path.startswith("/sandbox/"):
                exchange.answer(admin.handle(request))
            elif request.path.startswith("/3ds/"):
                exchange.answer(challenge.page(stripe.store, request))
            else:
                exchange.answer(Answer(status=404, payload={"error": {"message": "There is nothing here."}}))
        except Exception:
            log.exception("request.failed", method=request.method, path=request.path, request_id=request.id)
            exchange.answer(api_error("The sandbox failed; its log has the traceback.").answer())

    def _call(self, exchange: Exchange, stripe: StripeApi) -> None:
        """A Stripe call: admitted, perhaps spoiled, perhaps late, then executed and answered."""
        request = exchange.request
        version = request.header(b"stripe-version") or API_VERSION
        headers: tuple[tuple[str, str], ...] = (("Request-Id", request.id), ("Stripe-Version", version))
        key = request.header(b"idempotency-key")
        if key:
            headers = (*headers, ("Idempotency-Key", key))
        admitted = stripe.admit(request)
        route = admitted.route if isinstance(admitted, Admitted) else "not executed"
        self.requests[f"{request.method} {route}"] += 1
        fault = None if self.faults.empty() else self.faults.take_for_call(_facts(exchange, stripe, admitted))
        kind = fault.kind if fault is not None else None
        if fault is not None:
            log.info("fault.fired", kind=kind, path=request.path, request_id=request.id)
            if _spoil_before(exchange, fault, headers):
                return
        if isinstance(admitted, Admitted):
            stripe.begin(admitted)
        delay = self._latency() + (fault.lasting() if fault is not None and kind == "slow" else 0.0)

        def finish() -> None:
            answer = admitted if isinstance(admitted, Answer) else _executed(stripe, admitted, fault)
            _respond(exchange, answer, fault, headers)

        if delay:
            asyncio.get_running_loop().call_later(delay, self._guarded, exchange, finish)
        else:
            finish()

    def _guarded(self, exchange: Exchange, finish: Callable[[], None]) -> None:
        try:
            finish()
        except Exception:
            log.exception("request.failed", path=exchange.request.path, request_id=exchange.request.id)
            exchange.answer(api_error("The sandbox failed; its log has the traceback.").answer())

    def _sweep(self) -> None:
        """Close the connections that have been idle for too long."""
        oldest = time.monotonic() - IDLE_SECONDS
        for connection in list(self._connections):
            if not connection.busy and connection.last_active < oldest:
                connection.close()
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)


def _spoil_before(exchange: Exchange, fault: Fault, headers: tuple[tuple[str, str], ...]) -> bool:
    """The faults after which nothing has been applied. False: the call goes on."""
    if fault.kind == "timeout_before_apply":
        asyncio.get_running_loop().call_later(fault.lasting(), exchange.hang_up)
    elif fault.kind == "connection_reset":
        exchange.reset()
    elif fault.kind == "rate_limited_429":
        refusal = rate_limited("Request rate limit exceeded.", code="rate_limit")
        exchange.answer(refusal.answer(), (*headers, ("Stripe-Rate-Limited-Reason", fault.reason)))
    elif fault.kind == "lock_timeout_429":
        refusal = rate_limited(
            "This object cannot be accessed right now because another API request or Stripe process is currently "
            "accessing it. If you see this error intermittently, retry the request.",
            code="lock_timeout",
        )
        exchange.answer(refusal.answer(), headers)
    elif fault.kind == "conflict_409":
        refusal = rate_limited(
            "There is currently another in-progress request using this Idempotent Key.",
            code="idempotency_key_in_use",
            status=409,
        )
        exchange.answer(refusal.answer(), headers)
    else:
        return False
    return True


def _executed(stripe: StripeApi, admitted: Admitted, fault: Fault | None) -> Answer:
    """The call's answer. A 500 is kept under the idempotency key, whether or not the call was applied before it."""
    failure = api_error("An unknown error occurred.").answer()
    if fault is not None and fault.kind == "error_500":
        stripe.remember(admitted, failure)
        return failure
    answer = stripe.execute(admitted)
    if fault is not None and fault.kind == "error_500_after_apply":
        stripe.remember(admitted, failure)
        return failure
    return answer


def _respond(
    exchange: Exchange, answer: Answer, fault: Fault | None, headers: tuple[tuple[str, str], ...]
) -> None:
    if fault is not None and fault.kind == "timeout_after_apply":
        asyncio.get_running_loop().call_later(fault.lasting(), exchange.hang_up)
    elif fault is not None and fault.kind == "malformed_json":
        exchange.cut(answer, headers)
    else:
        exchange.answer(answer, headers)


def _facts(exchange: Exchange, stripe: StripeApi, admitted: Admitted | Answer) -> CallFacts:
    request = exchange.request
    method = form_of(request).get("payment_method")
    return CallFacts(
        path=request.path,
        method=request.method,
        metadata=addressed_metadata(stripe, admitted) if isinstance(admitted, Admitted) else {},
        idempotency_key=request.header(b"idempotency-key"),
        payment_method=method if isinstance(method, str) else None,
        replayed=not isinstance(admitted, Admitted),
    )


def _command_line_endpoints(options: Options) -> dict[str, Endpoint]:
    secrets = options.webhook_secrets or (new_secret("whsec"),)
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
    return {one.id: Endpoint(account=None, shown=one, secrets=secrets) for one in shown}
