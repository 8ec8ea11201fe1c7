"""Stripe's refusals. Each is raised where it is found and rendered once, in `api.py`."""

from msgspec import UNSET, UnsetType

from psp_sandbox.messages import Response
from psp_sandbox.stripe.wire import ErrorBody, ErrorDetail

DOC_URL = "https://stripe.com/docs/error-codes/"


class Refusal(Exception):
    """The request is answered with an error. `remembered`: whether an idempotency key keeps this answer.

    Stripe keeps what an endpoint answered once it began executing, and nothing of what was refused before.
    """

    def __init__(self, status: int, detail: ErrorDetail, *, remembered: bool) -> None:
        super().__init__(detail.message)
        self.status = status
        self.detail = detail
        self.remembered = remembered

    def response(self) -> Response:
        """The error as an answer."""
        return Response(status=self.status, payload=ErrorBody(self.detail))


def invalid_request(
    message: str, *, param: str | None = None, code: str | None = None, status: int = 400
) -> Refusal:
    """The parameters do not pass validation: the endpoint does not begin."""
    return Refusal(status, _invalid(message, param, code), remembered=False)


def refused(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> Refusal:
    """The endpoint began and refused, for example because of the state of a payment intent."""
    return Refusal(status, _invalid(message, param, code), remembered=True)


def no_such(kind: str, object_id: str, *, param: str) -> Refusal:
    """404, or 400 where the id came as a parameter beside the one in the URL."""
    return refused(f"No such {kind}: '{object_id}'", param=param, code="resource_missing", status=404)


def card_refused(detail: ErrorDetail) -> Refusal:
    """402: the parameters were fine, the card was not."""
    return Refusal(402, detail, remembered=True)


def idempotency_error(message: str, *, status: int = 400, code: str | None = None) -> Refusal:
    """The key was used before in a way this request contradicts."""
    return Refusal(
        status,
        ErrorDetail(type="idempotency_error", message=message, code=_or_unset(code)),
        remembered=False,
    )


def unauthorized(message: str, *, code: str | None = None) -> Refusal:
    """401: no key, one that cannot be a key, or a publishable one where a secret key is needed."""
    return Refusal(401, _invalid(message, None, code), remembered=False)


def rate_limited(message: str, *, code: str, status: int = 429) -> Refusal:
    """429 or 409: the request was turned away before anything looked at it."""
    return Refusal(status, _invalid(message, None, code), remembered=False)


def api_error(message: str, *, status: int = 500) -> Refusal:
    """500 or 503: something went wrong on the PSP's side."""
    return Refusal(status, ErrorDetail(type="api_error", message=message), remembered=True)


def _invalid(message: str, param: str | None, code: str | None) -> ErrorDetail:
    doc_url: str | UnsetType = UNSET if code is None else DOC_URL + code.replace("_", "-")
    return ErrorDetail(
        type="invalid_request_error",
        message=message,
        param=_or_unset(param),
        code=_or_unset(code),
        doc_url=doc_url,
    )


def _or_unset(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text
