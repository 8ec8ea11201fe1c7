"""A dispute as the query side shows it."""

import msgspec

from fincore.domain.dispute import Dispute
from fincore.domain.ids import ChargeId, MerchantId


class DisputeView(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute, its merchant and its mode."""

    charge_id: ChargeId
    merchant_id: MerchantId
    livemode: bool
    dispute: Dispute
