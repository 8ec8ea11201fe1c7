"""How /checkout/... is documented."""

from typing import Final

from fincore.checkout.page.document import HTML
from fincore.checkout.session_page.body import METHOD_FIELD
from fincore.http.openapi import Content, Operation, path_parameter

_PARAMETERS: Final = (
    path_parameter("session_id", "The session's id.", example="cos_01kab5m5wvfb9v1c2m5hfv0d2e"),
    path_parameter("word", "A word that only the `url` of this session holds.", example="Jx2vX0mS"),
)
_PAGE: Final = {"type": "string"}
_RESPONSES: Final = {
    200: Content(shape=_PAGE, media_type=HTML, description="The page."),
    202: Content(
        shape=_PAGE,
        media_type=HTML,
        description="The page while FinCore or the PSP is at work; it looks again by itself.",
    ),
    303: Content(
        shape=_PAGE,
        media_type=HTML,
        description="The way on, to the PSP's page or the merchant's site.",
        headers=("Location",),
    ),
    404: Content(shape=_PAGE, media_type=HTML, description="FinCore has not given out this address."),
}
_FORM: Final = Content(
    shape={
        "type": "object",
        "properties": {METHOD_FIELD: {"type": "string", "enum": ["card", "paypal"]}},
        "required": [METHOD_FIELD],
    },
    media_type="application/x-www-form-urlencoded",
)


def _operation(operation_id: str, summary: str, description: str) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=f"For customers only: {description}",
        tag="Customers",
        is_authenticated=False,
        parameters=_PARAMETERS,
        responses=_RESPONSES,
        problems=("rate_limited",),
    )


SHOW: Final = _operation(
    "show_checkout",
    "Show a checkout session",
    "the `url` of a session. Where the session offers one payment method, a browser that opens the page is sent straight on to the PSP's "
    "page.",
)
CONTINUE: Final = _operation(
    "continue_checkout", "Go on to the PSP's page", "the next page after the customer has chosen how to pay."
)
RETURNED_PAID: Final = _operation(
    "return_to_checkout",
    "Come back from the PSP's page",
    "the PSP sends them here after they paid on its page. FinCore asks the PSP how the payment stands, waits for the outcome for a few "
    "seconds, and sends the customer on to `success_url` when the session is completed.",
)
LEFT: Final = _operation(
    "leave_psp_page",
    "Come back from the PSP's page without paying",
    "the PSP sends them here if they left its page. They may try again, pay another way, or go back to the shop.",
)
CHOOSE: Final = Operation(
    operation_id="choose_payment_method",
    summary="Pay with a payment method",
    description="For customers only: the form of the page. A live attempt with the same method is continued.",
    tag="Customers",
    is_authenticated=False,
    parameters=_PARAMETERS,
    request_body=_FORM,
    responses={
        303: _RESPONSES[303],
        403: Content(shape=_PAGE, media_type=HTML, description="Another site sent the form."),
        404: _RESPONSES[404],
        422: Content(
            shape=_PAGE, media_type=HTML, description="The method cannot be paid with; the page says why."
        ),
    },
    problems=("body_too_large", "rate_limited"),
)
