"""A file from memory, plain or with gzip, and that the browser's own is still the same."""

import gzip
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.http.exchange import Call, Response

IMMUTABLE_SECONDS: Final = 31_536_000
IMMUTABLE: Final = ("cache-control", f"public, max-age={IMMUTABLE_SECONDS}, immutable")
"""The header of a file with an address that changes with its content."""
MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".mjs": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".ts": "text/plain; charset=utf-8",
    }
)
"""By the ending of the name; a file of another ending is not served."""


class StaticFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent, plain and with gzip. The `etag` is of the plain one."""

    content: bytes
    gzipped: bytes
    media_type: str
    etag: str


def static_file(name: str, content: bytes) -> StaticFile:
    """A file by its name and content. Raises `KeyError` for a name without an ending that is known."""
    return StaticFile(
        content=content,
        gzipped=gzip.compress(content, mtime=0),
        media_type=MEDIA_TYPES[name[name.rindex(".") :]],
        etag=hashlib.sha256(content).hexdigest()[:32],
    )


def file_response(call: Call, file: StaticFile, headers: tuple[tuple[str, str], ...]) -> Response:
    """The file with some headers, as the browser takes it, or 304 where the browser has it."""
    is_gzipped = _takes_gzip(call)
    etag = f'"{file.etag}-gzip"' if is_gzipped else f'"{file.etag}"'
    all_headers = (*headers, ("vary", "accept-encoding"), ("etag", etag))
    if etag in _known(call):
        return Response(304, b"", file.media_type, all_headers)
    if is_gzipped:
        return Response(200, file.gzipped, file.media_type, (*all_headers, ("content-encoding", "gzip")))
    return Response(200, file.content, file.media_type, all_headers)


def _takes_gzip(call: Call) -> bool:
    """Whether the browser takes gzip (RFC 9110, 12.5.3); a weight other than 0 is not looked at."""
    for listed in ",".join(call.header_values(b"accept-encoding")).split(","):
        coding, _, weight = listed.replace(" ", "").lower().partition(";")
        if coding == "gzip":
            return weight.rstrip("0.") != "q="
    return False


def _known(call: Call) -> frozenset[str]:
    """The versions that the browser has, as `If-None-Match` names them; a proxy may have marked them as weak."""
    given = ",".join(call.header_values(b"if-none-match")).split(",")
    return frozenset(tag.strip().removeprefix("W/") for tag in given)
