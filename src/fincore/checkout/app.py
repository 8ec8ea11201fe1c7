"""The application: the routes of every resource for customers, and the bounds that they share."""

from collections.abc import Mapping, Sequence

import msgspec

from fincore.http.asgi import Application
from fincore.http.endpoint import BODY_SECONDS_MAX, GateName, OutageOf
from fincore.http.gate import REQUESTS_IN_FLIGHT_MAX, RETURNS_IN_FLIGHT_MAX, Gate
from fincore.http.rate_limit import RateLimiter
from fincore.http.resource import Resource, router_of
from fincore.http.security_headers import SecurityHeaders


class CheckoutBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one process takes of customers at a time, and of all customers of one publishable key in a second."""

    live_per_second: float
    test_per_second: float
    requests_in_flight_max: int = REQUESTS_IN_FLIGHT_MAX
    body_seconds_max: float = BODY_SECONDS_MAX


def create_checkout_app(
    resources: Sequence[Resource], *, bounds: CheckoutBounds, headers: Mapping[str, str], outage_of: OutageOf
) -> Application:
    """The customers' server as an ASGI application. `headers` stand in every answer that does not have its own."""
    routes = [route for resource in resources for route in resource.routes()]
    requests = Gate(in_flight_max=bounds.requests_in_flight_max, waiting_max=0)
    requests.measure("checkout")
    gates: dict[GateName, Gate] = {
        "requests": requests,
        "returns": Gate(in_flight_max=RETURNS_IN_FLIGHT_MAX, waiting_max=0),
    }
    limiter = RateLimiter(live_per_second=bounds.live_per_second, test_per_second=bounds.test_per_second)
    return SecurityHeaders(
        router_of(
            routes,
            gates=gates,
            limiter=limiter,
            body_seconds_max=bounds.body_seconds_max,
            outage_of=outage_of,
        ),
        headers,
    )
