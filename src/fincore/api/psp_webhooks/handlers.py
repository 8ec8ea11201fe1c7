"""/webhooks/{psp}/{account}: where PSPs deliver what happened."""

from typing import Final

from fincore.api.psp_webhooks.openapi import RECEIVE_WEBHOOK
from fincore.domain.outcome import PspAccount, PspName
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.psp.port import CouldNotCheck, SignatureRefused

BODY_BYTES_MAX: Final = 1024 * 1024


class PspWebhookHandlers:
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
