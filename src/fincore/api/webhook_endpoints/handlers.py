"""/v1/webhook_endpoints: where merchants want to hear of their charges."""

from typing import Final, NamedTuple

import msgspec

from fincore.api.webhook_endpoints.body import (
    WebhookDeliveryBody,
    WebhookEndpointBody,
    WebhookEndpointListBody,
    WebhookReplayBody,
    delivery_body,
    endpoint_body,
)
from fincore.api.webhook_endpoints.openapi import (
    CREATE_WEBHOOK_ENDPOINT,
    DELETE_WEBHOOK_ENDPOINT,
    GET_WEBHOOK_ENDPOINT,
    LIST_WEBHOOK_DELIVERIES,
    LIST_WEBHOOK_ENDPOINTS,
    REPLAY_FAILED_WEBHOOKS,
    ROTATE_WEBHOOK_SECRET,
    UPDATE_WEBHOOK_ENDPOINT,
)
from fincore.api.webhook_endpoints.requests import (
    FailedDeliveriesReplayRequest,
    SecretRotationRequest,
    WebhookEndpointRequest,
    WebhookEndpointUpdateRequest,
    check_request,
)
from fincore.domain.ids import (
    WebhookDeliveryId,
    WebhookEndpointId,
    parse_webhook_endpoint_id,
)
from fincore.eventstore.idempotent_changes import IdempotentChanges, Transaction
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.idempotent_change import change_once
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery, within_reach
from fincore.http.problems import Problem
from fincore.notify.delivery_log import REPLAYED_AT_ONCE_MAX, DeliveryLog, DeliveryStatus
from fincore.notify.endpoint import Endpoint, EndpointChanges, Owner
from fincore.notify.endpoints import Endpoints
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys

_CREATE: Final = msgspec.json.Decoder(WebhookEndpointRequest)
_UPDATE: Final = msgspec.json.Decoder(WebhookEndpointUpdateRequest)
_ROTATE: Final = msgspec.json.Decoder(SecretRotationRequest)
_REPLAY: Final = msgspec.json.Decoder(FailedDeliveriesReplayRequest)
_STORED: Final = msgspec.json.Decoder(WebhookEndpointBody)
_ENCODER: Final = msgspec.json.Encoder()
_STATUSES: Final[tuple[DeliveryStatus, ...]] = ("pending", "delivered", "failed")


class _Deletion(msgspec.Struct, frozen=True):
    """A deletion says nothing beside the path."""


class WebhookServices(NamedTuple):
    """What the handlers of merchants' webhooks work with. `allow_loopback`: development, see `check_url`."""

    endpoints: Endpoints
    deliveries: DeliveryLog
    changes: IdempotentChanges
    allow_loopback: bool


