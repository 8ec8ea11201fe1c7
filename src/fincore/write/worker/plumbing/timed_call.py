"""One call to a PSP: timed, counted, traced, and never raising, because money may have moved although something went wrong."""

import time
from collections.abc import Awaitable, Mapping
from typing import Final, TypeVar

import structlog

from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    DisputeReport,
    Expired,
    Pending,
    PspName,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.observability.failpoints import failpoint
from fincore.observability.tracing.span import exemplar_of
from fincore.observability.tracing.tracer import begin
from fincore.write.psp.port import NotFound, ReceiptRefused
from fincore.write.worker.plumbing.metrics import psp_calls, psp_outcomes

_log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

_LABELS: Final[Mapping[type[object], str]] = {
    Approved: "approved",
    Declined: "declined",
    ActionRequired: "action_required",
    Consented: "consented",
    Pending: "pending",
    DisputeReport: "reported",
    Canceled: "canceled",
    Expired: "expired",
    Rejected: "rejected",
    RefundReport: "reported",
    RefundRejected: "rejected",
    Retryable: "retryable",
    Unknown: "unknown",
    NotFound: "not_found",
    ReceiptRefused: "receipt_refused",
    str: "found",
}
"""The results as labels of metrics, and in spans."""
_UNKNOWN: Final = _LABELS[Unknown]


async def called(psp: PspName, operation: str, call: Awaitable[Answer]) -> Answer | None:
    """The answer; None where the gateway raised."""
    with begin("psp_call", f"psp {operation}") as span:
        span.set("fincore.psp", psp)
        span.set("fincore.psp.operation", operation)
        failpoint(f"psp.{operation}", "before")
        began = time.perf_counter()
        try:
            result = await call
        except Exception as error:  # noqa: BLE001 -- a defect of a gateway must not look like a call that never happened
            _log.exception("worker.gateway_raised", psp=psp, operation=operation)
            psp_outcomes(psp, operation, "raised").inc()
            span.fail(type(error).__name__)
            return None
        finally:
            psp_calls(psp, operation).observe(time.perf_counter() - began, exemplar_of(span))
        failpoint(f"psp.{operation}", "after")
        outcome = _LABELS[type(result)]
        psp_outcomes(psp, operation, outcome).inc()
        span.set("fincore.psp.outcome", outcome)
        if outcome == _UNKNOWN:
            span.fail(outcome, why="unknown")
        return result
