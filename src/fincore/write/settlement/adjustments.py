"""Recording adjustments: one stream holds what a person booked to end a difference, and that it was taken back."""

from fincore.domain.adjustment import (
    Adjustment,
    adjustment_event_id,
    book_adjustment,
    fold_adjustment,
    reverse_adjustment,
)
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentEvent, AdjustmentReversed
from fincore.domain.ids import AdjustmentId, adjustment_stream_of
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import CONFLICTS_MAX, Contended, NotFound, Recorded
from fincore.eventstore.writer import Writer


class AdjustmentRecorder:
    """Records adjustments. Holds no connection between its statements; repeating any of it is safe: each event has one id."""

    def __init__(self, log: EventLog[AdjustmentEvent], writer: Writer[AdjustmentEvent]) -> None:
        self._event_log = log
        self._writer = writer

    async def load(self, adjustment_id: AdjustmentId) -> Adjustment | None:
        """The adjustment as the log tells it now, or None."""
        recorded = await self._event_log.load(adjustment_stream_of(adjustment_id))
        return fold_adjustment(one.event for one in recorded)

    async def book(
        self, booked: AdjustmentBooked, provenance: Provenance
    ) -> Recorded[AdjustmentEvent] | Refusal | NotFound | Contended:
        """Commit that an adjustment is booked; a refusal wrote nothing. Raises as the writer does."""
        return await self._record(booked, provenance)

    async def reverse(
        self, reversing: AdjustmentReversed, provenance: Provenance
    ) -> Recorded[AdjustmentEvent] | Refusal | NotFound | Contended:
        """Commit that an adjustment which is booked is taken back; a refusal wrote nothing."""
        return await self._record(reversing, provenance)

    async def _record(
        self, event: AdjustmentEvent, provenance: Provenance
    ) -> Recorded[AdjustmentEvent] | Refusal | NotFound | Contended:
        stream_id = adjustment_stream_of(event.adjustment_id)
        for _ in range(CONFLICTS_MAX):
            adjustment = await self.load(event.adjustment_id)
            events = _decision(adjustment, event)
            if not isinstance(events, tuple):
                return events
            if not events:
                return Recorded(())
            result = await self._writer.commit(
                Commit(
                    provenance=provenance,
                    stream_id=stream_id,
                    expected_version=adjustment.version if adjustment else 0,
                    events=tuple(NewEvent(one, adjustment_event_id(one)) for one in events),
                )
            )
            # An event of the same id may have been there already, with another content: the log says what counts.
            if isinstance(result, Committed) and _decision(await self.load(event.adjustment_id), event) == ():
                return Recorded(events)
        return Contended()


def _decision(
    adjustment: Adjustment | None, event: AdjustmentEvent
) -> tuple[AdjustmentEvent, ...] | Refusal | NotFound:
    if isinstance(event, AdjustmentBooked):
        return book_adjustment(adjustment, event)
    if adjustment is None:
        return NotFound()
    return reverse_adjustment(
        adjustment, by=event.by, reason=event.reason, occurred_at=event.occurred_at, staff=event.staff
    )
