"""The headers that keep what browsers get from being framed, sniffed, cached or sent on: on every answer of the server.

`Vary` tells caches that the answer may depend on the page that asks.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.checkout.page_policy import CLOSED
from fincore.http.asgi import Application, HttpScope, Receive, ResponseBody, ResponseStart, Send

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cache-control": "no-store",
        "content-security-policy": CLOSED,
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "referrer-policy": "no-referrer",
        "vary": "origin",
        "x-content-type-options": "nosniff",
    }
)
"""What an answer has unless it says otherwise; a page that needs more than nothing names its own policy."""


STRICT_TRANSPORT: Final[Mapping[str, str]] = MappingProxyType(
    {"strict-transport-security": "max-age=31536000"}
)
"""For a year a browser calls the host by https alone (RFC 6797). Other hosts of the domain are the operator's to decide."""


def security_headers(public_url: str | None) -> Mapping[str, str]:
    """`SECURITY_HEADERS`, and `STRICT_TRANSPORT` where customers come by https: the proxy that ends TLS need not add it."""
    is_https = public_url is not None and public_url.startswith("https://")
    return {**SECURITY_HEADERS, **(STRICT_TRANSPORT if is_https else {})}


class SecurityHeaders:
    """An application with headers on each of its answers, refusals of the router among them, unless the answer has its own."""

    def __init__(self, application: Application, headers: Mapping[str, str]) -> None:
        self._application = application
        self._defaults = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: ResponseStart | ResponseBody) -> None:
            if message["type"] == "http.response.start":
                named = {name for name, _ in message["headers"]}
                missing = [header for header in self._defaults if header[0] not in named]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self._application(scope, receive, send_with_headers)
