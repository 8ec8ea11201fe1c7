"""Events: what happened, kept to be read again."""

from collections.abc import Callable

from msgspec.structs import replace

from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.errors import invalid_request, no_such
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import read
from psp_sandbox.stripe.payment_methods import NoParameters
from psp_sandbox.stripe.wire import Event

MAX_TYPES = 20


class ListEvents(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/events."""

    type: str | None = None
    types: list[str] = []  # noqa: RUF012 - msgspec copies an empty default


def retrieve(call: Call) -> Response:
    """GET /v1/events/{id}."""
    read(call.request, NoParameters)
    event = call.store.events.get(call.account, call.named)
    if event is None:
        raise no_such("event", call.named, param="id")
    return Response(payload=_as_of_now(call)(event))


def list_events(call: Call) -> Response:
    """GET /v1/events, all or of some types; `charge.*` stands for every type of charges."""
    given = read(call.request, ListEvents)
    if given.type and given.types:
        raise invalid_request("You may only specify one of these parameters: type, types.", param="types")
    if len(given.types) > MAX_TYPES:
        raise invalid_request(f"You can specify up to {MAX_TYPES} types.", param="types")
    wanted = [given.type] if given.type else given.types
    events = call.store.events.newest_first(call.account)
    if wanted:
        events = (event for event in events if any(_is_of(event, pattern) for pattern in wanted))
    return Response(payload=page(events, given, url="/v1/events", show=_as_of_now(call)))


def _is_of(event: Event, pattern: str) -> bool:
    return event.type.startswith(pattern[:-1]) if pattern.endswith(".*") else event.type == pattern


def _as_of_now(call: Call) -> Callable[[Event], Event]:
    """How many deliveries of the event are still owed changes after it was made; the rest of it never does."""
    owed = call.store.pending_webhooks
    return lambda event: replace(event, pending_webhooks=owed(event.id))
