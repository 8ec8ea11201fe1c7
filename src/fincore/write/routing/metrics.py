"""What routing counts."""

from typing import Final

from prometheus_client import Counter, Gauge

BREAKER_STATE: Final = Gauge(
    "fincore_breaker_state",
    "The breaker of an account, as this process sees it: 0 closed, 1 half-open, 2 open.",
    ["psp", "psp_account"],
)
BREAKER_OPENINGS: Final = Counter(
    "fincore_breaker_openings_total",
    "How often this process opened the closed breaker of an account.",
    ["psp", "psp_account"],
)
