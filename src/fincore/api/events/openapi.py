"""How /v1/events is documented."""

from typing import Final

from fincore.api.events.body import EventBody, EventListBody
from fincore.domain.events import EVENTS
from fincore.domain.ids import parse_event_id
from fincore.domain.public_session_event import SESSION_MEANINGS, PublicEventType
from fincore.http.list_filters import CHARGE
from fincore.http.list_operation import CREATED, ListOperation
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter

_TAG: Final = "Events"

EVENT_TYPES: Final[tuple[PublicEventType, ...]] = (*EVENTS, *SESSION_MEANINGS)
EVENT_FILTERS: Final = (*EVENT_TYPES, *dict.fromkeys(f"{name.partition('.')[0]}.*" for name in EVENT_TYPES))
"""What `type` takes: every type there is, and every family of them."""

GET_EVENT: Final = Operation(
    operation_id="get_event",
    summary="Get an event",
    description="Returns the event with this id, which a webhook names in `event_id`.",
    tag=_TAG,
    parameters=(path_parameter("event_id", "The event's id.", example="evt_01kab5m5wvfb9v1c2m5hfv0d2e"),),
    responses={200: Content(shape=EventBody, description="The event.")},
    problems=(*READ_PROBLEMS, "event_not_found"),
)

LIST_EVENTS: Final = ListOperation(
    "events",
    tag=_TAG,
    description=(
        "Lists everything that happened to your charges, and which checkout sessions were paid or expired, newest first, "
        "whether or not a webhook told you. An event "
        "appears a moment after FinCore recorded it."
    ),
    filters=(
        CHARGE,
        Parameter(
            name="type",
            place="query",
            description="Only events of this type, or of a family of types, such as `refund.*`.",
            schema={"type": "string", "enum": list(EVENT_FILTERS)},
        ),
        CREATED,
    ),
    parse_id=parse_event_id,
    body=EventListBody,
)
