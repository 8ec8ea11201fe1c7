"""The token endpoint."""

from psp_sandbox.messages import Response
from psp_sandbox.paypal.call import Call


def give(call: Call) -> Response:
    """POST /v1/oauth2/token."""
    return call.tokens.give(call.request)
