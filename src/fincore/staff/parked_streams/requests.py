"""What staff ask for parked streams. Pure."""

from typing import Final

import msgspec

from fincore.staff.acting import Reasoned
from fincore.staff.parked_streams.body import Consumer, StreamOf


class StaffParkedStreamRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which consumer is to follow which stream again."""

    consumer: Consumer
    stream: StreamOf


RESUME: Final = msgspec.json.Decoder(StaffParkedStreamRequest)
