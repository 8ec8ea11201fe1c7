"""Stripe's API as the sandbox takes its calls: headers of every answer, faults in Stripe's words, what faults match."""

from msgspec.structs import replace

from psp_sandbox.dialect import Headers
from psp_sandbox.faults import CallFacts, Fault
from psp_sandbox.messages import Request, Response
from psp_sandbox.stripe import publishable
from psp_sandbox.stripe.api import Admitted, StripeApi, addressed_metadata, form_of, route_of
from psp_sandbox.stripe.errors import Refusal, api_error, rate_limited
from psp_sandbox.stripe.wire import API_VERSION

CRASHED = api_error("The sandbox failed; its log has the traceback.").response()
TURNED_AWAY: dict[str, Refusal] = {
    "rate_limited_429": rate_limited("Request rate limit exceeded.", code="rate_limit"),
    "lock_timeout_429": rate_limited(
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request.",
        code="lock_timeout",
    ),
    "conflict_409": rate_limited(
        "There is currently another in-progress request using this Idempotent Key.",
        code="idempotency_key_in_use",
        status=409,
    ),
    "unavailable_503": api_error("Stripe is temporarily unavailable.", status=503),
}
"""The faults that turn a request away before it is looked at."""


class StripeDialect:
    """Takes the calls of Stripe's API."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def admit(self, request: Request) -> Admitted | Response:
        """Let the request in, or say what it gets instead."""
        return self._api.admit(request)

    def facts(self, request: Request, admitted: Admitted | Response) -> CallFacts:
        """What a fault's rule can match."""
        method = form_of(request).get("payment_method")
        return CallFacts(
            psp="stripe",
            operation=f"{request.method} {route_of(request)}",
            path=request.path,
            method=request.method,
            metadata=addressed_metadata(self._api, admitted) if isinstance(admitted, Admitted) else {},
            idempotency_key=request.header(b"idempotency-key"),
            payment_method=method if isinstance(method, str) else None,
            replayed=not isinstance(admitted, Admitted),
        )

    def begin(self, admitted: Admitted) -> None:
        """The same idempotency key is a conflict from now on."""
        self._api.begin(admitted)

    def execute(self, admitted: Admitted) -> Response:
        """Carry the request out."""
        return self._api.execute(admitted)

    def fail(self, admitted: Admitted) -> Response:
        """A 500, which the idempotency key keeps as Stripe does."""
        failure = api_error("An unknown error occurred.").response()
        self._api.remember(admitted, failure)
        return failure

    def crashed(self, request: Request) -> Response:  # noqa: ARG002 - the dialect's signature
        """The 500 of a defect of the sandbox."""
        return CRASHED

    def headers(self, request: Request) -> Headers:
        """What Stripe puts on every answer."""
        version = request.header(b"stripe-version") or API_VERSION
        key = request.header(b"idempotency-key")
        always: Headers = (("Request-Id", request.id), ("Stripe-Version", version))
        if b"origin" in request.headers and f"{request.method} {route_of(request)}" in publishable.CALLS:
            always += publishable.CORS
        return (*always, ("Idempotency-Key", key)) if key else always

    def preflight(self, request: Request) -> Response:
        """The answer to a browser that asks, before a call, whether a page of another origin may make it."""
        asked = replace(request, method=request.header(b"access-control-request-method") or "")
        if f"{asked.method} {route_of(asked)}" not in publishable.CALLS:
            return Response(status=403, payload=b"", content_type="text/plain")
        return Response(status=204, payload=b"", headers=(*publishable.CORS, *publishable.PREFLIGHT))

    def turned_away(self, request: Request, fault: Fault) -> tuple[Response, Headers] | None:  # noqa: ARG002
        """The answer of a fault that turns the request away; None if it does not."""
        refusal = TURNED_AWAY.get(fault.kind)
        if refusal is None:
            return None
        limited = fault.kind == "rate_limited_429"
        return refusal.response(), (("Stripe-Rate-Limited-Reason", fault.reason),) if limited else ()
