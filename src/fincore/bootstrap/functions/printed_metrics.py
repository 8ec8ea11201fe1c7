"""Prints what a function has counted as metrics for Amazon CloudWatch, at the end of each invocation: no one else can read its counters."""

import sys
from collections.abc import Mapping
from typing import Final

from prometheus_client import REGISTRY

from fincore.alerting.alerts import ALERTS
from fincore.alerting.published import bounds, published
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import SystemClock
from fincore.observability.metric_log import MetricLog

COUNTED_HERE: Final[Mapping[str, frozenset[tuple[str, ...]]]] = {
    "fincore_shard_events_total": frozenset({("consumer", "result")})
}
"""What is counted by functions alone, beside what alarms ask for."""


class PrintedMetrics:
    """Prints counters that have grown, where the settings ask for it. Gauges are left to roles, which run on."""

    def __init__(self) -> None:
        self._log: MetricLog | None = None
        self._left_out: frozenset[str] = frozenset()

    def leave_out(self, names: frozenset[str]) -> None:
        """Do not print some counters, which another process counts by what this one answers."""
        self._left_out = names

    def begin(self, settings: Settings) -> None:
        """Follow the settings from now on."""
        if settings.metrics_log != "off" and self._log is None:
            wanted = {**published(ALERTS), **COUNTED_HERE}
            kept = {name: sets for name, sets in wanted.items() if name not in self._left_out}
            self._log = MetricLog(REGISTRY, kept, _print, bounds=bounds(ALERTS), only_growth=True)

    def write(self) -> None:
        """Print what has been counted since the time before, dated by the machine: CloudWatch takes no other time than now."""
        if self._log is not None:
            self._log.look(round(SystemClock().now().timestamp() * 1_000))


METRICS: Final = PrintedMetrics()
"""Those of this process."""


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
