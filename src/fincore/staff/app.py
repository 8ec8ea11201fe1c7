"""The application: the routes of every resource for staff, and the bounds that they share."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from fincore.http.asgi import Application
from fincore.http.endpoint import BODY_SECONDS_MAX, GateName, OutageOf, Route
from fincore.http.gate import Gate
from fincore.http.rate_limit import RateLimiter
from fincore.http.resource import Resource, router_of
from fincore.http.security_headers import SecurityHeaders
from fincore.staff.access.admission import StaffRoute
from fincore.staff.own_address import OwnAddress

REQUESTS_IN_FLIGHT_MAX: Final = 200
"""Requests of all staff at a time."""
API_PATH: Final = "/staff/v1/"
"""Every path below it needs a permission."""


class StaffBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one process takes of staff at a time."""

    requests_in_flight_max: int = REQUESTS_IN_FLIGHT_MAX
    body_seconds_max: float = BODY_SECONDS_MAX


def create_staff_app(
    resources: Sequence[Resource],
    *,
    bounds: StaffBounds,
    headers: Mapping[str, str],
    outage_of: OutageOf,
    staff_url: str | None = None,
) -> Application:
    """The server of staff as an ASGI application. `headers` stand in every answer that does not have its own.

    `staff_url` is where browsers reach it; None where it is not configured.

    Raises `ValueError` for a route of the API that names no permission.
    """
    routes = routes_of(resources)
    requests = Gate(in_flight_max=bounds.requests_in_flight_max, waiting_max=0)
    requests.measure("staff")
    gates: dict[GateName, Gate] = {"requests": requests}
    router = router_of(
        routes,
        gates=gates,
        # It counts requests of API keys, and no route takes one.
        limiter=RateLimiter(live_per_second=1, test_per_second=1),
        body_seconds_max=bounds.body_seconds_max,
        outage_of=outage_of,
    )
    return SecurityHeaders(router if staff_url is None else OwnAddress(router, staff_url), headers)


def routes_of(resources: Sequence[Resource]) -> list[Route]:
    """The routes of some resources. Raises `ValueError` for one of the API that names no permission."""
    routes = [route for resource in resources for route in resource.routes()]
    for route in routes:
        if route.path.startswith(API_PATH) and not isinstance(route, StaffRoute):
            raise ValueError(f"{route.method} {route.path} names no permission: make it by `Admission.route`")
    return routes
