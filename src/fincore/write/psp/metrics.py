"""What the PSP rooms count."""

from typing import Final

from prometheus_client import Counter

WEBHOOKS_RECEIVED: Final = Counter(
    "fincore_webhooks_received_total", "Webhooks that arrived, by what became of them.", ["psp", "result"]
)
