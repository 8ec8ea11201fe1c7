"""/js/{version}/{file}: a built file, from memory."""

from typing import Final

from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.js.built_files import BUILT_FILES, BuiltFile
from fincore.checkout.js.openapi import GET_SCRIPT
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.problems import Problem

PATH: Final = "/js/{version}/{file}"
EVERGREEN_SECONDS: Final = 300
"""How long browsers keep a file at an address that changes with each version: so long a change may take to reach customers."""
IMMUTABLE_SECONDS: Final = 31_536_000
UNKNOWN: Final = "There is no such version or file of fincore.js. /js/v1/manifest.json names the newest version and its files."
_ANY_SITE: Final = (
    ("access-control-allow-origin", "*"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("vary", "accept-encoding"),
)
"""Pages of any site may load the files, and compare them with their hashes: that needs CORS. They are the same for every site."""


class Scripts:
    """The handler of the files."""

    def __init__(self, *, limit: AddressLimit) -> None:
        self._limit = limit

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (Route(method="GET", path=PATH, operation=GET_SCRIPT, handler=self.get),)

    async def get(self, call: Call) -> Response:
        """The file, or that the browser's own is still the same."""
        self._limit.admit(call)
        found = BUILT_FILES.get((call.path_parameter("version"), call.path_parameter("file")))
        if found is None:
            raise Problem("route_not_found", UNKNOWN)
        is_gzipped = _takes_gzip(call)
        etag = f'"{found.etag}-gzip"' if is_gzipped else f'"{found.etag}"'
        headers = (*_ANY_SITE, ("cache-control", _cache(found)), ("etag", etag))
        if etag in _known(call):
            return Response(304, b"", found.media_type, headers)
        if is_gzipped:
            return Response(200, found.gzipped, found.media_type, (*headers, ("content-encoding", "gzip")))
        return Response(200, found.content, found.media_type, headers)


def _cache(file: BuiltFile) -> str:
    if file.is_evergreen:
        return f"public, max-age={EVERGREEN_SECONDS}"
    return f"public, max-age={IMMUTABLE_SECONDS}, immutable"


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
