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
CHARGE_OUTCOMES: Final = Counter(
    "fincore_charge_outcomes_total",
    "First outcomes of charges that went to a PSP, also where it refused to make a token of the card: `approved`; `declined` by "
    "issuer or PSP; `failed`, as no issuer was asked; `blocked` by "
    "risk rules; `canceled`, `expired`.",
    ["mode", "psp", "psp_account", "outcome"],
)
CHARGE_OUTCOMES_BY_BRAND: Final = Counter(
    "fincore_charge_outcomes_by_brand_total",
    "The same by the brand of the card; `none` where no card paid or none is known, `other` for a brand that is not listed.",
    ["mode", "psp", "brand", "outcome"],
)
CHARGE_OUTCOMES_BY_COUNTRY: Final = Counter(
    "fincore_charge_outcomes_by_country_total",
    "The same by the country of the card or wallet; `other` beyond the first 60 countries that a process sees in a mode.",
    ["mode", "country", "outcome"],
)
CHARGE_OUTCOMES_BY_BIN: Final = Counter(
    "fincore_charge_outcomes_by_bin_total",
    "The same by the six digits that name the issuer of a card, where the PSP tells them, as PayPal does and Stripe does not, or a "
    "risk rule read `card_bin` of a card sent by its number; `other` beyond the first 100 that a process sees in a mode.",
    ["mode", "bin", "outcome"],
)
CHARGE_OUTCOME_SECONDS: Final = Histogram(
    "fincore_charge_outcome_seconds",
    "Time from the acceptance of a charge to its first outcome. `way`: `direct`, `customer` where a customer had to act, `pending` where the "
    "PSP decided later.",
    ["mode", "psp", "way"],
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0),
)
WEBHOOK_READ_SECONDS: Final = Histogram(
    "fincore_webhook_read_seconds",
    "Time from the arrival of a PSP's webhook to the moment when a worker first reads it.",
    ["psp"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3600.0),
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
