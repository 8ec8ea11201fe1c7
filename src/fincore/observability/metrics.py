"""How old the figures are that a process measures, for Prometheus."""

from typing import Final

from prometheus_client import Gauge

FIGURES_AGE_SECONDS: Final = Gauge(
    "fincore_figures_age_seconds",
    "How old figures are that a process asks its database for: those of the queue, of webhooks, of a consumer.",
    ["what"],
)
