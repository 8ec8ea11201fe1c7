"""What a browser may do with a publishable key: which calls, which fields it adds to them, what its answers leave out."""

import re
from collections.abc import Callable
from functools import partial
from secrets import compare_digest
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from msgspec.structs import replace

from psp_sandbox.form import MalformedForm, decode
from psp_sandbox.messages import Request, Response
from psp_sandbox.stripe import payment_intents, payment_methods, tokens
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import invalid_request, unauthorized

CORS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Request-Id, Stripe-Version"),
)
"""On every answer to a call that a publishable key may make: any page may read it, as at api.stripe.com."""

PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, POST"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Stripe-Version"),
    ("Access-Control-Max-Age", "300"),
)

_KEY = re.compile(rb"(?:^|&)key=(pk_(?:test|live)_\w{1,240})(?:&|$)")
_ADDED = re.compile(
    r"(?:payment_method_data\[)?"
    r"(?:key|_stripe_version|payment_user_agent|guid|muid|sid|time_on_page|referrer|pasted_fields|radar_options)"
    r"\]?(?:\[\w+\])*"
)
"""Fields that Stripe's browser and mobile clients add, of which the sandbox makes nothing."""

INTENT_FIELDS = frozenset(
    {
        "amount",
        "amount_details",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "capture_method",
        "client_secret",
        "confirmation_method",
        "created",
        "currency",
        "description",
        "id",
        "last_payment_error",
        "livemode",
        "next_action",
        "object",
        "payment_method",
        "payment_method_configuration_details",
        "payment_method_types",
        "processing",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "source",
        "status",
    }
)
"""What Stripe's API reference marks as retrievable with a publishable key. Metadata and charges are not among it."""


def _with_client_secret(handler: Callable[[Call], Response], call: Call) -> Response:
    """The call, if it proves by the client secret that the merchant gave it this payment intent. Raises Refusal."""
    source = call.request.query if call.request.method == "GET" else call.request.body
    try:
        given = decode(source).get("client_secret")
    except MalformedForm as error:
        raise invalid_request(str(error)) from error
    if not isinstance(given, str) or not given:
        message = "Missing required param: client_secret."
        raise invalid_request(message, param="client_secret", code="parameter_missing")
    if not compare_digest(given.encode(), payment_intents.addressed(call).client_secret.encode()):
        message = (
            "The client_secret provided does not match the client_secret associated with the PaymentIntent."
        )
        raise invalid_request(message, param="client_secret")
    return handler(call)


CALLS: dict[str, Callable[[Call], Response]] = {
    "POST payment_methods": payment_methods.create,
    "POST tokens": tokens.create,
    "GET payment_intents/{}": partial(_with_client_secret, payment_intents.retrieve),
    "POST payment_intents/{}/confirm": partial(_with_client_secret, payment_intents.confirm),
}
"""Every call that a publishable key may make."""


def handler_of(operation: str) -> Callable[[Call], Response]:
    """What carries the call out. Raises Refusal: 401, it needs a secret key."""
    handler = CALLS.get(operation)
    if handler is None:
        raise unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
        )
    return handler


def plain(request: Request) -> Request:
    """The request as a server would send it: its key in the header, without the fields that only browsers send.

    A request with another key than a publishable one is returned as it came.
    """
    header = request.headers.get(b"authorization")
    if header is not None and not header.startswith(b"Bearer pk_"):
        return request
    source = request.query if request.method == "GET" else request.body
    if header is None:
        found = _KEY.search(source)
        if found is None:
            return request
        header = b"Bearer " + found[1]
    kept = b"&".join(pair for pair in source.split(b"&") if not _ADDED.fullmatch(_name(pair)))
    headers = request.headers | {b"authorization": header}
    if request.method == "GET":
        return replace(request, headers=headers, query=kept)
    return replace(request, headers=headers, body=kept)


def shown(response: Response) -> Response:
    """The answer as a publishable key sees it."""
    return replace(response, payload=_shown(msgspec.to_builtins(response.payload)))


def _name(pair: bytes) -> str:
    return unquote_plus(pair.partition(b"=")[0].decode("latin-1"))


def _shown(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    kind = data.get("object")
    return {
        name: _shown(child)
        for name, child in data.items()
        if (kind != "payment_intent" or name in INTENT_FIELDS)
        and (kind != "payment_method" or name != "metadata")
        and name != "fingerprint"
    }
