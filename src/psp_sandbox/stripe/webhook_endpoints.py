"""Webhook endpoints: where an account's events go."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from psp_sandbox.ids import new_id, new_secret
from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.endpoint import MAX_ENDPOINTS, MAX_ENDPOINTS_PER_ACCOUNT, Endpoint
from psp_sandbox.stripe.errors import invalid_request, no_such, refused
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import checked_metadata, read
from psp_sandbox.stripe.payment_methods import NoParameters
from psp_sandbox.stripe.wire import API_VERSION, Deleted, Metadata, WebhookEndpoint


class CreateEndpoint(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """POST /v1/webhook_endpoints. Events are rendered in the sandbox's one API version, for any request."""

    url: str
    enabled_events: list[str]
    api_version: str | None = None
    description: str | None = None
    metadata: Metadata | str = {}
    expand: list[str] = []


class UpdateEndpoint(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """POST /v1/webhook_endpoints/{id}."""

    url: str | None = None
    enabled_events: list[str] | None = None
    disabled: bool | None = None
    description: str | None = None
    metadata: Metadata | str | None = None
    expand: list[str] = []


def create(call: Call) -> Response:
    """POST /v1/webhook_endpoints. The only answer that shows the secret."""
    given = read(call.request, CreateEndpoint)
    mine = [end for end in call.store.endpoints.values() if end.account == call.account]
    if len(mine) >= MAX_ENDPOINTS_PER_ACCOUNT:
        message = f"You have reached the maximum of {MAX_ENDPOINTS_PER_ACCOUNT} test webhook endpoints."
        raise refused(message)
    if len(call.store.endpoints) >= MAX_ENDPOINTS:
        raise refused(f"The sandbox keeps at most {MAX_ENDPOINTS} webhook endpoints of all accounts.")
    if given.api_version not in (None, API_VERSION):
        raise invalid_request(
            f"The sandbox renders events in API version {API_VERSION}.", param="api_version"
        )
    shown = WebhookEndpoint(
        id=new_id("we"),
        api_version=given.api_version,
        created=call.store.now(),
        description=given.description,
        enabled_events=_checked_events(given.enabled_events),
        livemode=call.caller.livemode,
        metadata=checked_metadata(given.metadata),
        url=_checked_url(given.url),
    )
    secret = new_secret("whsec")
    call.store.endpoints[shown.id] = Endpoint(account=call.account, shown=shown, secrets=(secret,))
    return Response(payload=replace(shown, secret=secret))


def retrieve(call: Call) -> Response:
    """GET /v1/webhook_endpoints/{id}."""
    read(call.request, NoParameters)
    return Response(payload=_addressed(call).shown)


def update(call: Call) -> Response:
    """POST /v1/webhook_endpoints/{id}."""
    given = read(call.request, UpdateEndpoint)
    endpoint = _addressed(call)
    shown = endpoint.shown
    if given.url is not None:
        shown = replace(shown, url=_checked_url(given.url))
    if given.enabled_events is not None:
        shown = replace(shown, enabled_events=_checked_events(given.enabled_events))
    if given.disabled is not None:
        status: Literal["enabled", "disabled"] = "disabled" if given.disabled else "enabled"
        shown = replace(shown, status=status)
    if given.description is not None:
        shown = replace(shown, description=given.description)
    if given.metadata is not None:
        shown = replace(shown, metadata=checked_metadata(given.metadata))
    endpoint.shown = shown
    return Response(payload=shown)


def delete(call: Call) -> Response:
    """DELETE /v1/webhook_endpoints/{id}."""
    endpoint = _addressed(call)
    del call.store.endpoints[endpoint.shown.id]
    return Response(payload=Deleted(id=endpoint.shown.id, object="webhook_endpoint"))


def list_endpoints(call: Call) -> Response:
    """GET /v1/webhook_endpoints."""
    given = read(call.request, ListParameters)
    mine = [end.shown for end in call.store.endpoints.values() if end.account == call.account]
    return Response(payload=page(mine[::-1], given, url="/v1/webhook_endpoints", show=lambda shown: shown))


def _addressed(call: Call) -> Endpoint:
    endpoint = call.store.endpoints.get(call.named)
    if endpoint is None or endpoint.account != call.account:
        raise no_such("webhook endpoint", call.named, param="webhook_endpoint")
    return endpoint


def _checked_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise invalid_request(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url"
        )
    return url


def _checked_events(names: list[str]) -> tuple[str, ...]:
    if not names:
        raise invalid_request("Give at least one event, or *.", param="enabled_events")
    return tuple(names)
