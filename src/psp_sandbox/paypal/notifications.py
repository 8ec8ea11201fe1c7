"""Webhook management: create, show, list, delete, the certificate of the signatures, and PayPal's own check of one."""

from typing import Annotated

import msgspec
from msgspec import Meta

from psp_sandbox.messages import Response
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.requests import Url, read
from psp_sandbox.paypal.webhook import AUTH_ALGORITHM, Webhook, shown, signed_message
from psp_sandbox.paypal.webhooks import MAX_WEBHOOKS_PER_ACCOUNT


class EventTypeName(msgspec.Struct, frozen=True):
    """A type of event, or `*`."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]


class CreateWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v1/notifications/webhooks."""

    url: Url
    event_types: Annotated[list[EventTypeName], Meta(min_length=1, max_length=500)]


class VerifySignature(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v1/notifications/verify-webhook-signature. The event's bytes count, so they are read as they came."""

    auth_algo: str
    cert_url: str
    transmission_id: str
    transmission_sig: str
    transmission_time: str
    webhook_id: str
    webhook_event: msgspec.Raw


def create(call: Call) -> Response:
    """POST /v1/notifications/webhooks."""
    given = read(call.request, CreateWebhook)
    mine = call.webhooks.of(call.account)
    if len(mine) >= MAX_WEBHOOKS_PER_ACCOUNT or call.webhooks.full():
        raise Refusal("WEBHOOK_NUMBER_LIMIT_EXCEEDED")
    if any(webhook.url == given.url for webhook in mine):
        raise Refusal("WEBHOOK_URL_ALREADY_EXISTS", field="/url")
    names = tuple(event.name for event in given.event_types)
    made = call.webhooks.add(call.account, given.url, names)
    return Response(status=201, payload=shown(made, call.webhooks.public_url))


def show(call: Call) -> Response:
    """GET /v1/notifications/webhooks/{id}."""
    return Response(payload=shown(_webhook(call), call.webhooks.public_url))


def list_webhooks(call: Call) -> Response:
    """GET /v1/notifications/webhooks."""
    mine = call.webhooks.of(call.account)
    return Response(payload={"webhooks": [shown(one, call.webhooks.public_url) for one in mine]})


def delete(call: Call) -> Response:
    """DELETE /v1/notifications/webhooks/{id}."""
    call.webhooks.remove(_webhook(call))
    return Response(status=204, payload=b"")


def certificate(call: Call) -> Response:
    """GET /v1/notifications/certs/{id}: the signing certificate and the one above it. It takes no token."""
    authority = call.webhooks.authority
    if call.named != authority.certificate_id:
        raise Refusal("INVALID_RESOURCE_ID")
    return Response(payload=authority.chain_pem, content_type="application/x-pem-file")


def verify(call: Call) -> Response:
    """POST /v1/notifications/verify-webhook-signature."""
    given = read(call.request, VerifySignature)
    message = signed_message(
        transmission_id=given.transmission_id,
        time=given.transmission_time,
        webhook_id=given.webhook_id,
        payload=bytes(given.webhook_event),
    )
    true = (
        given.auth_algo == AUTH_ALGORITHM
        and given.cert_url == call.webhooks.certificate_url
        and call.webhooks.get(call.account, given.webhook_id) is not None
        and call.webhooks.authority.verifies(message, given.transmission_sig)
    )
    return Response(payload={"verification_status": "SUCCESS" if true else "FAILURE"})


def _webhook(call: Call) -> Webhook:
    webhook = call.webhooks.get(call.account, call.named)
    if webhook is None or webhook.account is None:
        raise Refusal("INVALID_RESOURCE_ID")
    return webhook
