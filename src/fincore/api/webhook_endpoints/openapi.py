"""How /v1/webhook_endpoints and /v1/webhook_deliveries are documented."""

from typing import Final

from fincore.api.docs.schemas import words_reference
from fincore.api.webhook_endpoints.body import (
    WebhookDeliveryBody,
    WebhookDeliveryListBody,
    WebhookEndpointBody,
    WebhookEndpointListBody,
    WebhookReplayBody,
)
from fincore.api.webhook_endpoints.requests import (
    DeliveryReplayRequest,
    FailedDeliveriesReplayRequest,
    SecretRotationRequest,
    WebhookEndpointRequest,
    WebhookEndpointUpdateRequest,
)
from fincore.domain.ids import parse_webhook_delivery_id
from fincore.http.idempotent_change import OPTIONAL_KEY, OPTIONAL_KEY_PROBLEMS
from fincore.http.list_operation import ListOperation
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.http.problems import ProblemCode
from fincore.notify.delivery_log import REPLAYED_AT_ONCE_MAX
from fincore.notify.endpoint import ENDPOINTS_MAX
from fincore.notify.endpoints import OVERLAP_SECONDS_MAX

_TAG: Final = "Webhook endpoints"
_ENDPOINT_ID: Final = path_parameter(
    "endpoint_id", "The endpoint's id.", example="we_01kab5m5wvfb9v1c2m5hfv0d2e"
)
_DELIVERY_ID: Final = path_parameter(
    "delivery_id",
    "The delivery's id, which your server got as `webhook-id`.",
    example="msg_01kab5m5wvfb9v1c2m5hfv0d2e",
)
_REPLAYED: Final = ("Idempotent-Replayed",)
_TEXT_PROBLEMS: Final[tuple[ProblemCode, ...]] = ("card_number_not_allowed", "webhook_url_not_allowed")

CREATE_WEBHOOK_ENDPOINT: Final = Operation(
    operation_id="create_webhook_endpoint",
    summary="Create a webhook endpoint",
    description=(
        "From now on FinCore sends the events that you choose to your URL, signed as Standard Webhooks describes. Keep "
        f"`secret`: FinCore does not show it again. You can have {ENDPOINTS_MAX} endpoints in each mode."
    ),
    tag=_TAG,
    parameters=(OPTIONAL_KEY,),
    request_body=Content(
        shape=WebhookEndpointRequest, description="The endpoint to create. Unknown fields are refused."
    ),
    responses={
        201: Content(
            shape=WebhookEndpointBody,
            description="The endpoint, with its secret.",
            headers=("Location", "Idempotent-Replayed"),
        )
    },
    problems=(
        *OPTIONAL_KEY_PROBLEMS,
        "field_missing",
        *_TEXT_PROBLEMS,
        "webhook_endpoints_too_many",
    ),
)

LIST_WEBHOOK_ENDPOINTS: Final = Operation(
    operation_id="list_webhook_endpoints",
    summary="List webhook endpoints",
    description="Lists all your endpoints in the mode of your key, oldest first.",
    tag=_TAG,
    responses={200: Content(shape=WebhookEndpointListBody, description="Your endpoints.")},
    problems=READ_PROBLEMS,
)

GET_WEBHOOK_ENDPOINT: Final = Operation(
    operation_id="get_webhook_endpoint",
    summary="Get a webhook endpoint",
    description="Returns the endpoint as it is now, without its secret.",
    tag=_TAG,
    parameters=(_ENDPOINT_ID,),
    responses={200: Content(shape=WebhookEndpointBody, description="The endpoint.")},
    problems=(*READ_PROBLEMS, "webhook_endpoint_not_found"),
)

UPDATE_WEBHOOK_ENDPOINT: Final = Operation(
    operation_id="update_webhook_endpoint",
    summary="Update a webhook endpoint",
    description=(
        "Changes the fields that you send, and leaves the others. Pending deliveries go to the new URL. When you disable "
        "an endpoint its pending deliveries fail; you can replay them after you enable it again."
    ),
    tag=_TAG,
    parameters=(_ENDPOINT_ID, OPTIONAL_KEY),
    request_body=Content(
        shape=WebhookEndpointUpdateRequest, description="What to change. Unknown fields are refused."
    ),
    responses={200: Content(shape=WebhookEndpointBody, description="The endpoint.", headers=_REPLAYED)},
    problems=(*OPTIONAL_KEY_PROBLEMS, *_TEXT_PROBLEMS, "webhook_endpoint_not_found"),
)

