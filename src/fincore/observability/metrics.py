"""What the auditor found, for Prometheus."""

from typing import Final

from prometheus_client import Gauge

VIOLATIONS: Final = Gauge(
    "fincore_law_violations", "What breaks a law, as of the last round; 0 where it holds.", ["law"]
)
UNCHECKED: Final = Gauge(
    "fincore_audit_unchecked",
    "1 for a law or a figure that the auditor could not check or measure in the last round, else 0.",
    ["what"],
)
FIGURES_AGE_SECONDS: Final = Gauge(
    "fincore_figures_age_seconds",
    "How old figures are that a process asks its database for: those of the queue, of webhooks, of a consumer.",
    ["what"],
)
CHECKED_AT: Final = Gauge("fincore_laws_checked_timestamp_seconds", "When the last round of checks ended.")
CHECK_SECONDS: Final = Gauge("fincore_laws_check_seconds", "How long the last round of checks took.")
