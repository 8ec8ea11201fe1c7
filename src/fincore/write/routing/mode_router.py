"""One account a mode: test charges go to one account, live charges to another. Pure."""

from collections.abc import Mapping

import msgspec

from fincore.write.psp.limits import PspLimits
from fincore.write.routing.router import NoRoute, Route, RouteRequest


class Candidate(msgspec.Struct, frozen=True):
    """An account that charges may go to, and what its PSP takes."""

    route: Route
    limits: PspLimits


class ModeRouter:
    """A `Router` with at most one candidate for each mode, by livemode."""

    def __init__(self, candidates: Mapping[bool, Candidate]) -> None:
        self._candidates = candidates

    def route(self, request: RouteRequest) -> Route | NoRoute:
        """The mode's account, if there is one and its PSP takes the money."""
        candidate = self._candidates.get(request.livemode)
        if candidate is None:
            return NoRoute("psp_not_configured")
        not_taken = candidate.limits.refusal_of(request.money)
        return candidate.route if not_taken is None else NoRoute(not_taken.code, not_taken.detail)
