"""How `/staff/v1/webhook_deliveries` is documented."""

from typing import Final, get_args

from fincore.domain.ids import WebhookDeliveryId, parse_webhook_delivery_id
from fincore.http.list_filters import CHARGE
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.notify.delivery_log import DeliveryStatus
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.lists import StaffList
from fincore.staff.webhook_deliveries.body import (
    StaffWebhookDeliveryBody,
    StaffWebhookDeliveryDetailBody,
    StaffWebhookDeliveryList,
)
from fincore.staff.webhook_deliveries.requests import StaffWebhookDeliveryRequest

TAG: Final = "Webhooks"
STATUSES: Final[tuple[DeliveryStatus, ...]] = get_args(DeliveryStatus)
_ID: Final = path_parameter(
    "delivery_id", "The id of the delivery.", example="msg_01kab5m5wvfb9v1c2m5hfv0d2e"
)

DELIVERIES: Final[StaffList[WebhookDeliveryId, StaffWebhookDeliveryBody]] = StaffList(
    "webhook deliveries",
    tag=TAG,
    description="Lists what was sent to merchants, newest first, each with its last attempt. FinCore keeps it for 30 days.",
    filters=(
        Parameter(
            name="endpoint",
            place="query",
            description="Only what goes to this endpoint.",
            schema={"type": "string", "pattern": "^we_"},
        ),
        Parameter(
            name="status",
            place="query",
            description="Only deliveries in this state.",
            schema={"type": "string", "enum": list(STATUSES)},
        ),
        CHARGE,
    ),
    parse_id=parse_webhook_delivery_id,
    body=StaffWebhookDeliveryList,
)
LIST_WEBHOOK_DELIVERIES: Final = DELIVERIES.operation

GET_WEBHOOK_DELIVERY: Final = Operation(
    operation_id="get_webhook_delivery",
    summary="Get a webhook delivery",
    description="Returns what FinCore sent to a merchant, and how each attempt went.",
    tag=TAG,
    parameters=(_ID,),
    responses={200: Content(shape=StaffWebhookDeliveryDetailBody, description="The delivery.")},
    problems=(*READ_PROBLEMS, "webhook_delivery_not_found"),
)

REPLAY_WEBHOOK_DELIVERY: Final = Operation(
    operation_id="replay_webhook_delivery",
    summary="Replay a webhook delivery",
    description="Sends the delivery again now, whether it arrived, failed or waits. Its id and its body stay the same, and its schedule begins anew.",
    tag=TAG,
    parameters=(_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffWebhookDeliveryRequest, description="Why."),
    responses={
        200: Content(shape=StaffWebhookDeliveryBody, description="The delivery.", headers=ACT_HEADERS)
    },
    problems=(
        *ACT_PROBLEMS,
        "webhook_delivery_not_found",
        "webhook_endpoint_disabled",
        "webhook_endpoint_not_found",
    ),
)
