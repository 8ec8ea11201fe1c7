"""From ASGI to a handler and back: ids, bounds, counts, and a problem for each failure.

One table of routes gives the router its endpoints and the OpenAPI document its operations, so that neither can drift
from the other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
import structlog

from fincore.domain.errors import EventImpossible, Overloaded, StreamUnreadable
from fincore.domain.ids import RequestId, new_request_id
from fincore.http.asgi import HttpScope, Receive, Send
from fincore.http.exchange import PROBLEM_JSON, Call, ClientGone, Response, json_response
from fincore.http.gate import Gate, Place
from fincore.http.list_query import refuse_parameters
from fincore.http.merchant_requests import count_request
from fincore.http.metrics import REQUEST_SECONDS
from fincore.http.openapi import Operation
from fincore.http.problems import PROBLEMS, Problem, ProblemCode, problem_body
from fincore.http.rate_limit import RateLimiter
from fincore.http.request_span import request_span, tell_response
from fincore.observability.access_log import log_answered
from fincore.observability.log_ids import logged_request

_log = structlog.get_logger(__name__)

BODY_SECONDS_MAX: Final = 10.0
STORE_RETRY_AFTER_SECONDS: Final = 2
INTERNAL_ERROR_RETRY_AFTER_SECONDS: Final = 1
NO_STORE: Final = (("cache-control", "no-store"),)
WITHOUT_CONTENT: Final = (204, 304)
"""No Content and Not Modified: there is no type, and the length would be another representation's (RFC 9110, 8.6)."""
UNREADABLE: Final = (
    "The log holds an event of the charge that this version of FinCore cannot read; nothing was done."
)

GateName = Literal["requests", "returns", "webhooks"]
Method = Literal["GET", "HEAD", "POST", "DELETE", "OPTIONS"]
Handler = Callable[[Call], Awaitable[Response]]
"""Answers a call, or raises `Problem`."""


class StreamBroken(Exception):
    """A stream failed after its head was sent. The server breaks the connection off, so that no part is taken for the whole."""


class Outage(NamedTuple):
    """A store that cannot do its part for now: a word for it, and what it is, as a clause."""

    name: str
    description: str


OutageOf = Callable[[Exception], Outage | None]
"""The outage that an error of a store means; None for any other error."""


ShowProblem = Callable[[HttpScope, Problem], Response | None]
"""A problem as a page for the browser of a request; None where the request is of a program, which reads the problem itself."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path: who answers it, and how it is documented.

    `gate`: among which requests in flight it counts. Webhooks of PSPs and customers who return have gates of their own, which no merchant can fill;
    health checks have none: a busy process is not a dead one. `show_problem` is for paths that people open.
    """

    method: Method
    path: str
    operation: Operation
    handler: Handler
    gate: GateName | None = "requests"
    show_problem: ShowProblem | None = None

    @property
    def takes_any_query(self) -> bool:
        """Whether a query is never refused: the handler checks it, or it is ignored. A merchant's GET without parameters refuses it."""
        parameters = self.operation.parameters
        return (
            self.method != "GET"
            or not self.operation.is_authenticated
            or any(parameter.place == "query" for parameter in parameters)
        )


