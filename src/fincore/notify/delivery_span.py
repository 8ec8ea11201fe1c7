"""The span of an attempt at a delivery, which the merchant's server may go on from."""

from fincore.notify.attempt import Claimed
from fincore.notify.retry_schedule import AttemptResult
from fincore.observability.tracing.span import NO_SPAN, NoSpan, Span
from fincore.observability.tracing.trace_context import (
    TRACEPARENT,
    chosen_among,
    traceparent_of,
)
from fincore.observability.tracing.tracer import begin_after, is_tracing

_FAILED_FROM = 400


def delivery_span(claimed: Claimed) -> Span | NoSpan:
    """A span after the commit of the event that is told. It points at the beginning of the charge where that is in another trace."""
    if not is_tracing():
        return NO_SPAN
    traces = claimed.traces
    span = begin_after("delivery", "deliver webhook", traces.event)
    span.set("fincore.delivery_id", claimed.delivery_id)
    span.set("fincore.endpoint_id", claimed.endpoint_id)
    span.set("fincore.delivery.attempt", claimed.attempt)
    if isinstance(span, Span):
        origins = chosen_among([traces.origin])
        span.link(one for one in origins if one.trace_id != span.context.trace_id)
    return span


def trace_headers(span: Span | NoSpan) -> dict[str, str]:
    """The header by which the merchant's server learns of the trace."""
    return {TRACEPARENT: traceparent_of(span.context)} if isinstance(span, Span) else {}


def tell_attempt(span: Span | NoSpan, result: AttemptResult) -> None:
    """Say how the attempt went."""
    if result.status is not None:
        span.set("http.response.status_code", result.status)
    if result.error is not None:
        span.fail(result.error)
    elif result.status is not None and result.status >= _FAILED_FROM:
        span.fail(str(result.status))
