"""What the customer's browser gets: the way on, as a redirect and as a link. Pure."""

from html import escape
from typing import Final

from fincore.checkout.page.document import HTML
from fincore.checkout.page_policy import reported_policy
from fincore.http.exchange import Response
from fincore.http.security_headers import CLOSED

_HEADERS: Final = reported_policy(CLOSED)


def way_on(url: str) -> Response:
    """The way on to a page of the merchant. No page learns from which address the customer came: it holds a secret word."""
    body = _html("Back to the shop", f'<p><a href="{escape(url)}">Continue</a></p>')
    return Response(303, body, HTML, (("location", url), *_HEADERS))


def _html(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><title>{title}</title><meta name="viewport" content="width=device-width,initial-scale=1">'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'.encode()
