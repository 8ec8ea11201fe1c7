"""How `/staff/v1/webhook_endpoints` is documented."""

from typing import Final, get_args

from fincore.domain.ids import WebhookEndpointId, parse_webhook_endpoint_id
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.notify.all_endpoints import EndpointCondition
from fincore.notify.delivery_log import REPLAYED_AT_ONCE_MAX
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.lists import StaffList
from fincore.staff.webhook_endpoints.body import (
    StaffWebhookEndpointBody,
    StaffWebhookEndpointList,
    StaffWebhookReplaysBody,
)
from fincore.staff.webhook_endpoints.requests import (
    StaffFailedDeliveriesRequest,
    StaffWebhookEndpointRequest,
)

TAG: Final = "Webhooks"
CONDITIONS: Final[tuple[EndpointCondition, ...]] = get_args(EndpointCondition)
_ID: Final = path_parameter("endpoint_id", "The id of the endpoint.", example="we_01kab5m5wvfb9v1c2m5hfv0d2e")

ENDPOINTS: Final[StaffList[WebhookEndpointId, StaffWebhookEndpointBody]] = StaffList(
    "webhook endpoints",
    tag=TAG,
    description="Lists the endpoints of merchants, newest first, each with how it fares.",
    filters=(
        Parameter(
            name="condition",
            place="query",
            description="`enabled`: those that took the latest webhooks. `failing`: those that FinCore disabled because nothing arrived, and those "
            "that the latest webhook did not reach. `disabled`: those that take nothing.",
            schema={"type": "string", "enum": list(CONDITIONS)},
        ),
    ),
    parse_id=parse_webhook_endpoint_id,
    body=StaffWebhookEndpointList,
)
LIST_WEBHOOK_ENDPOINTS: Final = ENDPOINTS.operation

GET_WEBHOOK_ENDPOINT: Final = Operation(
    operation_id="get_webhook_endpoint",
    summary="Get a webhook endpoint",
    description="Returns an endpoint and how it fares, without its secret and with the host of its URL alone.",
    tag=TAG,
    parameters=(_ID,),
    responses={200: Content(shape=StaffWebhookEndpointBody, description="The endpoint.")},
    problems=(*READ_PROBLEMS, "webhook_endpoint_not_found"),
)


def _change(verb: str, description: str) -> Operation:
    return Operation(
        operation_id=f"{verb}_webhook_endpoint",
        summary=f"{verb.capitalize()} a webhook endpoint",
        description=description,
        tag=TAG,
        parameters=(_ID, *ACT_PARAMETERS),
        request_body=Content(shape=StaffWebhookEndpointRequest, description="Why."),
        responses={
            200: Content(shape=StaffWebhookEndpointBody, description="The endpoint.", headers=ACT_HEADERS)
        },
        problems=(*ACT_PROBLEMS, "webhook_endpoint_not_found"),
    )


ENABLE_WEBHOOK_ENDPOINT: Final = _change(
    "enable",
    "Sends to the endpoint again, whether its merchant, staff or FinCore had disabled it. What failed meanwhile is not sent again until you replay it.",
)
DISABLE_WEBHOOK_ENDPOINT: Final = _change(
    "disable",
    "Sends nothing more to the endpoint, and its merchant sees that staff disabled it. What waits for it fails, and can be replayed after it is "
    "enabled again, which its merchant may do, too.",
)

REPLAY_FAILED_WEBHOOKS: Final = Operation(
    operation_id="replay_failed_webhooks",
    summary="Replay failed webhook deliveries",
    description=f"Sends what failed at the endpoint again, oldest first, {REPLAYED_AT_ONCE_MAX:,} at most.",
    tag=TAG,
    parameters=(_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffFailedDeliveriesRequest, description="Which deliveries, and why."),
    responses={
        200: Content(
            shape=StaffWebhookReplaysBody, description="How many are due again.", headers=ACT_HEADERS
        )
    },
    problems=(*ACT_PROBLEMS, "webhook_endpoint_not_found", "webhook_endpoint_disabled"),
)
