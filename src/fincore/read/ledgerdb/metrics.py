"""What the ledger shows to Prometheus."""

from math import nan
from typing import Final

from prometheus_client import Gauge

UNCLEAR_MINOR: Final = Gauge(
    "fincore_clearing_unclear_minor",
    "Balance of a clearing account, in minor units of its currency.",
    ["mode", "account", "psp", "psp_account"],
)
SEALED_ENTRY: Final = Gauge("fincore_ledger_sealed_entry", "The number of the entry that was sealed last.")
ALTERED_ROWS: Final = Gauge(
    "fincore_ledger_altered_rows",
    "Rows of the ledger that are not as they were sealed: must be zero.",
)
SUSPENSE_MINOR: Final = Gauge(
    "fincore_ledger_suspense_minor",
    "Balance of a suspense account, in minor units of its currency: should be zero.",
    ["mode", "account"],
)

# A process that has not looked says so: 0 would be an answer.
SEALED_ENTRY.set(nan)
ALTERED_ROWS.set(nan)
