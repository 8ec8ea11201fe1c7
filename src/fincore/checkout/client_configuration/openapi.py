"""How /v1/client_configuration is documented."""

from typing import Final

from fincore.checkout.client_configuration.body import ClientConfigurationBody
from fincore.http.openapi import Content, Operation, Parameter

_TAG: Final = "Customers"

GET_CLIENT_CONFIGURATION: Final = Operation(
    operation_id="get_client_configuration",
    summary="Get the client configuration",
    description="For pages at a registered origin, with a publishable key: with what the customer can pay this amount, and at which "
    "account each payment method is made.",
    tag=_TAG,
    parameters=(
        Parameter(
            name="currency",
            place="query",
            is_required=True,
            description="The currency of the charge to come.",
            schema={"type": "string", "examples": ["usd"]},
        ),
        Parameter(
            name="amount_minor",
            place="query",
            is_required=True,
            description="Its amount in the currency's minor unit.",
            schema={"type": "integer", "minimum": 1, "examples": [1999]},
        ),
    ),
    responses={200: Content(shape=ClientConfigurationBody, description="The client configuration.")},
    problems=(
        "publishable_key_required",
        "origin_not_registered",
        "rate_limited",
        "currency_unknown",
        "payment_method_not_taken",
        "psp_not_configured",
    ),
)
PREFLIGHT_CLIENT_CONFIGURATION: Final = Operation(
    operation_id="preflight_client_configuration",
    summary="Ask before asking",
    description="What a browser sends before it lets a page of another origin ask.",
    tag=_TAG,
    is_authenticated=False,
    responses={204: Content(shape=None, description="The page may ask.")},
    problems=("origin_not_registered", "rate_limited"),
)
