"""Every event that the log may hold, of all aggregates: what the writer writes, and readers of the whole log read. Pure."""

from collections.abc import Iterable
from typing import Final, cast

from fincore.domain.checkout_session_events import SHAPES, CheckoutSessionEvent
from fincore.domain.event_codec import EventCodec
from fincore.domain.events import EVENTS, UPCASTS, ChargeEvent
from fincore.domain.ids import (
    ChargeId,
    CheckoutSessionId,
    StreamId,
    charge_of,
    session_of,
    session_stream_of,
    stream_of,
)
from fincore.domain.recorded_event import RecordedEvent

LogEvent = ChargeEvent | CheckoutSessionEvent
"""An event of a charge, or of a checkout session."""

LOG_EVENTS: Final[EventCodec[LogEvent]] = EventCodec({**EVENTS, **SHAPES}, UPCASTS)
"""How the log stores events."""

_OF_SESSIONS: Final = frozenset(shape for _, shape in SHAPES.values())
_SESSION_PREFIX: Final = "checkout_session."


def stream_name(stream_id: StreamId, event_type: str) -> ChargeId | CheckoutSessionId:
    """The public id of what a stream is about, by the type of one of its events, also where this version cannot read that."""
    return session_of(stream_id) if event_type.startswith(_SESSION_PREFIX) else charge_of(stream_id)


def stream_named(text: str) -> StreamId:
    """The stream of a charge or a checkout session. Raises `InvalidId` for what is the id of neither."""
    if text.startswith("cos_"):
        return session_stream_of(CheckoutSessionId(text))
    return stream_of(ChargeId(text))


def of_charges(events: Iterable[RecordedEvent[LogEvent]]) -> list[RecordedEvent[ChargeEvent]]:
    """The events of charges among some, in their order."""
    found = [recorded for recorded in events if type(recorded.event) not in _OF_SESSIONS]
    return cast("list[RecordedEvent[ChargeEvent]]", found)


def of_sessions(events: Iterable[RecordedEvent[LogEvent]]) -> list[RecordedEvent[CheckoutSessionEvent]]:
    """The events of checkout sessions among some, in their order."""
    found = [recorded for recorded in events if type(recorded.event) in _OF_SESSIONS]
    return cast("list[RecordedEvent[CheckoutSessionEvent]]", found)
