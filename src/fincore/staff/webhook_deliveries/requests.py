"""What staff ask for deliveries of webhooks. Pure."""

from typing import Final

import msgspec

from fincore.staff.acting import Reasoned


class StaffWebhookDeliveryRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send a delivery again."""


REPLAY: Final = msgspec.json.Decoder(StaffWebhookDeliveryRequest)
