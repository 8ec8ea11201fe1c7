"""PayPal's refusals. Each is raised where it is found and rendered once, in `api.py`, in the words of its operation.

`issues.json` holds the issues of each operation with their status and text, from PayPal's OpenAPI files (Apache-2.0); the
capture of an order has ACTION_DOES_NOT_MATCH_INTENT besides, as PayPal answers and its file does not say.
"""

import json
from collections.abc import Mapping
from importlib import resources

from psp_sandbox.messages import Response

ISSUES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    operation: {issue: (status, text) for issue, (status, text) in issues.items()}
    for operation, issues in json.loads(
        resources.files("psp_sandbox.paypal").joinpath("issues.json").read_text()
    ).items()
}
"""For each operation, such as `POST v2/checkout/orders`: issue -> (status, description)."""

UNLISTED: Mapping[str, tuple[int, str]] = {
    "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE": (
        422,
        "The dispute is not in a state that allows this action.",
    ),
    "DUPLICATE_REQUEST_ID": (422, "The value of PayPal-Request-Id header has already been used."),
    "REAUTHORIZATION_TOO_SOON": (422, "Reauthorization is allowed only once from day four to day 29."),
    "WEBHOOK_NUMBER_LIMIT_EXCEEDED": (400, "Maximum number of webhook URLs has been reached."),
    "WEBHOOK_URL_ALREADY_EXISTS": (400, "Webhook URL already exists."),
    "RESULTSET_TOO_LARGE": (
        400,
        "Result set size is greater than the maximum limit. Change the filter criteria and try again.",
    ),
    "TOKEN_ALREADY_VAULTED": (422, "A payment token was made of the setup token already."),
    "TOKEN_NOT_APPROVED": (422, "The setup token is not approved by the payer."),
    "RATE_LIMIT_REACHED": (429, "Too many requests. Blocked due to rate limiting."),
    "INTERNAL_SERVER_ERROR": (500, "An internal server error occurred."),
    "INTERNAL_SERVICE_ERROR": (500, "An internal service error has occurred."),
    "SERVICE_UNAVAILABLE": (503, "Service Unavailable."),
    **{issue: found for issues in ISSUES.values() for issue, found in issues.items()},
}
"""Where an operation's own issues do not name one."""

NAMES: Mapping[int, tuple[str, str]] = {
    400: ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid authentication credentials.",
    ),
    403: ("NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    409: ("RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business validation.",
    ),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}
DOC_URL = "https://developer.paypal.com/docs/api/orders/v2/#error-"


class Refusal(Exception):
    """The request is answered with an error. `payer_action_url`: where the payer has to go before it can succeed."""

    def __init__(
        self,
        issue: str,
        *,
        field: str | None = None,
        value: str | None = None,
        payer_action_url: str | None = None,
    ) -> None:
        super().__init__(issue)
        self.issue = issue
        self.field = field
        self.value = value
        self.payer_action_url = payer_action_url

    def response(self, operation: str, debug_id: str) -> Response:
        """The error as an answer of an operation."""
        status, description = ISSUES.get(operation, {}).get(self.issue) or UNLISTED[self.issue]
        detail: dict[str, str] = {}
        if self.field is not None:
            detail = {"field": self.field, "location": "body"}
            if self.value is not None:
                detail["value"] = self.value[:255]
        return error(
            status,
            debug_id,
            details=({**detail, "issue": self.issue, "description": description},),
            payer_action_url=self.payer_action_url,
        )


def known(operation: str, issue: str) -> bool:
    """Whether an operation can answer with the issue."""
    return issue in ISSUES.get(operation, {}) or issue in UNLISTED


def error(
    status: int,
    debug_id: str,
    *,
    details: tuple[Mapping[str, str], ...] = (),
    payer_action_url: str | None = None,
) -> Response:
    """An error in PayPal's shape."""
    name, message = NAMES[status]
    issue = details[0]["issue"] if details else name
    links = [{"href": DOC_URL + issue, "rel": "information_link", "method": "GET"}]
    if payer_action_url is not None:
        links += [
            {"href": payer_action_url, "rel": rel, "method": "GET"} for rel in ("redirect", "payer-action")
        ]
    body: dict[str, object] = {"name": name, "message": message, "debug_id": debug_id, "links": links}
    if details:
        body["details"] = details
    return Response(status=status, payload=body)


def unauthenticated(debug_id: str) -> Response:
    """401: no token at all."""
    return error(401, debug_id)


def invalid_token(description: str) -> Response:
    """401 in OAuth's shape: a token that PayPal did not make, or one that is over."""
    return Response(status=401, payload={"error": "invalid_token", "error_description": description})
