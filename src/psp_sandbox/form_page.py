"""The pages of PSPs on which a customer fills a form in and goes back to the merchant: one frame, one policy, a style each."""

import base64
import hashlib
from importlib import resources
from string import Template
from typing import Final

from psp_sandbox.messages import Response

HTML: Final = "text/html; charset=utf-8"
_PAGE: Final = Template(resources.files("psp_sandbox").joinpath("form_page.html").read_text())
_NO_STORE: Final = ("Cache-Control", "no-store")


class FormPage:
    """A page with a heading of its own. `style` is its CSS, which stands in the page and in its policy as a hash."""

    def __init__(self, *, heading: str, style: str) -> None:
        self._heading = heading
        self._style = style
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
            # The browser applies `form-action` to every redirect that follows, and the merchant's page may redirect again.
            "form-action 'self' http: https:"
        )

    def shows(self, status: int, title: str, content: str, *, may_be_framed: bool = False) -> Response:
        """The page with some HTML as its content. `may_be_framed`: by any page."""
        written = _PAGE.substitute(title=title, heading=self._heading, style=self._style, content=content)
        return Response(
            status=status,
            payload=written.encode(),
            content_type=HTML,
            headers=(
                _NO_STORE,
                (
                    "Content-Security-Policy",
                    self._policy if may_be_framed else f"{self._policy}; frame-ancestors 'none'",
                ),
                ("Referrer-Policy", "no-referrer"),
                ("X-Content-Type-Options", "nosniff"),
            ),
        )


def leads_to(location: str) -> Response:
    """The way on to another page."""
    return Response(status=303, payload=b"", content_type=HTML, headers=(("Location", location), _NO_STORE))
