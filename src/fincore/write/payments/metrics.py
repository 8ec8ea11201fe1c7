"""What the payment service counts."""

from typing import Final

from prometheus_client import Counter

CHARGE_REQUESTS: Final = Counter(
    "fincore_charge_requests_total",
    "Requests to create a charge, by result.",
    ("result",),
)
OPERATION_REQUESTS: Final = Counter(
    "fincore_operation_requests_total",
    "Requests to capture, cancel or refund a charge, by result.",
    ("operation", "result"),
)
