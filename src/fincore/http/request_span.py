"""The span of a request. `traceparent` is read at paths that take a key or a token; a request of a PSP or a browser begins a trace."""

from collections.abc import Sequence
from typing import Final

from fincore.domain.ids import RequestId
from fincore.observability.tracing.span import NO_SPAN, NoSpan, Span, current, exemplar_of
from fincore.observability.tracing.trace_context import TRACEPARENT
from fincore.observability.tracing.tracer import begin_after, begin_for_caller, is_tracing

_HEADER: Final = TRACEPARENT.encode()
_FAULT_OF_OURS: Final = 500


def request_span(
    method: str,
    route: str,
    headers: Sequence[tuple[bytes, bytes]],
    request_id: RequestId,
    *,
    is_authenticated: bool,
) -> Span | NoSpan:
    """The span of a request to a route, which is a path with names in the places of its parameters."""
    if not is_tracing():
        return NO_SPAN
    name = f"{method} {route}"
    if is_authenticated:
        sent = [value.decode("latin-1") for header, value in headers if header == _HEADER]
        span = begin_for_caller("request", name, sent)
    else:
        span = begin_after("request", name, None)
    span.set_all({"http.request.method": method, "http.route": route, "fincore.request_id": request_id})
    return span


def tell_response(status: int, *, has_waited: bool) -> dict[str, str] | None:
    """Say in the current span how the request was answered; what names its trace as an exemplar, where that was chosen."""
    span = current()
    if not isinstance(span, Span):
        return None
    span.set("http.response.status_code", status)
    if has_waited:
        span.wait()
    if status >= _FAULT_OF_OURS:
        span.fail(str(status))
    return exemplar_of(span)