class WebhookEndpoints:
    """The handlers of /v1/webhook_endpoints.

    The response that an idempotency key keeps holds no secret: it is put in each time the response is sent, from
    where it is sealed, as long as it is still the secret that the request made.
    """

    def __init__(self, services: WebhookServices, keys: ApiKeys) -> None:
        self._endpoints = services.endpoints
        self._deliveries = services.deliveries
        self._changes = services.changes
        self._allow_loopback = services.allow_loopback
        self._keys = keys

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        path = "/v1/webhook_endpoints"
        one = path + "/{endpoint_id}"
        return (
            Route(method="POST", path=path, operation=CREATE_WEBHOOK_ENDPOINT, handler=self.create),
            Route(method="GET", path=path, operation=LIST_WEBHOOK_ENDPOINTS, handler=self.list_all),
            Route(method="GET", path=one, operation=GET_WEBHOOK_ENDPOINT, handler=self.get),
            Route(method="POST", path=one, operation=UPDATE_WEBHOOK_ENDPOINT, handler=self.update),
            Route(method="DELETE", path=one, operation=DELETE_WEBHOOK_ENDPOINT, handler=self.delete),
            Route(
                method="POST",
                path=f"{one}/rotate_secret",
                operation=ROTATE_WEBHOOK_SECRET,
                handler=self.rotate_secret,
            ),
            Route(
                method="GET",
                path=f"{one}/deliveries",
                operation=LIST_WEBHOOK_DELIVERIES.operation,
                handler=self.list_deliveries,
            ),
            Route(
                method="POST",
                path=f"{one}/replay_failed",
                operation=REPLAY_FAILED_WEBHOOKS,
                handler=self.replay_failed,
            ),
        )

    async def create(self, call: Call) -> Response:
        """A new endpoint and its secret."""
        principal = await secret_principal(call, self._keys)
        request = await read_request(call, _CREATE)
        check_request(request, allow_loopback=self._allow_loopback)

        async def make(transaction: Transaction) -> Response:
            made = await self._endpoints.create(
                transaction,
                owner_of(principal),
                url=request.url,
                description=request.description,
                event_types=request.event_types,
            )
            if made is None:
                raise Problem("webhook_endpoints_too_many")
            location = f"/v1/webhook_endpoints/{made.endpoint.endpoint_id}"
            return json_response(
                201, endpoint_body(made.endpoint, secret=None), headers=(("location", location),)
            )

        response = await change_once(call, self._changes, principal, request, make)
        return await self._with_secret(principal, response)

    async def list_all(self, call: Call) -> Response:
        """All endpoints, on one page."""
        principal = await secret_principal(call, self._keys)
        found = await self._endpoints.list_all(owner_of(principal))
        return json_response(200, WebhookEndpointListBody(data=[endpoint_body(one) for one in found]))

    async def get(self, call: Call) -> Response:
        """One endpoint."""
        principal = await secret_principal(call, self._keys)
        return json_response(200, endpoint_body(await self._found(call, principal)))

    async def update(self, call: Call) -> Response:
        """Change an endpoint."""
        principal = await secret_principal(call, self._keys)
        request = await read_request(call, _UPDATE)
        check_request(request, allow_loopback=self._allow_loopback)
        endpoint_id = _endpoint_id(call)
        changes = EndpointChanges(**msgspec.structs.asdict(request))

        async def make(transaction: Transaction) -> Response:
            changed = await self._endpoints.update(transaction, owner_of(principal), endpoint_id, changes)
            if changed is None:
                raise _not_found()
            return json_response(200, endpoint_body(changed))

        return await change_once(call, self._changes, principal, request, make)

    async def delete(self, call: Call) -> Response:
        """Delete an endpoint; one that was deleted before is answered alike."""
        principal = await secret_principal(call, self._keys)
        endpoint_id = _endpoint_id(call)

        async def make(transaction: Transaction) -> Response:
            if not await self._endpoints.delete(transaction, owner_of(principal), endpoint_id):
                raise _not_found()
            return Response(204, b"")

        return await change_once(call, self._changes, principal, _Deletion(), make)

    async def rotate_secret(self, call: Call) -> Response:
        """A new secret beside the old one."""
        principal = await secret_principal(call, self._keys)
        request = await read_request(call, _ROTATE, if_empty=SecretRotationRequest())
        endpoint_id = _endpoint_id(call)

        async def make(transaction: Transaction) -> Response:
            rotated = await self._endpoints.rotate(
                transaction, owner_of(principal), endpoint_id, overlap_seconds=request.overlap_seconds
            )
            if rotated is None:
                raise _not_found()
            return json_response(200, endpoint_body(rotated.endpoint, secret=None))

        response = await change_once(call, self._changes, principal, request, make)
        return await self._with_secret(principal, response)

    async def list_deliveries(self, call: Call) -> Response:
        """A page of what was sent to an endpoint, newest first."""

        async def find(
            principal: Principal, query: ListQuery[WebhookDeliveryId]
        ) -> tuple[list[WebhookDeliveryBody], bool]:
            endpoint_id = _endpoint_id(call)
            if not await self._endpoints.existed(owner_of(principal), endpoint_id):
                raise _not_found()
            page = await self._deliveries.list_of(
                endpoint_id,
                status=chosen(query, "status", _STATUSES),
                after_id=query.after_id,
                limit=query.limit,
            )
            return [delivery_body(delivery) for delivery in page.deliveries], page.has_more

        return await LIST_WEBHOOK_DELIVERIES.respond(call, self._keys, find)

    async def replay_failed(self, call: Call) -> Response:
        """Send again what failed."""
        principal = await secret_principal(call, self._keys)
        request = await read_request(call, _REPLAY, if_empty=FailedDeliveriesReplayRequest())
        endpoint = await self._found(call, principal)
        if endpoint.status != "enabled":
            raise Problem("webhook_endpoint_disabled", param="endpoint_id")

        async def make(transaction: Transaction) -> Response:
            count = await self._deliveries.replay_failed(
                transaction,
                endpoint.endpoint_id,
                created_from=within_reach(request.created_from) if request.created_from else None,
                created_before=within_reach(request.created_before) if request.created_before else None,
            )
            body = WebhookReplayBody(
                endpoint=endpoint.endpoint_id, deliveries=count, has_more=count == REPLAYED_AT_ONCE_MAX
            )
            return json_response(200, body)

        return await change_once(call, self._changes, principal, request, make)

    async def _found(self, call: Call, principal: Principal) -> Endpoint:
        endpoint = await self._endpoints.find(owner_of(principal), _endpoint_id(call))
        if endpoint is None:
            raise _not_found()
        return endpoint

    async def _with_secret(self, principal: Principal, response: Response) -> Response:
        stored = _STORED.decode(response.body)
        secret = await self._endpoints.secret(
            owner_of(principal), WebhookEndpointId(stored.id), stored.secret_version
        )
        shown = msgspec.structs.replace(stored, secret=secret.reveal() if secret else None)
        return msgspec.structs.replace(response, body=_ENCODER.encode(shown))


def owner_of(principal: Principal) -> Owner:
    """The owner of the endpoints that a key may see."""
    return Owner(principal.merchant_id, principal.livemode)


def _endpoint_id(call: Call) -> WebhookEndpointId:
    return call.path_id("endpoint_id", parse_webhook_endpoint_id, "webhook_endpoint_not_found")


def _not_found() -> Problem:
    return Problem("webhook_endpoint_not_found", param="endpoint_id")
