"""What the role `staff` tells of proposals."""

from typing import Final

from prometheus_client import Gauge

PROPOSALS_WAITING: Final = Gauge(
    "fincore_proposals_waiting", "Proposals of staff that wait for a second person."
)
OLDEST_AGREED_SECONDS: Final = Gauge(
    "fincore_proposal_agreed_seconds",
    "Age of the oldest proposal that two people agreed on and that is not carried out yet.",
)
