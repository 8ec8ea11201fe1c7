"""/staff/v1/webhook_endpoints: how merchants' endpoints fare, enabling and disabling one, replaying what failed at it."""

from fincore.domain.ids import WebhookEndpointId, parse_webhook_endpoint_id
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery, within_reach
from fincore.http.problems import Problem
from fincore.notify.all_endpoints import AllEndpoints, EndpointState, OwnersSeen
from fincore.notify.delivery_log import REPLAYED_AT_ONCE_MAX, DeliveryLog
from fincore.notify.endpoint import EndpointStatus
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.acting import Deed, Made, StaffActs, read_act
from fincore.staff.webhook_endpoints.body import (
    StaffWebhookEndpointBody,
    StaffWebhookReplaysBody,
    render_endpoint,
)
from fincore.staff.webhook_endpoints.openapi import (
    CONDITIONS,
    DISABLE_WEBHOOK_ENDPOINT,
    ENABLE_WEBHOOK_ENDPOINT,
    ENDPOINTS,
    GET_WEBHOOK_ENDPOINT,
    LIST_WEBHOOK_ENDPOINTS,
    REPLAY_FAILED_WEBHOOKS,
)
from fincore.staff.webhook_endpoints.requests import CHANGE, REPLAY_FAILED
from fincore.write.staff.act_names import ActName


class WebhookEndpointHandlers:
    """The handlers of webhook endpoints."""

    def __init__(
        self, admission: Admission, acts: StaffActs, endpoints: AllEndpoints, deliveries: DeliveryLog
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._endpoints = endpoints
        self._deliveries = deliveries

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/webhook_endpoints"
        one = path + "/{endpoint_id}"
        return (
            route("GET", path, LIST_WEBHOOK_ENDPOINTS, self.list, permission="merchants.read"),
            route("GET", one, GET_WEBHOOK_ENDPOINT, self.get, permission="merchants.read"),
            route(
                "POST", f"{one}/enable", ENABLE_WEBHOOK_ENDPOINT, self.enable, permission="merchants.manage"
            ),
            route(
                "POST",
                f"{one}/disable",
                DISABLE_WEBHOOK_ENDPOINT,
                self.disable,
                permission="merchants.manage",
            ),
            route(
                "POST",
                f"{one}/replay_failed",
                REPLAY_FAILED_WEBHOOKS,
                self.replay_failed,
                permission="deliveries.replay",
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of endpoints."""

        async def find(
            scope: Scope, query: ListQuery[WebhookEndpointId]
        ) -> tuple[list[StaffWebhookEndpointBody], bool]:
            page = await self._endpoints.list(
                OwnersSeen(scope.livemode, scope.merchant_ids),
                condition=chosen(query, "condition", CONDITIONS),
                after_id=query.after_id,
                limit=query.limit,
            )
            return [render_endpoint(one) for one in page.endpoints], page.has_more

        return await ENDPOINTS.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """One endpoint."""
        return json_response(200, render_endpoint(await self._found(call, visit)))

    async def enable(self, call: Call, visit: Visit) -> Response:
        """Send to an endpoint again."""
        return await self._set_status(call, visit, "enabled")

    async def disable(self, call: Call, visit: Visit) -> Response:
        """Send nothing more to an endpoint."""
        return await self._set_status(call, visit, "disabled")

    async def replay_failed(self, call: Call, visit: Visit) -> Response:
        """Send what failed at an endpoint again."""
        found = await self._found(call, visit)
        request = await read_act(call, REPLAY_FAILED)

        async def make(transaction: Transaction) -> Made:
            now = await self._endpoints.find(found.endpoint_id, transaction)
            if now is None or now.status != "enabled":
                raise Problem("webhook_endpoint_disabled", param="endpoint_id")
            count = await self._deliveries.replay_failed(
                transaction,
                found.endpoint_id,
                created_from=within_reach(request.created_from) if request.created_from else None,
                created_before=within_reach(request.created_before) if request.created_before else None,
            )
            body = StaffWebhookReplaysBody(
                endpoint=found.endpoint_id, deliveries=count, has_more=count == REPLAYED_AT_ONCE_MAX
            )
            deed = _deed("replay_failed", found)
            return Made(json_response(200, body), deed)

        return await self._acts.change(call, visit, request, make, livemode=found.livemode)

    async def _set_status(self, call: Call, visit: Visit, status: EndpointStatus) -> Response:
        found = await self._found(call, visit)
        request = await read_act(call, CHANGE)

        async def make(transaction: Transaction) -> Made:
            is_set = await self._endpoints.set_status(transaction, found.endpoint_id, status)
            changed = await self._endpoints.find(found.endpoint_id, transaction)
            if not is_set or changed is None:
                raise Problem("webhook_endpoint_not_found", param="endpoint_id")
            action: ActName = "enable" if status == "enabled" else "disable"
            return Made(json_response(200, render_endpoint(changed)), _deed(action, changed))

        return await self._acts.change(call, visit, request, make, livemode=found.livemode)

    async def _found(self, call: Call, visit: Visit) -> EndpointState:
        endpoint_id = call.path_id("endpoint_id", parse_webhook_endpoint_id, "webhook_endpoint_not_found")
        found = await self._endpoints.find(endpoint_id)
        if found is None:
            raise Problem("webhook_endpoint_not_found", param="endpoint_id")
        visit.require(
            found.merchant_id,
            livemode=found.livemode,
            unknown="webhook_endpoint_not_found",
            sees="merchants.read",
        )
        return found


def _deed(action: ActName, endpoint: EndpointState) -> Deed:
    return Deed(
        action=action,
        object_kind="webhook_endpoint",
        object_id=endpoint.endpoint_id,
        livemode=endpoint.livemode,
        merchant_id=endpoint.merchant_id,
        details={"host": endpoint.host},
    )
