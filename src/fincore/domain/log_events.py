"""Every event that the log may hold, of all aggregates: what the writer writes, and readers of the whole log read. Pure."""

from typing import Final

from fincore.domain.checkout_session_events import SHAPES, CheckoutSessionEvent
from fincore.domain.event_codec import EventCodec
from fincore.domain.events import EVENTS, UPCASTS, ChargeEvent

LogEvent = ChargeEvent | CheckoutSessionEvent
"""An event of a charge, or of a checkout session."""

LOG_EVENTS: Final[EventCodec[LogEvent]] = EventCodec({**EVENTS, **SHAPES}, UPCASTS)
"""How the log stores events."""
