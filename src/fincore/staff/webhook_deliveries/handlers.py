"""/staff/v1/webhook_deliveries: what was sent to merchants, and sending it again."""

from collections.abc import Sequence

from fincore.domain.errors import InvalidId
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import (
    EventId,
    WebhookDeliveryId,
    WebhookEndpointId,
    parse_webhook_delivery_id,
    parse_webhook_endpoint_id,
    stream_of,
)
from fincore.eventstore.idempotent_changes import Transaction
from fincore.eventstore.log import EventLog
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen, chosen_charge
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.notify.all_deliveries import AllDeliveries, DeliveryFilters
from fincore.notify.all_endpoints import OwnersSeen
from fincore.notify.delivery_log import DeliveryLog
from fincore.notify.endpoint import Owner
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Scope
from fincore.staff.acting import Deed, Made, StaffActs, read_act
from fincore.staff.webhook_deliveries.body import (
    StaffWebhookDeliveryBody,
    render_delivery,
    render_found,
)
from fincore.staff.webhook_deliveries.openapi import (
    DELIVERIES,
    GET_WEBHOOK_DELIVERY,
    LIST_WEBHOOK_DELIVERIES,
    REPLAY_WEBHOOK_DELIVERY,
    STATUSES,
)
from fincore.staff.webhook_deliveries.requests import REPLAY


class WebhookDeliveryHandlers:
    """The handlers of deliveries. `log`: a charge's events are the events that deliveries carry."""

    def __init__(
        self,
        admission: Admission,
        acts: StaffActs,
        deliveries: AllDeliveries,
        replays: DeliveryLog,
        log: EventLog[ChargeEvent],
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._deliveries = deliveries
        self._replays = replays
        self._log = log

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/webhook_deliveries"
        one = path + "/{delivery_id}"
        return (
            route("GET", path, LIST_WEBHOOK_DELIVERIES, self.list, permission="deliveries.read"),
            route("GET", one, GET_WEBHOOK_DELIVERY, self.get, permission="deliveries.read"),
            route(
                "POST", f"{one}/replay", REPLAY_WEBHOOK_DELIVERY, self.replay, permission="deliveries.replay"
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A page of deliveries."""

        async def find(
            scope: Scope, query: ListQuery[WebhookDeliveryId]
        ) -> tuple[list[StaffWebhookDeliveryBody], bool]:
            filters = DeliveryFilters(
                endpoint_id=_endpoint_id(query),
                status=chosen(query, "status", STATUSES),
                event_ids=await self._event_ids(query),
            )
            page = await self._deliveries.list(
                OwnersSeen(scope.livemode, scope.merchant_ids),
                filters,
                after_id=query.after_id,
                limit=query.limit,
            )
            return [render_delivery(one.delivery, one.merchant_id) for one in page.deliveries], page.has_more

        return await DELIVERIES.respond(call, visit, find)

    async def get(self, call: Call, visit: Visit) -> Response:
        """One delivery with its attempts."""
        delivery_id, owner = await self._found(call, visit)
        found = await self._replays.find(owner, delivery_id)
        if found is None:
            raise _not_found()
        return json_response(200, render_found(found, owner.merchant_id))

    async def replay(self, call: Call, visit: Visit) -> Response:
        """Send one delivery again."""
        delivery_id, owner = await self._found(call, visit)
        request = await read_act(call, REPLAY)

        async def make(transaction: Transaction) -> Made:
            replayed = await self._replays.replay(transaction, owner, delivery_id)
            if replayed is None:
                raise _not_found()
            if replayed == "endpoint_deleted":
                raise Problem(
                    "webhook_endpoint_not_found",
                    "The merchant deleted the endpoint of this delivery.",
                    param="delivery_id",
                )
            if replayed == "endpoint_disabled":
                raise Problem("webhook_endpoint_disabled", param="delivery_id")
            deed = Deed(
                action="replay",
                object_kind="webhook_delivery",
                object_id=delivery_id,
                livemode=owner.livemode,
                merchant_id=owner.merchant_id,
                details={"endpoint": replayed.endpoint_id, "event_type": replayed.event_type},
            )
            return Made(json_response(200, render_delivery(replayed, owner.merchant_id)), deed)

        return await self._acts.change(call, visit, request, make, livemode=owner.livemode)

    async def _event_ids(self, query: ListQuery[WebhookDeliveryId]) -> Sequence[EventId] | None:
        charge_id = chosen_charge(query)
        if charge_id is None:
            return None
        return await self._log.event_ids(stream_of(charge_id))

    async def _found(self, call: Call, visit: Visit) -> tuple[WebhookDeliveryId, Owner]:
        delivery_id = call.path_id("delivery_id", parse_webhook_delivery_id, "webhook_delivery_not_found")
        owner = await self._deliveries.owner_of(delivery_id)
        if owner is None:
            raise _not_found()
        visit.require(
            owner.merchant_id,
            livemode=owner.livemode,
            unknown="webhook_delivery_not_found",
            sees="deliveries.read",
        )
        return delivery_id, owner


def _endpoint_id(query: ListQuery[WebhookDeliveryId]) -> WebhookEndpointId | None:
    value = query.filters.get("endpoint")
    if value is None:
        return None
    try:
        return parse_webhook_endpoint_id(value)
    except InvalidId:
        raise Problem(
            "parameter_invalid", "endpoint must be the id of a webhook endpoint, we_...", param="endpoint"
        ) from None


def _not_found() -> Problem:
    return Problem("webhook_delivery_not_found", param="delivery_id")
