"""Which pages may read an answer (CORS): those at origins that the merchant has registered, each named exactly.

The origin keeps other sites' pages out; it is no proof of who asks, since only browsers send it truthfully.
"""

from typing import Final

from fincore.http.exchange import Call, Response
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.origins import RegisteredOrigins

Headers = tuple[tuple[str, str], ...]

PREFLIGHT_SECONDS: Final = 600
"""How long a browser may remember a preflight."""
_ORIGIN_HEADER: Final = "Origin"


class CrossOrigin:
    """Answers preflights, and gives the headers for the answers to registered origins."""

    def __init__(self, registered: RegisteredOrigins) -> None:
        self._registered = registered

    async def preflight(self, call: Call) -> Response:
        """Let a page at an origin ask that any merchant has registered: the request that follows shows the key.

        Raises `origin_not_registered` without a header that would let the page read it.
        """
        origin = call.header(b"origin")
        if origin is None or not await self._registered.is_of_any(origin):
            raise Problem("origin_not_registered", param=_ORIGIN_HEADER)
        return Response(
            204,
            b"",
            headers=(
                ("access-control-allow-origin", origin),
                ("access-control-allow-methods", "GET"),
                ("access-control-allow-headers", "authorization"),
                ("access-control-max-age", str(PREFLIGHT_SECONDS)),
            ),
        )

    async def headers_for(self, call: Call, principal: Principal) -> Headers:
        """The headers with which a page of the merchant may read the answer. Raises `origin_not_registered`."""
        origin = call.header(b"origin")
        return (
            ("access-control-allow-origin", await self.require(origin, principal)),
            ("access-control-expose-headers", "request-id, retry-after, ratelimit, ratelimit-policy"),
        )

    async def require(self, origin: str | None, principal: Principal, *, param: str = _ORIGIN_HEADER) -> str:
        """The origin, if the merchant has registered it for the mode of the key.

        Raises `origin_not_registered`; `param` is what named the origin.
        """
        if origin is not None and await self._registered.is_of(
            origin, principal.merchant_id, livemode=principal.livemode
        ):
            return origin
        mode = "live" if principal.livemode else "test"
        raise Problem(
            "origin_not_registered",
            f"The origin of this page is not registered for the merchant of the key in {mode} mode. The operator of this "
            "installation registers it with `fincore merchant origins add`.",
            param=param,
        )
