"""The application: the routes of the card edge, and the bounds that they share."""

from collections.abc import Sequence

import msgspec

from fincore.http.endpoint import BODY_SECONDS_MAX, GateName, OutageOf
from fincore.http.gate import REQUESTS_IN_FLIGHT_MAX, REQUESTS_WAITING_MAX, Gate
from fincore.http.rate_limit import RateLimiter
from fincore.http.resource import Resource, router_of
from fincore.http.router import Router


class CardEdgeBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one process takes at a time, and of one key in a second."""

    live_per_second: float
    test_per_second: float
    requests_in_flight_max: int = REQUESTS_IN_FLIGHT_MAX
    requests_waiting_max: int = REQUESTS_WAITING_MAX
    body_seconds_max: float = BODY_SECONDS_MAX


def create_card_edge_app(
    resources: Sequence[Resource], *, bounds: CardEdgeBounds, outage_of: OutageOf
) -> Router:
    """The card edge as an ASGI application."""
    routes = [route for resource in resources for route in resource.routes()]
    requests = Gate(in_flight_max=bounds.requests_in_flight_max, waiting_max=bounds.requests_waiting_max)
    requests.measure("card-edge")
    gates: dict[GateName, Gate] = {"requests": requests}
    limiter = RateLimiter(live_per_second=bounds.live_per_second, test_per_second=bounds.test_per_second)
    return router_of(
        routes, gates=gates, limiter=limiter, body_seconds_max=bounds.body_seconds_max, outage_of=outage_of
    )
