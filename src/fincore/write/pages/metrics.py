"""What browsers report, counted."""

from typing import Final

from prometheus_client import Counter

CSP_REPORTS: Final = Counter(
    "fincore_csp_reports_total",
    "Violations of content security policies that browsers reported, by directive and by what was blocked: `inline`, `eval`, "
    "`origin`, `extension` of the customer's browser, `other`.",
    ("directive", "blocked"),
)
