"""Prints metrics for Amazon CloudWatch once a minute, where a setting asks for it."""

import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Final

from fincore.bootstrap.processes import sampled
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import Clock

INTERVAL_SECONDS: Final = 60.0
"""The period of most alarms: a shorter one would cost more and tell nothing more."""


@contextlib.asynccontextmanager
async def printed_metrics(settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """Print them beside the log while a role runs, with the times of a clock."""
    if settings.metrics_log == "off":
        yield
        return
    from prometheus_client import REGISTRY

    from fincore.alerting.alerts import ALERTS
    from fincore.alerting.published import bounds, published
    from fincore.observability.metric_log import MetricLog

    log = MetricLog(REGISTRY, published(ALERTS), _print, bounds=bounds(ALERTS))

    async def look() -> None:
        log.look(round(clock.now().timestamp() * 1_000))

    async with sampled("metrics_log", look, interval_seconds=INTERVAL_SECONDS):
        try:
            yield
        finally:
            # What was counted since the last look is not lost with the process.
            await look()


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
