"""What is counted of PSPs' webhooks and reports."""

from typing import Final

from prometheus_client import Counter, Gauge

WEBHOOKS_RECEIVED: Final = Counter(
    "fincore_webhooks_received_total", "Webhooks of PSPs that arrived, by result.", ["psp", "result"]
)
REPORTS_HELD: Final = Gauge(
    "fincore_reports_held",
    "Reports of PSPs about charges that wait for a person. Refunds of these charges are refused.",
)
OLDEST_HELD_REPORT_SECONDS: Final = Gauge(
    "fincore_report_held_oldest_seconds", "How long the oldest held report has waited; 0 if none is held."
)
