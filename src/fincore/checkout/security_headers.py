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
        "permissions-policy": "camera=(), geolocation=(), microphone=(), usb=()",
        "referrer-policy": "no-referrer",
        "vary": "origin",
        "x-content-type-options": "nosniff",
    }
)
"""What an answer has unless it says otherwise; a page that needs more than nothing names its own policy."""


class SecurityHeaders:
    """An application with `SECURITY_HEADERS` on each of its answers, refusals of the router among them."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._defaults = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: ResponseStart | ResponseBody) -> None:
            if message["type"] == "http.response.start":
                named = {name for name, _ in message["headers"]}
                missing = [header for header in self._defaults if header[0] not in named]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self._application(scope, receive, send_with_headers)
