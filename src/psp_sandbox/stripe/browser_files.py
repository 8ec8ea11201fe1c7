"""What the sandbox serves in place of js.stripe.com: the script of `window.Stripe`, and the frame with the card form."""

from importlib import resources
from typing import Final

from psp_sandbox.messages import Request, Response

PREFIX: Final = "/v3/"

FRAME_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Any page may embed the frame, as Stripe's: so there is no `frame-ancestors`."""

_ALWAYS = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
# The frame has no Cross-Origin-Embedder-Policy: like Stripe's, it does not load in a page that requires one.
_OF_FRAME = (
    *_ALWAYS,
    ("Content-Security-Policy", FRAME_POLICY),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()"),
    ("Referrer-Policy", "no-referrer"),
)
_OF_SCRIPT = (
    *_ALWAYS,
    ("Access-Control-Allow-Origin", "*"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)


def _file(name: str, content_type: str, headers: tuple[tuple[str, str], ...]) -> Response:
    content = resources.files("psp_sandbox.stripe").joinpath(name).read_bytes()
    return Response(payload=content, content_type=f"{content_type}; charset=utf-8", headers=headers)


FILES: Final = {
    "": _file("stripe_js.js", "text/javascript", _OF_SCRIPT),
    "card_frame.html": _file("card_frame.html", "text/html", _OF_FRAME),
    "card_frame.css": _file("card_frame.css", "text/css", _ALWAYS),
    "card_frame.js": _file("card_frame.js", "text/javascript", _ALWAYS),
}
"""Each file by its name below `/v3/`; the script itself has none, as at js.stripe.com."""

_ABSENT = Response(status=404, payload=b"There is nothing here.", content_type="text/plain", headers=_ALWAYS)


def serve(request: Request) -> Response:
    """GET /v3/ and the files of the frame."""
    return FILES.get(request.path.removeprefix(PREFIX), _ABSENT)
