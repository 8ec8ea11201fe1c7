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
CHECKED_AT: Final = Gauge("fincore_laws_checked_timestamp_seconds", "When the last round of checks ended.")
CHECK_SECONDS: Final = Gauge("fincore_laws_check_seconds", "How long the last round of checks took.")
