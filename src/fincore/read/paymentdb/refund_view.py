"""A refund as the query side shows it."""

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.refund import Refund


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """A refund, its merchant and its mode, in the currency of its charge.

    `charge_version` is how many events of its charge the view holds: where the log has more, there may be news.
    """

    charge_id: ChargeId
    charge_version: int
    merchant_id: MerchantId
    livemode: bool
    currency: Currency
    refund: Refund
