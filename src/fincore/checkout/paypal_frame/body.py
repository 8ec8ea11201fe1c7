"""The frame as a page, and the policy under which PayPal's script runs in it. Pure: the nonce is given in.

PayPal's script makes style and script elements of its own. It gives them the nonce that its element names, so that the policy
needs no `unsafe-inline` (https://developer.paypal.com/sdk/js/v5/configuration, data-csp-nonce).
"""

from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec

from fincore.checkout.page.document import HTML
from fincore.checkout.page_policy import reported_policy
from fincore.checkout.paypal_frame.requests import FrameRequest
from fincore.http.exchange import Response
from fincore.http.html import document, element, text
from fincore.write.psp.account import BrowserAccess

FRAME_SCRIPT: Final = "paypal_frame.js"
SCRIPT_PATH: Final = f"/js/v1/{FRAME_SCRIPT}"
_REFERRER: Final = ("referrer-policy", "strict-origin")
"""PayPal learns on which site its button stands, as from any page that shows it."""
_PAYPAL_HOST: Final = "www.paypal.com"
_PAYPAL_SOURCES: Final = "https://*.paypal.com https://*.paypalobjects.com"
"""From where PayPal's script loads its parts (https://developer.paypal.com/sdk/js/best-practices)."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A frame for a page at a registered origin. `access` is of a PayPal account; `nonce` is of this one answer."""

    request: FrameRequest
    access: BrowserAccess
    nonce: str


def render_frame(frame: Frame) -> Response:
    """The frame. Only pages at the origin that asked may hold it."""
    request, access = frame.request, frame.access
    query = {
        "client-id": access.client_id or "",
        "currency": request.currency.upper(),
        "intent": request.intent,
        "components": "buttons",
    }
    if request.locale is not None:
        query["locale"] = request.locale
    data = (
        ("data-account", request.account),
        ("data-origin", request.origin),
        ("data-script", f"{access.script_url}?{urlencode(query)}"),
    )
    head = (
        element("meta", (("charset", "utf-8"),)),
        element("meta", (("name", "viewport"), ("content", "width=device-width, initial-scale=1"))),
        element("meta", (("name", "color-scheme"), ("content", "light dark"))),
        element("title", (), text("PayPal")),
        element("script", (("src", SCRIPT_PATH), ("nonce", frame.nonce), ("defer", ""))),
    )
    page = document(language="en", head=head, body=(element("main", (("id", "paypal"), *data)),))
    return Response(200, page, HTML, (*reported_policy(policy_of(frame)), _REFERRER))


def policy_of(frame: Frame) -> str:
    """The content security policy of the frame."""
    sources, nonce = sources_of(frame.access.script_url), f"'nonce-{frame.nonce}'"
    directives = (
        "default-src 'none'",
        f"script-src 'self' {sources} {nonce}",
        f"style-src {sources} {nonce}",
        f"connect-src 'self' {sources}",
        f"frame-src {sources}",
        f"img-src {sources} data:",
        "form-action 'none'",
        "base-uri 'none'",
        f"frame-ancestors {frame.request.origin}",
    )
    return "; ".join(directives)


def sources_of(script_url: str) -> str:
    """The origins of PayPal, or of what stands in for it, as a policy writes them."""
    parts = urlsplit(script_url)
    return _PAYPAL_SOURCES if parts.hostname == _PAYPAL_HOST else f"{parts.scheme}://{parts.netloc}"
