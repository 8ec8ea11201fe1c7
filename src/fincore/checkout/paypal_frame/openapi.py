"""How /frames/paypal is documented."""

from typing import Final

from fincore.checkout.page.document import HTML
from fincore.http.openapi import Content, Operation, Parameter


def _query(name: str, description: str, example: str, *, is_required: bool = True) -> Parameter:
    return Parameter(
        name=name,
        place="query",
        is_required=is_required,
        description=description,
        schema={"type": "string", "examples": [example]},
    )


GET_PAYPAL_FRAME: Final = Operation(
    operation_id="get_paypal_frame",
    summary="Get the frame of PayPal",
    description="For fincore.js: a page to hold in a frame, in which PayPal's script runs. Only pages at `origin` can hold it, which must be "
    "registered for the merchant of the key.",
    tag="Customers",
    is_authenticated=False,
    parameters=(
        _query("key", "A publishable key.", "pk_test_0f2a6c1e"),
        _query("origin", "The origin of the page that holds the frame.", "https://shop.example"),
        _query("account", "The account at PayPal, as the client configuration names it.", "test"),
        _query("currency", "The currency of the charge to come.", "usd"),
        _query(
            "intent",
            "`capture`, or `authorize` for a charge that is captured later.",
            "capture",
            is_required=False,
        ),
        _query("locale", "The language of the button, such as `en-GB`.", "en-GB", is_required=False),
    ),
    responses={200: Content(shape={"type": "string"}, media_type=HTML, description="The frame.")},
    problems=(
        "account_unknown",
        "api_key_invalid",
        "currency_unknown",
        "origin_not_registered",
        "parameter_invalid",
        "parameter_unknown",
        "publishable_key_required",
        "rate_limited",
    ),
)
