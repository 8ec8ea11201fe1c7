"""A merchant's webhook endpoint as it can be shown, and its owner."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.domain.ids import MerchantId, WebhookEndpointId

EndpointStatus = Literal["enabled", "disabled"]
DisabledReason = Literal["by_merchant", "by_staff", "gone", "failing"]
"""`by_staff`: the operator of the installation disabled it. `gone`: it answered 410. `failing`: nothing arrived during the whole schedule of a delivery."""

ENDPOINTS_MAX: Final = 20
"""Of one merchant in one mode, disabled ones included."""
DESCRIPTION_CHARACTERS_MAX: Final = 500
FILTERS_MAX: Final = 50


class Owner(msgspec.Struct, frozen=True):
    """The owner of an endpoint: a merchant in one mode. No other merchant sees it."""

    merchant_id: MerchantId
    livemode: bool


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send which events. `secret_version` counts the rotations, from 1; secrets are not in here.

    `previous_expires_at` is until when the secret before the current one signs too, None where none does.
    """

    endpoint_id: WebhookEndpointId
    livemode: bool
    url: str
    description: str | None
    event_types: list[str]
    status: EndpointStatus
    disabled_reason: DisabledReason | None
    secret_version: int
    previous_expires_at: datetime | None
    created_at: datetime


class EndpointChanges(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to change of an endpoint; what is UNSET stays as it is."""

    url: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    event_types: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    status: EndpointStatus | msgspec.UnsetType = msgspec.UNSET
