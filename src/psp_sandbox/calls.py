"""A PSP call on its way through the sandbox: admitted, perhaps spoiled, perhaps late, then executed and answered."""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from psp_sandbox.connection import Exchange
from psp_sandbox.dialect import A, Dialect, Headers
from psp_sandbox.faults import Fault, FaultRules
from psp_sandbox.messages import Response

log = structlog.get_logger("psp_sandbox.calls")


class Calls:
    """The calls of every PSP. `latency` gives the seconds each one takes; `counts` how many came to which endpoint."""

    def __init__(self, *, faults: FaultRules, latency: Callable[[], float]) -> None:
        self.counts: Counter[str] = Counter()
        self.latency = latency
        self._faults = faults

    def take(self, exchange: Exchange, dialect: Dialect[A]) -> None:
        """Answer the call, now or in a while, unless a fault says otherwise."""
        request = exchange.request
        headers = dialect.headers(request)
        admitted = dialect.admit(request)
        route = "not executed" if isinstance(admitted, Response) else admitted.route
        self.counts[f"{request.method} {route}"] += 1
        fault = None if self._faults.empty() else self._faults.take_for_call(dialect.facts(request, admitted))
        if fault is not None:
            log.info("fault.fired", kind=fault.kind, path=request.path, request_id=request.id)
            if _spoil_before(exchange, dialect, fault, headers):
                return
        if not isinstance(admitted, Response):
            dialect.begin(admitted)
        delay = self.latency() + (fault.lasting() if fault is not None and fault.kind == "slow" else 0.0)
        if delay:
            loop = asyncio.get_running_loop()
            loop.call_later(delay, _finish, exchange, dialect, admitted, fault, headers)
        else:
            _finish(exchange, dialect, admitted, fault, headers)


def _finish(
    exchange: Exchange, dialect: Dialect[A], admitted: A | Response, fault: Fault | None, headers: Headers
) -> None:
    try:
        response = admitted if isinstance(admitted, Response) else _executed(dialect, admitted, fault)
    except Exception:
        request = exchange.request
        log.exception("request.failed", method=request.method, path=request.path, request_id=request.id)
        response = dialect.crashed(request)
    _respond(exchange, response, fault, headers)


def _spoil_before(exchange: Exchange, dialect: Dialect[A], fault: Fault, headers: Headers) -> bool:
    """The faults after which nothing has been applied. False: the call goes on."""
    if fault.kind == "timeout_before_apply":
        asyncio.get_running_loop().call_later(fault.lasting(), exchange.hang_up)
        return True
    if fault.kind == "connection_reset":
        exchange.reset()
        return True
    turned_away = dialect.turned_away(exchange.request, fault)
    if turned_away is None:
        return False
    response, more = turned_away
    exchange.respond(response, (*headers, *more))
    return True


def _executed(dialect: Dialect[A], admitted: A, fault: Fault | None) -> Response:
    """The answer, or the 500 of a fault: in place of the call, or after it was carried out."""
    if fault is not None and fault.kind == "error_500":
        return dialect.fail(admitted)
    response = dialect.execute(admitted)
    if fault is not None and fault.kind == "error_500_after_apply":
        return dialect.fail(admitted)
    return response


def _respond(exchange: Exchange, response: Response, fault: Fault | None, headers: Headers) -> None:
    if fault is not None and fault.kind == "timeout_after_apply":
        asyncio.get_running_loop().call_later(fault.lasting(), exchange.hang_up)
    elif fault is not None and fault.kind == "malformed_json":
        exchange.cut(response, headers)
    else:
        exchange.respond(response, headers)
