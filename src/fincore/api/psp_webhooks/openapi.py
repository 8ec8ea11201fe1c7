"""How /webhooks/{psp}/{account} is documented."""

from typing import Final

from fincore.http.openapi import Content, Operation, path_parameter

RECEIVE_WEBHOOK: Final = Operation(
    operation_id="receive_webhook",
    summary="Receive a PSP's event",
    description=(
        "For payment service providers only. FinCore checks the signature over the bytes of the body. 200 means that "
        "FinCore has stored the event, now or at an earlier delivery. 503 means that "
        "FinCore could not check the signature now."
    ),
    tag="PSP webhooks",
    is_authenticated=False,
    parameters=(
        path_parameter("psp", "The PSP, such as `stripe`.", example="stripe"),
        path_parameter(
            "account", "The name of the account at the PSP, as this installation calls it.", example="test"
        ),
    ),
    request_body=Content(shape={"type": "object"}, description="The event, exactly as the PSP signed it."),
    responses={200: Content(shape={"type": "object"}, description="FinCore has stored the event.")},
    problems=(
        "webhook_signature_invalid",
        "webhook_endpoint_not_found",
        "body_too_slow",
        "body_too_large",
        "webhook_not_checked",
    ),
)
