"""What notify counts."""

from typing import Final, get_args

from prometheus_client import Counter, Gauge, Histogram

from fincore.notify.retry_schedule import AttemptError

ATTEMPTS: Final = Counter(
    "fincore_webhook_attempts_total",
    "Attempts to deliver a webhook to a merchant: `2xx` to `5xx`, or why there was no answer.",
    ["result"],
)
ATTEMPT_SECONDS: Final = Histogram(
    "fincore_webhook_attempt_seconds",
    "How long merchants' endpoints took to answer.",
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0),
)
DELIVERIES_FINISHED: Final = Counter(
    "fincore_webhook_deliveries_total",
    "Webhooks to merchants that need no further attempt, by result.",
    ["result"],
)
DELIVERY_SECONDS: Final = Histogram(
    "fincore_webhook_delivery_seconds",
    "Time from the event, or from its replay, to the attempt by which its webhook arrived at the merchant.",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0, 60.0, 300.0, 600.0, 3600.0, 21600.0),
)
DELIVERIES_DUE: Final = Gauge(
    "fincore_webhook_deliveries_due", "Webhooks to merchants that are due and not sent yet."
)
OLDEST_DUE_SECONDS: Final = Gauge(
    "fincore_webhook_oldest_due_seconds", "How long the oldest due webhook to a merchant has waited."
)
ENDPOINTS_DISABLED: Final = Counter(
    "fincore_webhook_endpoints_disabled_total",
    "Endpoints that were disabled because webhooks did not arrive, by reason.",
    ["reason"],
)
# Series that begin at 0 tell of the first one, too.
for _error in get_args(AttemptError):
    ATTEMPTS.labels(_error)
for _reason in ("failing", "gone"):
    ENDPOINTS_DISABLED.labels(_reason)
