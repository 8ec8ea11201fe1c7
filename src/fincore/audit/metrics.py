"""What the auditor found, for Prometheus."""

from typing import Final

from prometheus_client import Gauge

VIOLATIONS: Final = Gauge(
    "fincore_law_violations",
    "Rows that break an invariant, as of the auditor's last round; 0 where it holds, 100 at most.",
    ["law"],
)
UNCHECKED: Final = Gauge(
    "fincore_audit_unchecked",
    "1 for an invariant that the auditor could not check in its last round, or a figure that it could not measure, else 0.",
    ["what"],
)
CHECKED_AT: Final = Gauge(
    "fincore_laws_checked_timestamp_seconds",
    "When the auditor last checked an invariant, or measured a figure, in seconds since 1970; 0 where it has not yet.",
    ["what"],
)
CHECK_SECONDS: Final = Gauge(
    "fincore_laws_check_seconds", "How long the auditor's last round of checks took, in seconds."
)
