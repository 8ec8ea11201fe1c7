"""The headers of files that CloudFront serves in FinCore's place: FinCore's own, put into the form of a response headers policy. Pure."""

from collections.abc import Mapping
from typing import Final

from fincore.checkout.js.handlers import ANY_SITE, EVERGREEN
from fincore.checkout.security_headers import security_headers as checkout_headers
from fincore.http.static_file import IMMUTABLE
from fincore.staff.dashboard.handlers import PAGE_CACHE, PAGE_PATHS
from fincore.staff.dashboard.policy import dashboard_policy
from fincore.staff.security_headers import security_headers as staff_headers
from infra.installation import Installation

OF_THE_SERVER: Final = frozenset({"vary", "etag", "content-type", "content-length", "content-encoding"})
"""What depends on the file and on what the browser takes: S3 and CloudFront say it."""


def served_headers(
    installation: Installation, login_origins: tuple[str, ...]
) -> Mapping[str, Mapping[str, str]]:
    """The headers of each kind of file: `page` and `assets` of the dashboard, `evergreen` and `fixed` files of fincore.js."""
    staff = staff_headers(f"https://{installation.hosts.staff}")
    pay = checkout_headers(f"https://{installation.hosts.pay}")
    kinds = {
        "page": {**staff, "content-security-policy": dashboard_policy(login_origins), **dict((PAGE_CACHE,))},
        "assets": {**staff, **dict((IMMUTABLE,))},
        "evergreen": {**pay, **dict(ANY_SITE), **dict((EVERGREEN,))},
        "fixed": {**pay, **dict(ANY_SITE), **dict((IMMUTABLE,))},
    }
    return {
        kind: {name: value for name, value in headers.items() if name not in OF_THE_SERVER}
        for kind, headers in kinds.items()
    }


def page_function() -> str:
    """A function of CloudFront that answers the addresses of screens with the one page, as the role `staff` does, and leaves others alone."""
    patterns = sorted({_pattern(path) for path in PAGE_PATHS})
    alternatives = "|".join(patterns)
    return (
        f"var PAGE = /^(?:{alternatives})$/;\n"
        "function handler(event) {\n"
        "  var request = event.request;\n"
        "  if (PAGE.test(request.uri)) { request.uri = '/index.html'; }\n"
        "  else if (request.uri === '/index.html') { request.uri = '/no-such-page'; }\n"
        "  return request;\n"
        "}\n"
    )


def _pattern(path: str) -> str:
    """A path with its parameters as a regular expression of JavaScript."""
    parts = ("[^\\/]+" if part.startswith("{") else part for part in path.split("/"))
    return "\\/".join(parts)
