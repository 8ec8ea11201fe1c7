"""Every event that the log may hold, of all aggregates: what the writer writes, and readers of the whole log read. Pure."""

from collections.abc import Iterable
from typing import Final, cast

from fincore.domain.adjustment_events import ADJUSTMENT_SHAPES, AdjustmentEvent
from fincore.domain.checkout_session_events import SHAPES, CheckoutSessionEvent
from fincore.domain.event_codec import EventCodec
from fincore.domain.events import EVENTS, UPCASTS, ChargeEvent
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.settlement_events import PAYOUT_SHAPES, SETTLEMENT_FILE_SHAPES, SettlementEvent

LogEvent = ChargeEvent | CheckoutSessionEvent | SettlementEvent | AdjustmentEvent
"""An event of a charge, of a checkout session, of a payout, of a settlement file, or of an adjustment."""

LOG_EVENTS: Final[EventCodec[LogEvent]] = EventCodec(
    {**EVENTS, **SHAPES, **PAYOUT_SHAPES, **SETTLEMENT_FILE_SHAPES, **ADJUSTMENT_SHAPES}, UPCASTS
)
"""How the log stores events."""

_OF_SESSIONS: Final = frozenset(shape for _, shape in SHAPES.values())
_OF_SETTLEMENT: Final = frozenset(
    shape
    for shapes in (PAYOUT_SHAPES, SETTLEMENT_FILE_SHAPES, ADJUSTMENT_SHAPES)
    for _, shape in shapes.values()
)
_OF_OTHERS: Final = _OF_SESSIONS | _OF_SETTLEMENT
"""All but those of charges, which nearly every event is."""


def of_charges(events: Iterable[RecordedEvent[LogEvent]]) -> list[RecordedEvent[ChargeEvent]]:
    """The events of charges among some, in their order."""
    found = [recorded for recorded in events if type(recorded.event) not in _OF_OTHERS]
    return cast("list[RecordedEvent[ChargeEvent]]", found)


def of_sessions(events: Iterable[RecordedEvent[LogEvent]]) -> list[RecordedEvent[CheckoutSessionEvent]]:
    """The events of checkout sessions among some, in their order."""
    found = [recorded for recorded in events if type(recorded.event) in _OF_SESSIONS]
    return cast("list[RecordedEvent[CheckoutSessionEvent]]", found)