DELETE_WEBHOOK_ENDPOINT: Final = Operation(
    operation_id="delete_webhook_endpoint",
    summary="Delete a webhook endpoint",
    description=(
        "Nothing more is sent to the endpoint, and its secrets are forgotten. What still waits for it ends as `failed`, "
        "`endpoint_deleted`, within seconds; an attempt under way may still arrive. `GET "
        "/v1/webhook_endpoints/{endpoint_id}/deliveries` lists what was sent to it for 30 days. To stop an endpoint for "
        "a while, set its `status` to `disabled`. Deleting it again is answered alike."
    ),
    tag=_TAG,
    parameters=(_ENDPOINT_ID, OPTIONAL_KEY),
    responses={204: Content(shape=None, description="The endpoint is deleted.", headers=_REPLAYED)},
    problems=("idempotency_key_invalid", "idempotency_key_reused", "webhook_endpoint_not_found"),
)

ROTATE_WEBHOOK_SECRET: Final = Operation(
    operation_id="rotate_webhook_secret",
    summary="Replace a webhook secret",
    description=(
        "Makes a new secret. The old one signs beside it for `overlap_seconds`, by default a day and at most "
        f"{OVERLAP_SECONDS_MAX // 86_400} days, so that you can change over without losing a webhook."
    ),
    tag=_TAG,
    parameters=(_ENDPOINT_ID, OPTIONAL_KEY),
    request_body=Content(
        shape=SecretRotationRequest,
        description="How long both secrets sign. The body can be left out.",
        is_required=False,
    ),
    responses={
        200: Content(
            shape=WebhookEndpointBody, description="The endpoint, with its new secret.", headers=_REPLAYED
        )
    },
    problems=(*OPTIONAL_KEY_PROBLEMS, "webhook_endpoint_not_found"),
)

LIST_WEBHOOK_DELIVERIES: Final = ListOperation(
    "webhook deliveries",
    tag=_TAG,
    description=(
        "Lists the endpoint's deliveries, newest first, each with its last attempt. FinCore keeps them for 30 days."
    ),
    path=(_ENDPOINT_ID,),
    filters=(
        Parameter(
            name="status",
            place="query",
            description="Only deliveries in this state.",
            schema=words_reference("WebhookDeliveryStatus"),
        ),
    ),
    parse_id=parse_webhook_delivery_id,
    body=WebhookDeliveryListBody,
    problems=("webhook_endpoint_not_found",),
)

REPLAY_FAILED_WEBHOOKS: Final = Operation(
    operation_id="replay_failed_webhooks",
    summary="Replay failed webhook deliveries",
    description=(
        f"Sends failed deliveries again, oldest first, {REPLAYED_AT_ONCE_MAX:,} at most. The schedule of each begins "
        "anew."
    ),
    tag=_TAG,
    parameters=(_ENDPOINT_ID, OPTIONAL_KEY),
    request_body=Content(
        shape=FailedDeliveriesReplayRequest,
        description="Which deliveries. The body can be left out.",
        is_required=False,
    ),
    responses={
        200: Content(
            shape=WebhookReplayBody, description="How many deliveries FinCore sends again.", headers=_REPLAYED
        )
    },
    problems=(*OPTIONAL_KEY_PROBLEMS, "webhook_endpoint_not_found", "webhook_endpoint_disabled"),
)

GET_WEBHOOK_DELIVERY: Final = Operation(
    operation_id="get_webhook_delivery",
    summary="Get a webhook delivery",
    description="Returns what FinCore sent, and how each attempt went.",
    tag=_TAG,
    parameters=(_DELIVERY_ID,),
    responses={
        200: Content(shape=WebhookDeliveryBody, description="The delivery, with `payload` and `attempt_log`.")
    },
    problems=(*READ_PROBLEMS, "webhook_delivery_not_found"),
)

REPLAY_WEBHOOK_DELIVERY: Final = Operation(
    operation_id="replay_webhook_delivery",
    summary="Replay a webhook delivery",
    description=(
        "Sends the delivery again now, whether it arrived, failed or waits for its next attempt. Its id and its body stay "
        "the same, and its schedule begins anew."
    ),
    tag=_TAG,
    parameters=(_DELIVERY_ID, OPTIONAL_KEY),
    request_body=Content(
        shape=DeliveryReplayRequest, description="Nothing, or an empty object.", is_required=False
    ),
    responses={200: Content(shape=WebhookDeliveryBody, description="The delivery.", headers=_REPLAYED)},
    problems=(*OPTIONAL_KEY_PROBLEMS, "webhook_delivery_not_found", "webhook_endpoint_disabled"),
)
