"""/webhooks/{psp}/{account}: where PSPs deliver what happened."""

from typing import Final

from fincore.api.http.endpoint import Route
from fincore.api.http.exchange import Call, Response, json_response
from fincore.api.http.openapi import Content, Operation, Parameter
from fincore.api.http.problems import Problem
from fincore.domain.outcome import PspAccount, PspName
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.psp.port import CouldNotCheck, SignatureRefused

BODY_BYTES_MAX: Final = 1024 * 1024

RECEIVE_WEBHOOK: Final = Operation(
    operation_id="receive_webhook",
    summary="Receive a PSP's event",
    description=(
        "For payment service providers only. FinCore checks the signature over the bytes of the body. 200 means that "
        "FinCore has stored the event, also where the PSP delivered it before. 503 means that FinCore could not check the "
        "signature now."
    ),
    tag="PSP webhooks",
    is_authenticated=False,
    parameters=(
        Parameter(
            name="psp",
            place="path",
            is_required=True,
            description="The PSP, such as `stripe`.",
            schema={"type": "string", "examples": ["stripe"]},
        ),
        Parameter(
            name="account",
            place="path",
            is_required=True,
            description="The name of the account at the PSP, as this installation calls it.",
            schema={"type": "string", "examples": ["test"]},
        ),
    ),
    request_body=Content(shape={"type": "object"}, description="The event, exactly as the PSP signed it."),
    responses={200: Content(shape={"type": "object"}, description="The event is kept.")},
    problems=(
        "webhook_signature_invalid",
        "webhook_endpoint_not_found",
        "body_too_slow",
        "body_too_large",
        "webhook_not_checked",
    ),
)


class Webhooks:
    """The handler of webhooks."""

    def __init__(self, inbox: WebhookInbox) -> None:
        self._inbox = inbox

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(
                method="POST",
                path="/webhooks/{psp}/{account}",
                operation=RECEIVE_WEBHOOK,
                handler=self.receive,
                gate="webhooks",
            ),
        )

    async def receive(self, call: Call) -> Response:
        """Keep an event; a failure on our side is a 503 or 500, so that the PSP sends it again."""
        body = await call.body(bytes_max=BODY_BYTES_MAX)
        received = await self._inbox.receive(
            PspName(call.path_parameter("psp")),
            PspAccount(call.path_parameter("account")),
            call.headers(),
            body,
        )
        if isinstance(received, CouldNotCheck):
            raise Problem(
                "webhook_not_checked", headers=(("retry-after", str(received.retry_after_seconds)),)
            )
        if not isinstance(received, SignatureRefused):
            return json_response(200, {})
        if received.reason == "unknown_account":
            raise Problem("webhook_endpoint_not_found")
        # Which check failed is for our logs: a forger learns nothing here.
        raise Problem("webhook_signature_invalid")
