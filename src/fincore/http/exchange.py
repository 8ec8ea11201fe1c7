"""One request and its answer, as the handlers see them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from fincore.domain.errors import InvalidId
from fincore.domain.ids import RequestId
from fincore.http.asgi import WHOLE_BODY, HttpScope, Receive
from fincore.http.client_address import Address, Network, client_address
from fincore.http.gate import Place
from fincore.http.metrics import REQUESTS_LIMITED
from fincore.http.problems import Problem, ProblemCode
from fincore.http.rate_limit import RateLimiter
from fincore.write.merchants.api_key import Principal

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"
SHARE_RETRY_AFTER_SECONDS: Final = 1

Id = TypeVar("Id")

_ENCODER: Final = msgspec.json.Encoder()


class ClientGone(Exception):
    """The client closed the connection before its request was complete; there is no client left to answer."""


class Response(msgspec.Struct, frozen=True):
    """What to send back: `body`, or the parts of `stream` as they come, with `body` before them.

    A stream that fails breaks the connection off, so that its client does not take a part for the whole.
    """

    status: int
    body: bytes
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    stream: AsyncGenerator[bytes, None] | None = None


def json_response(status: int, body: object, *, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """An answer with a JSON body."""
    return Response(status, _ENCODER.encode(body), headers=headers)


class Call:
    """A request: its id, headers, path and parameters, and its body on demand, within bounds of size and time.

    `path` is without the query, percent-decoded, and without empty segments.
    """

    __slots__ = (
        "_body_seconds_max",
        "_header_pairs",
        "_headers",
        "_limiter",
        "_parameters",
        "_place",
        "_receive",
        "_scope",
        "path",
        "rate_headers",
        "request_id",
    )

    def __init__(
        self,
        scope: HttpScope,
        receive: Receive,
        *,
        path: str,
        parameters: Mapping[str, str],
        request_id: RequestId,
        body_seconds_max: float,
        limiter: RateLimiter,
        place: Place | None,
    ) -> None:
        self._scope = scope
        self._parameters = parameters
        self._header_pairs = list(scope["headers"])
        self._headers = dict(self._header_pairs)
        self._receive = receive
        self._body_seconds_max = body_seconds_max
        self._limiter = limiter
        self._place = place
        self.path: Final = path
        self.request_id: Final = request_id
        self.rate_headers: tuple[tuple[str, str], ...] = ()

    @property
    def method(self) -> str:
        """GET, POST ..."""
        return self._scope["method"]

    @property
    def query(self) -> bytes:
        """The query as it came, percent-encoded."""
        return self._scope["query_string"]

    def path_parameter(self, name: str) -> str:
        """A part of the path by its name in the route."""
        return self._parameters[name]

    def path_id(self, name: str, parse: Callable[[str], Id], unknown: ProblemCode) -> Id:
        """An id in the path, read by `parse`, which raises `InvalidId`. Raises the problem `unknown` for what is none."""
        try:
            return parse(self._parameters[name])
        except InvalidId:
            raise Problem(unknown, param=name) from None

    def header_values(self, name: bytes) -> list[str]:
        """All values of a header by its lower-case name, in the order they came."""
        return [value.decode("latin-1") for key, value in self._header_pairs if key == name]

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name; None where it was not sent. Raises `header_invalid` for one sent twice."""
        value = self._headers.get(name)
        if value is None:
            return None
        if len(self._headers) < len(self._header_pairs) and len(self.header_values(name)) > 1:
            title = name.decode().title()
            raise Problem("header_invalid", f"Send {title} once.", param=title)
        return value.decode("latin-1")

    def headers(self) -> dict[str, str]:
        """All headers by lower-case name; of a repeated one the last."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self._headers.items()}

    def admit(self, principal: Principal) -> None:
        """Count the call against the rate of its key and the share of its merchant; raises `rate_limited`."""
        allowance = self._limiter.take(principal)
        self.rate_headers = allowance.headers
        if allowance.retry_after_seconds:
            REQUESTS_LIMITED.labels("rate").inc()
            raise _limited(
                "This key has sent more requests than `RateLimit-Policy` says.", allowance.retry_after_seconds
            )
        if self._place is not None and not self._place.claim(principal):
            REQUESTS_LIMITED.labels("share").inc()
            raise _limited(
                "Too many requests of this merchant are being worked on.", SHARE_RETRY_AFTER_SECONDS
            )

    def may_wait(self) -> bool:
        """Whether the answer may be held back until an outcome is known; while it is, the call takes no place at work."""
        return self._place is not None and self._place.wait()

    def client_address(self, trusted: Sequence[Network]) -> Address | None:
        """The address of the client, behind as many trusted proxies as the request came through; None if none is known."""
        peer = self._scope["client"]
        return client_address(peer[0] if peer else None, self.header_values(b"x-forwarded-for"), trusted)

    async def body(self, *, bytes_max: int) -> bytes:
        """The whole body. Raises `body_too_large`, `body_too_slow` and `ClientGone`."""
        length = self.header(b"content-length")
        if length is not None and length.isdecimal() and int(length[:20]) > bytes_max:
            raise _too_large(bytes_max)
        if WHOLE_BODY in self._scope.get("extensions", ()):
            return await self._read(
                bytes_max
            )  # a deadline costs as much as a plan, and nothing is waited for
        try:
            async with asyncio.timeout(self._body_seconds_max):
                return await self._read(bytes_max)
        except TimeoutError:
            raise Problem(
                "body_too_slow", f"The whole body must arrive within {self._body_seconds_max:g} s."
            ) from None

    async def _read(self, bytes_max: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientGone
            chunks.append(message["body"])
            size += len(message["body"])
            if size > bytes_max:
                raise _too_large(bytes_max)
            if not message["more_body"]:
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _limited(why: str, retry_after_seconds: int) -> Problem:
    return Problem(
        "rate_limited",
        f"{why} Send this request again after {retry_after_seconds} s.",
        headers=(("retry-after", str(retry_after_seconds)),),
    )


def _too_large(bytes_max: int) -> Problem:
    return Problem("body_too_large", f"The body may have {bytes_max} bytes at most.")
