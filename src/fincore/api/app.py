"""The application: the routes of every resource, their documentation, and the bounds that they share."""

from collections.abc import Sequence

import msgspec

from fincore.api.docs.handlers import Docs
from fincore.api.webhook_endpoints.message_openapi import WEBHOOKS
from fincore.http.endpoint import BODY_SECONDS_MAX, GateName, OutageOf
from fincore.http.gate import (
    REQUESTS_IN_FLIGHT_MAX,
    REQUESTS_WAITING_MAX,
    WEBHOOKS_IN_FLIGHT_MAX,
    Gate,
)
from fincore.http.rate_limit import RateLimiter
from fincore.http.resource import Resource, router_of
from fincore.http.router import Router


class RequestBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What the API of one process takes at a time, and of one key in a second."""

    live_per_second: float
    test_per_second: float
    requests_in_flight_max: int = REQUESTS_IN_FLIGHT_MAX
    requests_waiting_max: int = REQUESTS_WAITING_MAX
    webhooks_in_flight_max: int = WEBHOOKS_IN_FLIGHT_MAX
    body_seconds_max: float = BODY_SECONDS_MAX


def create_app(
    resources: Sequence[Resource],
    *,
    bounds: RequestBounds,
    outage_of: OutageOf,
    api_url: str | None = None,
) -> Router:
    """The merchants' API as an ASGI application, with the documentation of its resources.

    `api_url` is where clients reach it; None where it is not configured.
    """
    documented = [route for resource in resources for route in resource.routes()]
    routes = [*documented, *Docs(documented, WEBHOOKS, api_url=api_url).routes()]
    requests = Gate(in_flight_max=bounds.requests_in_flight_max, waiting_max=bounds.requests_waiting_max)
    requests.measure("api")
    gates: dict[GateName, Gate] = {
        "requests": requests,
        "webhooks": Gate(in_flight_max=bounds.webhooks_in_flight_max, waiting_max=0),
    }
    limiter = RateLimiter(live_per_second=bounds.live_per_second, test_per_second=bounds.test_per_second)
    return router_of(
        routes, gates=gates, limiter=limiter, body_seconds_max=bounds.body_seconds_max, outage_of=outage_of
    )
