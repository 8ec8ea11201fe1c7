"""What the span of a job tells of the charge that it turns out to be about."""

from fincore.domain.ids import ChargeId
from fincore.observability.tracing.span import Span, current
from fincore.observability.tracing.trace_context import chosen_among
from fincore.write.worker.plumbing.recorder import ChargeRecorder


async def link_charge(recorder: ChargeRecorder, charge_id: ChargeId) -> None:
    """Let the current span name a charge, and point at the span in which it was created."""
    span = current()
    if isinstance(span, Span):
        span.set("fincore.charge_id", charge_id)
        span.link(chosen_among([await recorder.first_traceparent(charge_id)]))
