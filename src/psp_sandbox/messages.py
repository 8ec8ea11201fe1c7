"""One HTTP request and its answer, as the dialects see them."""

import msgspec


class Request(msgspec.Struct, kw_only=True, gc=False):
    """A whole request. `headers` has lower-case names; `path` is percent-decoded, `query` is raw."""

    id: str
    method: str
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    body: bytes

    def header(self, name: bytes) -> str | None:
        """The header's text, or None. Names are lower case; bytes outside latin-1 do not exist."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class Response(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A status and a body: `payload` is encoded as JSON when it is sent; bytes are sent as they are.

    Payloads are immutable, so an answer kept for an idempotent replay gives the same bytes again
    without keeping those bytes.
    """

    status: int = 200
    payload: object = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes:
        """The bytes on the wire."""
        return self.payload if isinstance(self.payload, bytes) else msgspec.json.encode(self.payload)
