"""An event as the log gives it back."""

from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from fincore.domain.ids import EventId, StreamId

E_co = TypeVar("E_co", covariant=True)


class RecordedEvent(NamedTuple, Generic[E_co]):
    """What happened, and where in its stream and in the whole log it stands."""

    tx: int
    """The id of the transaction that wrote it; with `pos` the order of the log."""
    pos: int
    stream_id: StreamId
    version: int
    event_id: EventId
    event: E_co
    recorded_at: datetime
