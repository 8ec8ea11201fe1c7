"""What is measured of the query view."""

from typing import Final

from prometheus_client import Gauge

UNKNOWN_OUTCOMES: Final = Gauge(
    "fincore_unknown_outcomes",
    "Outcomes at PSPs that are unknown, by mode, PSP and age: `minutes`, `hours` for more than one hour, `days` for more than one day. The "
    "oldest 10,000 are counted.",
    ["mode", "psp", "age"],
)
UNKNOWN_OLDEST_SECONDS: Final = Gauge(
    "fincore_unknown_outcome_oldest_seconds",
    "How long the oldest unknown outcome of a mode has been unknown; 0 where none is.",
    ["mode"],
)
REVIEWS_OPEN: Final = Gauge("fincore_reviews_open", "Charges under review that are not decided.")
REVIEWS_DUE_SOON: Final = Gauge(
    "fincore_reviews_due_soon", "Charges under review that are decided without a person within four hours."
)
REVIEWED_CAPTURED_BY_PSP: Final = Gauge(
    "fincore_reviewed_charges_captured_by_psp",
    "Charges under review that the PSP captured although it was asked to hold the money, and that no person has dealt with.",
)
