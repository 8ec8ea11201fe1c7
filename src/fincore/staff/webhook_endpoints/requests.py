"""What staff ask for webhook endpoints. Pure."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.staff.acting import Reasoned


class StaffWebhookEndpointRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Enable or disable an endpoint."""


class StaffFailedDeliveriesRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which failed deliveries to send again: all, unless you set a bound."""

    created_from: (
        Annotated[datetime, Meta(tz=True, description="Only deliveries created at this time or later.")]
        | None
    ) = None
    created_before: (
        Annotated[datetime, Meta(tz=True, description="Only deliveries created before this time.")] | None
    ) = None


CHANGE: Final = msgspec.json.Decoder(StaffWebhookEndpointRequest)
REPLAY_FAILED: Final = msgspec.json.Decoder(StaffFailedDeliveriesRequest)
