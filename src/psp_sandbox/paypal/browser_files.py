"""What the sandbox serves in place of www.paypal.com/sdk/js: the script of `window.paypal`, and the frame with its button."""

import re
from typing import Final
from urllib.parse import parse_qs

from psp_sandbox.browser_files import ABSENT, OF_FRAME, OF_SCRIPT, browser_file
from psp_sandbox.messages import Request, Response
from psp_sandbox.paypal.money import TWO_DECIMALS, WHOLE

SCRIPT: Final = "/sdk/js"
PREFIX: Final = "/smart/"

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""What PayPal could have given out. The sandbox knows each of them: a client id is an account of its own."""

FILES: Final = {
    "button": browser_file("psp_sandbox.paypal", "button_frame.html", OF_FRAME),
    "button_frame.css": browser_file("psp_sandbox.paypal", "button_frame.css"),
    "button_frame.js": browser_file("psp_sandbox.paypal", "button_frame.js"),
    "answer": browser_file("psp_sandbox.paypal", "answer_page.html", OF_FRAME),
    "answer_page.js": browser_file("psp_sandbox.paypal", "answer_page.js"),
}
"""Each file by its name below `/smart/`."""

_SCRIPT_FILE: Final = browser_file("psp_sandbox.paypal", "paypal_js.js", OF_SCRIPT)
_CURRENCIES: Final = WHOLE | TWO_DECIMALS
_INTENTS: Final = frozenset({"authorize", "capture"})


def script(request: Request) -> Response:
    """GET /sdk/js?client-id=...; a query that PayPal refuses is answered by a script that throws, with status 400."""
    query = parse_qs(request.query.decode("latin-1"), keep_blank_values=True)
    given = {name: values[-1] for name, values in query.items()}
    message = _refusal(given)
    if message is None:
        return _SCRIPT_FILE
    quoted = message.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("*/", "")
    body = (
        f"throw new Error(\"SDK Validation error: '{quoted}'\");\n\n"
        f"/* Original Error:\n\n{quoted} (debug id: {request.id[-13:].lower()})\n\n*/\n"
    )
    return Response(
        status=400,
        payload=body.encode(),
        content_type="text/javascript; charset=utf-8",
        headers=OF_SCRIPT,
    )


def serve(request: Request) -> Response:
    """The files of the frame, and of the page that tells it what its payer answered."""
    return FILES.get(request.path.removeprefix(PREFIX), ABSENT)


def _refusal(given: dict[str, str]) -> str | None:
    """What PayPal says against a query; None if it takes it."""
    client_id = given.get("client-id", "")
    if not client_id:
        return "Expected client-id to be passed"
    if not CLIENT_ID.fullmatch(client_id):
        return f"client-id not recognized for either production or sandbox: {client_id}"
    for name, values in (("currency", _CURRENCIES), ("intent", _INTENTS)):
        if name in given and given[name] not in values:
            return f"Invalid query value for {name}: {given[name]}"
    return None
