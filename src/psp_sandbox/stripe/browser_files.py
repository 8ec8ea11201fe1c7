"""What the sandbox serves in place of js.stripe.com: the script of `window.Stripe`, and the frame with the card form."""

from typing import Final

from psp_sandbox.browser_files import ABSENT, OF_FRAME, OF_SCRIPT, browser_file
from psp_sandbox.messages import Request, Response

PREFIX: Final = "/v3/"

FILES: Final = {
    "": browser_file("psp_sandbox.stripe", "stripe_js.js", OF_SCRIPT),
    "card_frame.html": browser_file("psp_sandbox.stripe", "card_frame.html", OF_FRAME),
    "card_frame.css": browser_file("psp_sandbox.stripe", "card_frame.css"),
    "card_frame.js": browser_file("psp_sandbox.stripe", "card_frame.js"),
}
"""Each file by its name below `/v3/`; the script itself has none, as at js.stripe.com."""


def serve(request: Request) -> Response:
    """GET /v3/ and the files of the frame."""
    return FILES.get(request.path.removeprefix(PREFIX), ABSENT)
