"""What is measured of the query view."""

from typing import Final

from prometheus_client import Gauge

REVIEWS_OPEN: Final = Gauge("fincore_reviews_open", "Charges under review that are not decided.")
REVIEWS_DUE_SOON: Final = Gauge(
    "fincore_reviews_due_soon", "Charges under review that are decided without a person within four hours."
)
REVIEWED_CAPTURED_BY_PSP: Final = Gauge(
    "fincore_reviewed_charges_captured_by_psp",
    "Charges under review that the PSP captured although it was asked to hold the money, and that no person has dealt with.",
)
