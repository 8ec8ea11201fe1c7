"""What is measured of the database servers' clocks."""

from typing import Final

from prometheus_client import Gauge

STORE_USABLE: Final = Gauge(
    "fincore_store_usable",
    "1 while a store does for this role what it needs, 0 while it does not answer, or is read-only for a role that writes.",
    ["store", "access"],
)
CLOCK_OFFSET_SECONDS: Final = Gauge(
    "fincore_clock_offset_seconds",
    "How far this machine's clock is ahead of the clock of a store's server.",
    ["store"],
)
CLOCK_TRUSTED: Final = Gauge(
    "fincore_clock_trusted",
    "1 if the clock of a store's server is trusted; 0: nothing is purged, expired or given up until the clocks agree.",
    ["store"],
)
