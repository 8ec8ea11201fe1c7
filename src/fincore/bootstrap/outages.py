"""What an error of a store means to the clients of a server."""

from fincore.http.endpoint import Outage
from fincore.postgres.failures import OUTAGES, outage_of


def store_outage(error: Exception) -> Outage | None:
    """The outage that an error means; None for any other error."""
    name = outage_of(error)
    return None if name is None else Outage(name, OUTAGES[name])
