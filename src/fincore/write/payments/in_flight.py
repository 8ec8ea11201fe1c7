"""Whether a stored response may still be replaced. Pure."""

from datetime import datetime, timedelta
from typing import Final

from fincore.eventstore.commit import StoredResponse

CLOCK_SKEW_SECONDS_MAX: Final = 5.0
"""How far the clocks of two processes, and of the database, may be apart."""


def is_in_flight(response: StoredResponse, now: datetime) -> bool:
    """Whether the request that wrote this response may still replace it."""
    if response.in_flight_until is None:
        return False
    return now < response.in_flight_until + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX)