class Endpoint:
    """All methods of one path."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        gates: Mapping[GateName, Gate],
        limiter: RateLimiter,
        body_seconds_max: float,
        outage_of: OutageOf,
    ) -> None:
        by_method: dict[Method, Route] = {route.method: route for route in routes}
        if "GET" in by_method:
            by_method["HEAD"] = by_method["GET"]  # the server leaves the body out
        self._routes: Mapping[str, Route] = {str(method): route for method, route in by_method.items()}
        self._gates = gates
        self._limiter = limiter
        # A merchant's data are for its own eyes, and may have changed a moment later.
        self._is_merchants = routes[0].path.startswith("/v1/")
        self._headers = NO_STORE if self._is_merchants else ()
        self._body_seconds_max = body_seconds_max
        self._outage_of = outage_of
        self._seconds = {
            (route.method, status_class): REQUEST_SECONDS.labels(
                route.method, route.path, f"{status_class}xx"
            )
            for route in routes
            for status_class in range(2, 6)
        }
        self._allow: Final = (("allow", ", ".join(dict.fromkeys((*by_method, "OPTIONS")))),)

    async def __call__(
        self,
        scope: HttpScope,
        receive: Receive,
        send: Send,
        *,
        path: str,
        parameters: Mapping[str, str],
    ) -> None:
        """Answer one request to this path; `parameters` are the values in it by name."""
        request_id = new_request_id()
        route = self._routes.get(scope["method"])
        if route is None:
            await send_response(
                send, self._without_route(scope["method"], request_id), request_id, headers=NO_STORE
            )
            return
        span = request_span(
            route.method,
            route.path,
            scope["headers"],
            request_id,
            is_authenticated=route.operation.is_authenticated,
        )
        with logged_request(request_id), span:
            await self._answer(
                scope, receive, send, route=route, request_id=request_id, path=path, parameters=parameters
            )

    async def _answer(
        self,
        scope: HttpScope,
        receive: Receive,
        send: Send,
        *,
        route: Route,
        request_id: RequestId,
        path: str,
        parameters: Mapping[str, str],
    ) -> None:
        started = time.perf_counter()
        place: Place | None = None
        response: Response | None = None
        problem_code: ProblemCode | None = None
        rate_headers: tuple[tuple[str, str], ...] = ()
        try:
            place = self._gates[route.gate].enter() if route.gate else None
            call = Call(
                scope,
                receive,
                path=path,
                parameters=parameters,
                request_id=request_id,
                body_seconds_max=self._body_seconds_max,
                limiter=self._limiter,
                place=place,
            )
            if call.query and not route.takes_any_query:
                refuse_parameters(call.query)
            try:
                response = await route.handler(call)
            finally:
                rate_headers = call.rate_headers
        except Problem as problem:
            problem_code = problem.code
            response = _problem_shown(problem, route, scope, request_id)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 -- the last resort: every error is answered as a problem
            failure = self._failure(error, route, request_id)
            problem_code = failure.code
            response = _problem_shown(failure, route, scope, request_id)
        finally:
            if place is not None and (response is None or response.stream is None):
                place.leave()
        seconds = time.perf_counter() - started
        has_waited = place is not None and place.has_waited
        self._measure(route, scope, response.status, seconds, has_waited=has_waited)
        log_answered(
            route.method, route.path, response.status, seconds, code=problem_code, has_waited=has_waited
        )
        headers = (*self._headers, *rate_headers)
        if response.stream is None:
            await send_response(send, response, request_id, headers=headers)
            return
        try:
            await _send_while_read(receive, send_response(send, response, request_id, headers=headers))
        except Exception as error:  # noqa: BLE001 -- the head is sent: all that is left is to break the connection off
            _log.error("api.stream_failed", request_id=request_id, path=route.path, exc_info=error)
            raise StreamBroken from None
        finally:
            await response.stream.aclose()
            if place is not None:
                place.leave()

    def _measure(
        self, route: Route, scope: HttpScope, status: int, seconds: float, *, has_waited: bool
    ) -> None:
        exemplar = tell_response(status, has_waited=has_waited)
        self._seconds[route.method, status // 100].observe(seconds, exemplar)
        if self._is_merchants and route.operation.is_authenticated:
            count_request(scope["headers"], route.method, status, seconds, exemplar, has_waited=has_waited)

    def _without_route(self, method: str, request_id: RequestId) -> Response:
        if method == "OPTIONS":
            return Response(204, b"", headers=self._allow)
        return problem_response(Problem("method_not_allowed", headers=self._allow), request_id)

    def _failure(self, error: Exception, route: Route, request_id: RequestId) -> Problem:
        """What to say when the request did not fail by its own fault."""
        if isinstance(error, Overloaded):
            return Problem("overloaded", headers=_retry_after(error.retry_after_seconds))
        if (outage := self._outage_of(error)) is not None:
            _log.warning(
                "api.store_unavailable",
                request_id=request_id,
                path=route.path,
                outage=outage.name,
                error=repr(error),
            )
            return outage_problem(outage)
        if isinstance(error, StreamUnreadable | EventImpossible):
            _log.error("api.charge_unreadable", request_id=request_id, path=route.path, reason=str(error))
            return Problem("charge_unreadable", UNREADABLE)
        _log.error("api.request_failed", request_id=request_id, path=route.path, exc_info=error)
        return Problem("internal_error", headers=_retry_after(INTERNAL_ERROR_RETRY_AFTER_SECONDS))


async def _send_while_read(receive: Receive, sending: Coroutine[Any, Any, None]) -> None:
    """Send a stream to its end, or until its client is gone: nothing is read for a client that reads no more."""
    tasks = asyncio.create_task(sending), asyncio.create_task(_until_gone(receive))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection, or the response is over."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _problem_shown(problem: Problem, route: Route, scope: HttpScope, request_id: RequestId) -> Response:
    """A problem as the client of a route reads it."""
    shown = None if route.show_problem is None else route.show_problem(scope, problem)
    return problem_response(problem, request_id) if shown is None else shown


def problem_response(problem: Problem, request_id: RequestId) -> Response:
    """A problem as a response."""
    body = problem_body(problem.code, request_id, detail=problem.detail, param=problem.param)
    response = json_response(body.status, body, headers=problem.headers)
    return msgspec.structs.replace(response, media_type=PROBLEM_JSON)


async def send_response(
    send: Send, response: Response, request_id: RequestId, *, headers: Sequence[tuple[str, str]] = ()
) -> None:
    """Send an answer with its `Request-Id` and the headers that do not depend on what it says."""
    sent = [(b"request-id", request_id.encode())]
    if response.status not in WITHOUT_CONTENT:
        sent.append((b"content-type", response.media_type.encode()))
        if response.stream is None:
            sent.append((b"content-length", b"%d" % len(response.body)))
    sent += [(name.encode(), value.encode("latin-1")) for name, value in (*response.headers, *headers)]
    await send({"type": "http.response.start", "status": response.status, "headers": sent})
    if response.stream is not None:
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        async for part in response.stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send(
        {
            "type": "http.response.body",
            "body": response.body if response.stream is None else b"",
            "more_body": False,
        }
    )


def outage_problem(outage: Outage) -> Problem:
    """The problem that an outage of a store is to a client; `detail` says what it is."""
    case = outage.description
    what_to_do = PROBLEMS["store_unavailable"].what_to_do
    return Problem(
        "store_unavailable",
        f"{case[:1].upper()}{case[1:]}. {what_to_do}",
        headers=_retry_after(STORE_RETRY_AFTER_SECONDS),
    )


def _retry_after(seconds: int) -> tuple[tuple[str, str], ...]:
    return (("retry-after", str(seconds)),)
