"""A PSP call on its way through the sandbox: admitted, perhaps spoiled, perhaps late, then executed and answered."""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from psp_sandbox.connection import Exchange
from psp_sandbox.faults import CallFacts, Fault, FaultRules
from psp_sandbox.messages import Response
from psp_sandbox.stripe.api import Admitted, StripeApi, addressed_metadata, form_of, operation_of
from psp_sandbox.stripe.errors import api_error, rate_limited
from psp_sandbox.stripe.wire import API_VERSION

log = structlog.get_logger("psp_sandbox.calls")

FAILED = api_error("The sandbox failed; its log has the traceback.").response()

Headers = tuple[tuple[str, str], ...]


class Calls:
    """Stripe's calls. `latency` gives the seconds each one takes; `counts` how many came to which endpoint."""

    def __init__(self, *, faults: FaultRules, latency: Callable[[], float], stripe: StripeApi) -> None:
        self.counts: Counter[str] = Counter()
        self.latency = latency
        self._faults = faults
        self._stripe = stripe

    def take(self, exchange: Exchange) -> None:
        """Answer the call, now or in a while, unless a fault says otherwise."""
        request, stripe = exchange.request, self._stripe
        headers = _headers(exchange)
        admitted = stripe.admit(request)
        route = admitted.route if isinstance(admitted, Admitted) else "not executed"
        self.counts[f"{request.method} {route}"] += 1
        fault = (
            None if self._faults.empty() else self._faults.take_for_call(_facts(exchange, stripe, admitted))
        )
        if fault is not None:
            log.info("fault.fired", kind=fault.kind, path=request.path, request_id=request.id)
            if _spoil_before(exchange, fault, headers):
                return
        if isinstance(admitted, Admitted):
            stripe.begin(admitted)
        delay = self.latency() + (fault.lasting() if fault is not None and fault.kind == "slow" else 0.0)
        if delay:
            loop = asyncio.get_running_loop()
            loop.call_later(delay, self._finish, exchange, admitted, fault, headers)
        else:
            self._finish(exchange, admitted, fault, headers)

    def _finish(
        self, exchange: Exchange, admitted: Admitted | Response, fault: Fault | None, headers: Headers
    ) -> None:
        try:
            response = (
                admitted if isinstance(admitted, Response) else _executed(self._stripe, admitted, fault)
            )
        except Exception:
            request = exchange.request
            log.exception("request.failed", method=request.method, path=request.path, request_id=request.id)
            response = FAILED
        _respond(exchange, response, fault, headers)


def _headers(exchange: Exchange) -> Headers:
    """What Stripe puts on every answer."""
    request = exchange.request
    version = request.header(b"stripe-version") or API_VERSION
    key = request.header(b"idempotency-key")
    always = (("Request-Id", request.id), ("Stripe-Version", version))
    return (*always, ("Idempotency-Key", key)) if key else always


def _spoil_before(exchange: Exchange, fault: Fault, headers: Headers) -> bool:
    """The faults after which nothing has been applied. False: the call goes on."""
    if fault.kind == "timeout_before_apply":
        asyncio.get_running_loop().call_later(fault.lasting(), exchange.hang_up)
    elif fault.kind == "connection_reset":
        exchange.reset()
    elif fault.kind == "rate_limited_429":
        refusal = rate_limited("Request rate limit exceeded.", code="rate_limit")
        exchange.respond(refusal.response(), (*headers, ("Stripe-Rate-Limited-Reason", fault.reason)))
    elif fault.kind == "lock_timeout_429":
        refusal = rate_limited(
            "This object cannot be accessed right now because another API request or Stripe process is currently "
            "accessing it. If you see this error intermittently, retry the request.",
            code="lock_timeout",
        )
        exchange.respond(refusal.response(), headers)
    elif fault.kind == "conflict_409":
        refusal = rate_limited(
            "There is currently another in-progress request using this Idempotent Key.",
            code="idempotency_key_in_use",
            status=409,
        )
        exchange.respond(refusal.response(), headers)
    else:
        return False
    return True


def _executed(stripe: StripeApi, admitted: Admitted, fault: Fault | None) -> Response:
    """The call's answer. A 500 is kept under the idempotency key, whether or not the call was applied before it."""
    failure = api_error("An unknown error occurred.").response()
    if fault is not None and fault.kind == "error_500":
        stripe.remember(admitted, failure)
        return failure
    response = stripe.execute(admitted)
    if fault is not None and fault.kind == "error_500_after_apply":
        stripe.remember(admitted, failure)
        return failure
    return response


def _respond(exchange: Exchange, response: Response, fault: Fault | None, headers: Headers) -> None:
    if fault is not None and fault.kind == "timeout_after_apply":
        asyncio.get_running_loop().call_later(fault.lasting(), exchange.hang_up)
    elif fault is not None and fault.kind == "malformed_json":
        exchange.cut(response, headers)
    else:
        exchange.respond(response, headers)


def _facts(exchange: Exchange, stripe: StripeApi, admitted: Admitted | Response) -> CallFacts:
    request = exchange.request
    method = form_of(request).get("payment_method")
    return CallFacts(
        operation=operation_of(request),
        path=request.path,
        method=request.method,
        metadata=addressed_metadata(stripe, admitted) if isinstance(admitted, Admitted) else {},
        idempotency_key=request.header(b"idempotency-key"),
        payment_method=method if isinstance(method, str) else None,
        replayed=not isinstance(admitted, Admitted),
    )
