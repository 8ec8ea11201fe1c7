"""What the ledger service says about itself to Prometheus."""

from typing import Final

from prometheus_client import Counter

SUSPENDED: Final = Counter(
    "fincore_ledger_suspended_total",
    "Entries with an amount in suspense: money moved in a way that makes no sense.",
    ["kind"],
)
