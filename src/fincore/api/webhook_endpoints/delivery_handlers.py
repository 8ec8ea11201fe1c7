"""/v1/webhook_deliveries: what was sent to a merchant, and sending it again."""

from typing import Final

import msgspec

from fincore.api.webhook_endpoints.body import delivery_body, delivery_body_with_attempts
from fincore.api.webhook_endpoints.handlers import WebhookServices, owner_of
from fincore.api.webhook_endpoints.openapi import GET_WEBHOOK_DELIVERY, REPLAY_WEBHOOK_DELIVERY
from fincore.api.webhook_endpoints.requests import DeliveryReplayRequest
from fincore.domain.ids import WebhookDeliveryId, parse_webhook_delivery_id
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.idempotent_change import change_once
from fincore.http.problems import Problem
from fincore.write.merchants.api_keys import ApiKeys

_NOTHING: Final = msgspec.json.Decoder(DeliveryReplayRequest)


class WebhookDeliveries:
    """The handlers of /v1/webhook_deliveries."""

    def __init__(self, services: WebhookServices, keys: ApiKeys) -> None:
        self._deliveries = services.deliveries
        self._changes = services.changes
        self._keys = keys

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        one = "/v1/webhook_deliveries/{delivery_id}"
        return (
            Route(method="GET", path=one, operation=GET_WEBHOOK_DELIVERY, handler=self.get),
            Route(
                method="POST", path=f"{one}/replay", operation=REPLAY_WEBHOOK_DELIVERY, handler=self.replay
            ),
        )

    async def get(self, call: Call) -> Response:
        """One delivery with its attempts."""
        principal = await secret_principal(call, self._keys)
        found = await self._deliveries.find(owner_of(principal), _delivery_id(call))
        if found is None:
            raise _not_found()
        return json_response(200, delivery_body_with_attempts(found))

    async def replay(self, call: Call) -> Response:
        """Send one delivery again."""
        principal = await secret_principal(call, self._keys)
        request = await read_request(call, _NOTHING, if_empty=DeliveryReplayRequest())
        delivery_id = _delivery_id(call)

        async def make(transaction: Transaction) -> Response:
            replayed = await self._deliveries.replay(transaction, owner_of(principal), delivery_id)
            if replayed is None:
                raise _not_found()
            if replayed == "endpoint_deleted":
                raise Problem(
                    "webhook_endpoint_not_found",
                    "The endpoint of this delivery was deleted.",
                    param="delivery_id",
                )
            if replayed == "endpoint_disabled":
                raise Problem("webhook_endpoint_disabled", param="delivery_id")
            return json_response(200, delivery_body(replayed))

        return await change_once(call, self._changes, principal, request, make)


def _delivery_id(call: Call) -> WebhookDeliveryId:
    return call.path_id("delivery_id", parse_webhook_delivery_id, "webhook_delivery_not_found")


def _not_found() -> Problem:
    return Problem("webhook_delivery_not_found", param="delivery_id")
