"""How old the figures are that a process measures, for Prometheus."""

from typing import Final

from prometheus_client import Gauge

FIGURES_AGE_SECONDS: Final = Gauge(
    "fincore_figures_age_seconds",
    "Seconds since a process last measured figures in its database: of the queue, of webhooks, of a consumer.",
    ["what"],
)
