"""Files that the sandbox serves to browsers in place of a PSP's: scripts that any page may load, and frames that any may embed."""

from importlib import resources
from typing import Final

from psp_sandbox.messages import Response

Headers = tuple[tuple[str, str], ...]

FRAME_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Any page may embed a frame, as the PSPs' own: so there is no `frame-ancestors`."""

OF_EVERY_FILE: Final[Headers] = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
# A frame has no Cross-Origin-Embedder-Policy: like the PSPs' own, it does not load in a page that requires one.
OF_FRAME: Final[Headers] = (
    *OF_EVERY_FILE,
    ("Content-Security-Policy", FRAME_POLICY),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()"),
    ("Referrer-Policy", "no-referrer"),
)
OF_SCRIPT: Final[Headers] = (
    *OF_EVERY_FILE,
    ("Access-Control-Allow-Origin", "*"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)
"""Of a script for pages of other origins."""

ABSENT: Final = Response(
    status=404, payload=b"There is nothing here.", content_type="text/plain", headers=OF_EVERY_FILE
)

_TYPES: Final = {"css": "text/css", "html": "text/html", "js": "text/javascript"}


def browser_file(package: str, name: str, headers: Headers = OF_EVERY_FILE) -> Response:
    """A file of a package, with the content type of its ending."""
    content_type = _TYPES[name.rpartition(".")[2]]
    return Response(
        payload=resources.files(package).joinpath(name).read_bytes(),
        content_type=f"{content_type}; charset=utf-8",
        headers=headers,
    )
