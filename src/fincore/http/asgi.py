"""The part of ASGI that this API speaks with its server (https://asgi.readthedocs.io, HTTP 2.3): requests only."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Literal, NotRequired, Protocol, TypedDict

WHOLE_BODY: Final = "fincore.whole_body"
"""The extension by which our server says that the whole body has come, so that no `receive` of it waits."""


class HttpScope(TypedDict):
    """The head of a request. `path` is percent-decoded, `query_string` is as it came. `extensions` are the server's, by name."""

    method: str
    path: str
    query_string: bytes
    headers: Sequence[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    extensions: NotRequired[Mapping[str, object]]


class RequestBody(TypedDict):
    """A part of a request's body."""

    type: Literal["http.request"]
    body: bytes
    more_body: bool


class Disconnected(TypedDict):
    """The client closed the connection."""

    type: Literal["http.disconnect"]


class ResponseStart(TypedDict):
    """The head of a response."""

    type: Literal["http.response.start"]
    status: int
    headers: Sequence[tuple[bytes, bytes]]


class ResponseBody(TypedDict):
    """A part of a response's body."""

    type: Literal["http.response.body"]
    body: bytes
    more_body: bool


Receive = Callable[[], Awaitable[RequestBody | Disconnected]]
Send = Callable[[ResponseStart | ResponseBody], Awaitable[None]]


class Application(Protocol):
    """What the server calls once for each request."""

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None: ...
