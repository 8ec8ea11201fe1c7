"""A charge as the query side shows it."""

from datetime import datetime

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import EventType
from fincore.domain.ids import ChargeId, StreamId


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a charge, with what its merchant may see of it.

    `event_id` is the public `evt_...`; `occurred_at` is the PSP's time of the fact where it has one, `recorded_at`
    when FinCore wrote it down.
    """

    event_id: str
    type: EventType
    version: int
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, str | int | None]


class ChargeView(msgspec.Struct, frozen=True, kw_only=True):
    """A charge after its first `charge.version` events, and the story of how it got there.

    Nothing in it depends on when it was computed: folding the stream again gives an equal view.
    """

    charge_id: ChargeId
    stream_id: StreamId
    charge: Charge
    updated_at: datetime
    timeline: tuple[TimelineEntry, ...]
