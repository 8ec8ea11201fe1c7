"""From the resources of a server to its router: the routes of one path share an endpoint, and all endpoints share the bounds."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Final, Protocol

from fincore.http.endpoint import Endpoint, GateName, OutageOf, Route
from fincore.http.gate import Gate
from fincore.http.rate_limit import RateLimiter
from fincore.http.router import Router

_PATH: Final = attrgetter("path")


class Resource(Protocol):
    """Some paths of a server and who answers them."""

    def routes(self) -> tuple[Route, ...]: ...


def router_of(
    routes: Iterable[Route],
    *,
    gates: Mapping[GateName, Gate],
    limiter: RateLimiter,
    body_seconds_max: float,
    outage_of: OutageOf,
) -> Router:
    """The application that answers the routes. `gates` must hold every gate that a route names."""
    return Router(
        {
            path: Endpoint(
                list(methods),
                gates=gates,
                limiter=limiter,
                body_seconds_max=body_seconds_max,
                outage_of=outage_of,
            )
            for path, methods in groupby(sorted(routes, key=_PATH), key=_PATH)
        }
    )
