"""The headers on every answer to staff: nothing is framed, sniffed, cached or sent on."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.http.security_headers import CLOSED, STRICT_TRANSPORT

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cache-control": "no-store",
        "content-security-policy": CLOSED,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
)
"""What an answer has unless it says otherwise; a page that needs more than nothing names its own policy."""


def security_headers(staff_url: str | None) -> Mapping[str, str]:
    """`SECURITY_HEADERS`, and `STRICT_TRANSPORT` where staff come by https: the proxy that ends TLS need not add it."""
    is_https = staff_url is not None and staff_url.startswith("https://")
    return {**SECURITY_HEADERS, **(STRICT_TRANSPORT if is_https else {})}
