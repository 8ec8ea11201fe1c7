"""/checkout/page-...: the files of pages."""

from typing import Final

from fincore.checkout.page.files import LOOK_AGAIN, STYLE, PageFile
from fincore.checkout.page.openapi import SCRIPT_OPERATION, STYLE_OPERATION
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response

KEPT_SECONDS: Final = 31_536_000
"""How long a browser may keep a file, which never changes at its address."""
_HEADERS: Final = (("cache-control", f"public, max-age={KEPT_SECONDS}, immutable"),)


class PageFiles:
    """The handlers of the files."""

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path=STYLE.path, operation=STYLE_OPERATION, handler=self.style),
            Route(method="GET", path=LOOK_AGAIN.path, operation=SCRIPT_OPERATION, handler=self.script),
        )

    async def style(self, _: Call) -> Response:
        """The style of every page."""
        return _served(STYLE)

    async def script(self, _: Call) -> Response:
        """The script of a page that waits."""
        return _served(LOOK_AGAIN)


def _served(file: PageFile) -> Response:
    return Response(200, file.content, file.media_type, _HEADERS)
