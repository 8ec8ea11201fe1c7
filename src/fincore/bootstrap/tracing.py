"""Traces of a role: nothing of them is loaded where no collector is configured."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fincore.bootstrap.settings import Settings
from fincore.domain.clock import Clock
from fincore.observability.tracing import tracer
from fincore.version import VERSION


@asynccontextmanager
async def running_traces(role: str, settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """Trace what the role does in the block, and export it; at the end send what is left, within a bound.

    Spans tell the time of `clock`, so that those of several machines agree.
    """
    if settings.trace_otlp_url is None:
        yield
        return
    from fincore.observability.tracing.exporter import Exporter

    exporter = Exporter(settings.trace_otlp_url, resource_of(role))
    callers = tracer.CallersShare(settings.trace_callers_per_second, time.monotonic)
    exporting = asyncio.create_task(exporter.run())
    tracer.install(tracer.Tracer(settings.trace_rate, callers, exporter.take, clock))
    try:
        yield
    finally:
        tracer.uninstall()
        exporter.stop()
        await exporting


def resource_of(role: str) -> dict[str, str]:
    """What names this process in traces (OpenTelemetry's conventions for resources)."""
    return {
        "service.namespace": "fincore",
        "service.name": f"fincore-{role}",
        "service.version": VERSION,
        "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
    }
