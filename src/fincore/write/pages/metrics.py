"""What browsers report, counted, and what the last comparison of the pages found."""

from typing import Final

from prometheus_client import Counter, Gauge

CSP_REPORTS: Final = Counter(
    "fincore_csp_reports_total",
    "Violations of content security policies that browsers reported, by directive and by what was blocked: `inline`, `eval`, "
    "`origin`, `extension` of the customer's browser, `other`.",
    ("directive", "blocked"),
)
UNREAD_REPORTS: Final = Counter(
    "fincore_browser_reports_unread_total",
    "Reports of browsers that are no violation FinCore reads, by reason: `media_type` or `body` is of another form, `report` is of another "
    "type or beyond the hundredth of its body.",
    ("reason",),
)
PAGE_PROBLEMS: Final = Gauge(
    "fincore_page_problems",
    "What the last `fincore pages verify` of a scope found to differ, or could not check; the scopes are `pages`, `frames_live` and "
    "`frames_test`.",
    ("scope",),
)
PAGES_MATCHED_AT: Final = Gauge(
    "fincore_pages_matched_timestamp_seconds",
    "When `fincore pages verify` last found that all of a scope matches, as Unix time; 0: never.",
    ("scope",),
)
