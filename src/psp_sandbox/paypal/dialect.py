"""PayPal's API as the sandbox takes its calls: headers of every answer, faults in PayPal's words, what faults match."""

from psp_sandbox.dialect import Headers
from psp_sandbox.faults import CallFacts, Fault
from psp_sandbox.messages import Request, Response
from psp_sandbox.paypal.api import Admitted, PayPalApi, body_of, debug_id, routed
from psp_sandbox.paypal.errors import Refusal, error
from psp_sandbox.paypal.records import references

STATUSES = {"rate_limited_429": 429, "lock_timeout_429": 429, "unavailable_503": 503}
"""The faults that turn a request away before it is looked at, but for the conflict, which is an issue."""


class PayPalDialect:
    """Takes the calls of PayPal's API."""

    def __init__(self, api: PayPalApi) -> None:
        self._api = api

    def admit(self, request: Request) -> Admitted | Response:
        """Let the request in, or say what it gets instead."""
        return self._api.admit(request)

    def facts(self, request: Request, admitted: Admitted | Response) -> CallFacts:
        """What a fault's rule can match."""
        source = body_of(request).get("payment_source")
        return CallFacts(
            psp="paypal",
            operation=f"{request.method} {routed(request)[0]}",
            path=request.path,
            method=request.method,
            metadata=self._metadata(admitted) if isinstance(admitted, Admitted) else {},
            idempotency_key=request.header(b"paypal-request-id"),
            payment_method=next(iter(source), None) if isinstance(source, dict) else None,
            replayed=not isinstance(admitted, Admitted),
        )

    def begin(self, admitted: Admitted) -> None:
        """The call is at work from now on."""
        self._api.begin(admitted)

    def execute(self, admitted: Admitted) -> Response:
        """Carry the request out."""
        return self._api.execute(admitted)

    def fail(self, admitted: Admitted) -> Response:
        """A 500. Nothing is kept of it: the same PayPal-Request-Id may be tried again."""
        self._api.end(admitted)
        return error(500, debug_id(admitted.request))

    def crashed(self, request: Request) -> Response:
        """The 500 of a defect of the sandbox."""
        return error(500, debug_id(request))

    def headers(self, request: Request) -> Headers:
        """What PayPal puts on every answer."""
        return (("PayPal-Debug-Id", debug_id(request)),)

    def turned_away(self, request: Request, fault: Fault) -> tuple[Response, Headers] | None:
        """The answer of a fault that turns the request away; None if it does not."""
        if fault.kind == "conflict_409":
            conflict = Refusal("PREVIOUS_REQUEST_IN_PROGRESS")
            return conflict.response(f"{request.method} {routed(request)[0]}", debug_id(request)), ()
        status = STATUSES.get(fault.kind)
        return None if status is None else (error(status, debug_id(request)), ())

    def _metadata(self, admitted: Admitted) -> dict[str, str]:
        """`custom_id` and `invoice_id`, of the request and of the object it is about."""
        record = self._api.store.record(admitted.account, admitted.named)
        named = {} if record is None else references(record)
        body = body_of(admitted.request)
        units = body.get("purchase_units")
        said = units[0] if isinstance(units, list) and units and isinstance(units[0], dict) else body
        given = {name: said.get(name) for name in ("custom_id", "invoice_id")}
        return named | {name: value for name, value in given.items() if isinstance(value, str)}
