"""/healthz and /readyz, for the load balancer in front of this process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.health.body import DependencyState, HealthBody, ReadinessBody
from fincore.http.health.openapi import HEALTHZ, READYZ

Probe = Callable[[], Awaitable[DependencyState]]
"""Answers within a bound of its own what state a dependency is in."""


class Health:
    """The handlers of the health checks."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = probes

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path="/healthz", operation=HEALTHZ, handler=self.healthz, gate=None),
            Route(method="GET", path="/readyz", operation=READYZ, handler=self.readyz, gate=None),
        )

    async def healthz(self, _: Call) -> Response:
        """The process answers."""
        return json_response(200, HealthBody())

    async def readyz(self, _: Call) -> Response:
        """What each dependency says."""
        states = await asyncio.gather(*(probe() for probe in self._probes.values()))
        parts = dict(zip(self._probes, states, strict=True))
        if all(state == "ok" for state in states):
            return json_response(200, ReadinessBody(status="ok", parts=parts))
        return json_response(503, ReadinessBody(status="unavailable", parts=parts))
