"""What a merchant asks for its webhook endpoints, and what may be wrong with it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.card_number import holds_card_number
from fincore.http.problems import Problem
from fincore.notify.destination import URL_CHARACTERS_MAX, Forbidden, check_url
from fincore.notify.endpoint import DESCRIPTION_CHARACTERS_MAX, FILTERS_MAX, EndpointStatus
from fincore.notify.endpoints import OVERLAP_SECONDS_DEFAULT, OVERLAP_SECONDS_MAX
from fincore.notify.event_filter import EVERYTHING, FILTERS, unknown_filter

EVENT_TYPE_CHARACTERS_MAX: Final = 100

_Url = Annotated[
    str,
    Meta(
        description=f"Where FinCore sends the events: an HTTPS URL of a server on the public internet, at most "
        f"{URL_CHARACTERS_MAX} characters, without user name and fragment.",
        examples=["https://shop.example.com/webhooks/fincore"],
        extra_json_schema={"maxLength": URL_CHARACTERS_MAX},
    ),
]
_Description = Annotated[
    str,
    Meta(
        max_length=DESCRIPTION_CHARACTERS_MAX,
        description="A text for you and your staff.",
        extra_json_schema={"pattern": r"^[^\u0000]*$"},
    ),
]
_EventType = Annotated[
    str, Meta(max_length=EVENT_TYPE_CHARACTERS_MAX, extra_json_schema={"enum": list(FILTERS)})
]
_EventTypes = Annotated[
    tuple[_EventType, ...],
    Meta(
        min_length=1,
        max_length=FILTERS_MAX,
        description="Which events FinCore sends: names, families such as `charge.*`, or `*` for all.",
        examples=[["charge.*", "refund.succeeded"]],
    ),
]


class WebhookEndpointRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The endpoint to create."""

    url: _Url
    description: _Description | None = None
    event_types: _EventTypes = (EVERYTHING,)


class WebhookEndpointUpdateRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What to change of an endpoint. A field that you leave out stays as it is."""

    url: _Url | UnsetType = UNSET
    description: _Description | UnsetType | None = UNSET
    event_types: _EventTypes | UnsetType = UNSET
    status: (
        Annotated[
            EndpointStatus,
            Meta(
                description="`disabled`: FinCore sends nothing more. `enabled`: FinCore sends again, "
                "whether you or FinCore had disabled the endpoint."
            ),
        ]
        | UnsetType
    ) = UNSET


class SecretRotationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to replace the secret. The body can be left out."""

    overlap_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=OVERLAP_SECONDS_MAX,
            description="How many seconds the old secret signs beside the new one; 0 stops it at once.",
        ),
    ] = OVERLAP_SECONDS_DEFAULT


class FailedDeliveriesReplayRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which failed deliveries to send again: all, unless you set a bound. The body can be left out."""

    created_from: (
        Annotated[datetime, Meta(tz=True, description="Only deliveries created at this time or later.")]
        | None
    ) = None
    created_before: (
        Annotated[datetime, Meta(tz=True, description="Only deliveries created before this time.")] | None
    ) = None


class DeliveryReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object. The body can be left out."""


def check_request(
    request: WebhookEndpointRequest | WebhookEndpointUpdateRequest, *, allow_loopback: bool
) -> None:
    """Raise the problem of the first thing that is wrong with a request; what its type says is checked before."""
    for param, text in _texts(request):
        if holds_card_number(text):
            raise Problem("card_number_not_allowed", f"{param} holds a card number.", param=param)
        if "\0" in text:
            raise Problem("text_not_storable", f"Remove the NUL character from {param}.", param=param)
    if not isinstance(request.event_types, UnsetType):
        place = unknown_filter(request.event_types)
        if place is not None:
            raise Problem(
                "field_invalid",
                f"Entry {place + 1} of event_types is no event, family or `*`: /docs/events lists those there are.",
                param="event_types",
            )
    if not isinstance(request.url, UnsetType):
        checked = check_url(request.url, allow_loopback=allow_loopback)
        if isinstance(checked, Forbidden):
            raise Problem("webhook_url_not_allowed", checked.reason, param="url")


def _texts(request: WebhookEndpointRequest | WebhookEndpointUpdateRequest) -> Iterator[tuple[str, str]]:
    if (
        isinstance(request.url, str) and len(request.url) <= URL_CHARACTERS_MAX
    ):  # a longer one is refused as a URL
        yield "url", request.url
    if isinstance(request.description, str):
        yield "description", request.description
