"""What the ledger shows to Prometheus."""

from typing import Final

from prometheus_client import Gauge

UNCLEAR_MINOR: Final = Gauge(
    "fincore_clearing_unclear_minor",
    "Balance of a clearing account, in minor units of its currency.",
    ["mode", "account"],
)
UNCLEAR_AGE_SECONDS: Final = Gauge(
    "fincore_clearing_unclear_age_seconds",
    "Age of the oldest money in a clearing account that nothing has cleared.",
    ["mode", "account"],
)
