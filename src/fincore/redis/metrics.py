"""What the cache that processes share says about itself to Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge

LOOK_UPS: Final = Counter(
    "fincore_shared_responses_total",
    "Look-ups of idempotency keys in the cache that processes share, by result: `found`, `absent`, `away` (no answer within the bound) "
    "or `unreadable` (not written with our key).",
    ("result",),
)
IS_CONNECTED: Final = Gauge(
    "fincore_shared_responses_connected",
    "1 while the process has a connection to the cache that processes share.",
)
