"""A charge as the query side shows it."""

from datetime import datetime

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId, StreamId


class ChargeView(msgspec.Struct, frozen=True, kw_only=True):
    """A charge after its first `charge.version` events.

    Nothing in it depends on when it was computed: folding the stream again gives an equal view.
    """

    charge_id: ChargeId
    stream_id: StreamId
    charge: Charge
    updated_at: datetime
