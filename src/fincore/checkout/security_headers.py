"""The headers that keep what browsers get from being framed, sniffed, cached or sent on: on every answer of the server.

`Vary` tells caches that the answer may depend on the page that asks.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.http.security_headers import CLOSED, STRICT_TRANSPORT

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cache-control": "no-store",
        "content-security-policy": CLOSED,
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "referrer-policy": "no-referrer",
        "vary": "origin",
        "x-content-type-options": "nosniff",
    }
)
"""What an answer has unless it says otherwise; a page that needs more than nothing names its own policy."""


def security_headers(public_url: str | None) -> Mapping[str, str]:
    """`SECURITY_HEADERS`, and `STRICT_TRANSPORT` where customers come by https: the proxy that ends TLS need not add it."""
    is_https = public_url is not None and public_url.startswith("https://")
    return {**SECURITY_HEADERS, **(STRICT_TRANSPORT if is_https else {})}
