"""/js/{version}/{file}: a built file, from memory."""

from typing import Final

from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.js.built_files import BUILT_FILES, BuiltFile
from fincore.checkout.js.openapi import GET_SCRIPT
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.problems import Problem
from fincore.http.static_file import IMMUTABLE, file_response

PATH: Final = "/js/{version}/{file}"
EVERGREEN_SECONDS: Final = 300
"""How long browsers keep a file at an address that changes with each version: so long a change may take to reach customers."""
UNKNOWN: Final = "There is no such version or file of fincore.js. /js/v1/manifest.json names the newest version and its files."
EVERGREEN: Final = ("cache-control", f"public, max-age={EVERGREEN_SECONDS}")
"""The header of a file at such an address."""
ANY_SITE: Final = (
    ("access-control-allow-origin", "*"),
    ("cross-origin-resource-policy", "cross-origin"),
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
        return file_response(call, found, (*ANY_SITE, _cache(found)))


def _cache(file: BuiltFile) -> tuple[str, str]:
    return EVERGREEN if file.is_evergreen else IMMUTABLE
