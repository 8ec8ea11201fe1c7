"""What the log says about itself to Prometheus."""

from typing import Final

from prometheus_client import Gauge

CONSUMER_LAG: Final = Gauge(
    "fincore_consumer_lag_seconds",
    "How long the oldest event a consumer has not applied has been in the log.",
    ["consumer"],
)
PARKED_STREAMS: Final = Gauge(
    "fincore_parked_streams",
    "Charges that a consumer no longer follows, because of an event that it cannot apply.",
    ["consumer"],
)
COMMITS_WAITING: Final = Gauge("fincore_commits_waiting", "Commits of this process that are not durable yet.")
