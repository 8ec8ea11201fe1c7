"""One address for the browsers of staff: `localhost` leads to the loopback address that is theirs.

A login begins and ends at one origin, and to a browser the two names of this machine are two origins.
"""

from typing import Final
from urllib.parse import quote, urlsplit

from fincore.http.asgi import Application, HttpScope, Receive, Send

_LOOPBACK: Final = frozenset({"127.0.0.1", "[::1]"})


class OwnAddress:
    """An application at `staff_url`; what a browser opens at `localhost` is led there, where that is this machine, too."""

    def __init__(self, application: Application, staff_url: str) -> None:
        self._application = application
        self._staff_url = staff_url
        host, _, port = urlsplit(staff_url).netloc.rpartition(":")
        self._alias: Final = (b"host", f"localhost:{port}".encode()) if host in _LOOPBACK else None

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._alias is None or scope["method"] != "GET" or self._alias not in scope["headers"]:
            await self._application(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        location = f"{self._staff_url}{quote(scope['path'])}{'?' if query else ''}{query}"
        await send(
            {
                "type": "http.response.start",
                "status": 307,
                "headers": [(b"location", location.encode("latin-1")), (b"content-length", b"0")],
            }
        )
        await send({"type": "http.response.body", "body": b"", "more_body": False})
