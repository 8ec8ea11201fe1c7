"""The worker's metrics."""

from functools import cache
from typing import Final, get_args

from prometheus_client import Counter, Histogram

from fincore.domain.risk import ReviewVerdict

JOBS: Final = Counter("fincore_worker_jobs_total", "Jobs handled, by result.", ["kind", "result"])
PSP_OUTCOMES: Final = Counter(
    "fincore_psp_outcomes_total", "Answers of PSPs, in FinCore's words.", ["psp", "operation", "outcome"]
)
PSP_CALL_SECONDS: Final = Histogram(
    "fincore_psp_call_seconds",
    "How long a PSP took to answer.",
    ["psp", "operation"],
    buckets=(0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 90.0),
)
OUTCOMES_UNKNOWN: Final = Counter(
    "fincore_outcomes_unknown_total",
    "Operations on charges, and refunds, with an outcome that became unknown.",
    ["psp", "operation"],
)
OUTCOMES_RESOLVED: Final = Counter(
    "fincore_outcomes_resolved_total",
    "Unknown outcomes the janitor recorded, by how.",
    ["psp", "operation", "how"],
)
CORRECTIONS: Final = Counter(
    "fincore_corrections_total", "Charges and refunds brought into line with the PSP's own record."
)
REVIEWS_DECIDED_AUTOMATICALLY: Final = Counter(
    "fincore_reviews_decided_automatically_total",
    "Reviews of charges that no person decided in time, by the decision.",
    ["decision"],
)
for _verdict in get_args(ReviewVerdict):
    # Prometheus sees no increase in a series that begins at 1.
    REVIEWS_DECIDED_AUTOMATICALLY.labels(_verdict)
WEBHOOKS_PROCESSED: Final = Counter(
    "fincore_webhooks_interpreted_total",
    "Webhooks of PSPs that were processed, by result.",
    ["psp", "result"],
)
PURGED: Final = Counter("fincore_purged_rows_total", "Rows deleted after their retention.", ["what"])


@cache
def psp_calls(psp: str, operation: str) -> Histogram:
    """The time of one operation at one PSP; kept, because a series is looked up slower than it is changed."""
    return PSP_CALL_SECONDS.labels(psp, operation)


@cache
def psp_outcomes(psp: str, operation: str, outcome: str) -> Counter:
    """The count of one outcome."""
    return PSP_OUTCOMES.labels(psp, operation, outcome)
