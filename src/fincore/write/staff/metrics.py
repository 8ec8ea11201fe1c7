"""What the role `staff` tells of proposals."""

from typing import Final

from prometheus_client import Gauge

SIGNING_KEY_BEGUN_AT: Final = Gauge(
    "fincore_staff_signing_key_timestamp_seconds",
    "Since when the key of the built-in issuer signs, in seconds since 1970; 0 where there is none.",
)
PROPOSALS_WAITING: Final = Gauge(
    "fincore_proposals_waiting", "Proposals of staff that wait for a second person."
)
OLDEST_AGREED_SECONDS: Final = Gauge(
    "fincore_proposal_agreed_seconds",
    "Age of the oldest proposal that two people agreed on and that is not carried out yet.",
)
