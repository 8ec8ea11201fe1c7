"""Headers on every answer of a server for browsers, refusals of its router among them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.http.asgi import Application, HttpScope, Receive, ResponseBody, ResponseStart, Send

CLOSED: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of what is no page, or of a page that uses nothing: no page may hold it in a frame."""
STRICT_TRANSPORT: Final[Mapping[str, str]] = MappingProxyType(
    {"strict-transport-security": "max-age=31536000"}
)
"""For a year a browser calls the host by https alone (RFC 6797). Other hosts of the domain are the operator's to decide."""


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
