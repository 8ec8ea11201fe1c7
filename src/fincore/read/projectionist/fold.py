"""Events into views. Pure: the same events give the same view, live, rebuilt, or folded for one request."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

import msgspec

from fincore.domain.charge import evolve
from fincore.domain.errors import FinCoreError
from fincore.domain.events import (
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCreated,
    ChargeEvent,
    ChargeFailed,
    ChargeOutcomeUnknown,
    RecordedEvent,
    event_type,
)
from fincore.domain.ids import charge_of, public_event_id
from fincore.read.paymentdb.charge_view import ChargeView, TimelineEntry


class EventMissing(FinCoreError):
    """A stream continues after a version the reader was never given; the view would be wrong, so it stays behind."""

    def __init__(self, recorded: RecordedEvent, seen: int) -> None:
        super().__init__(
            f"{charge_of(recorded.stream_id)} goes on at version {recorded.version} after version {seen}: "
            "check the log with `fincore check`, then rebuild the view"
        )


def project(view: ChargeView | None, recorded: RecordedEvent) -> ChargeView:
    """The view after an event; the same view when it already holds that event.

    Raises `EventMissing` for an event that skips a version.
    """
    seen = view.charge.version if view else 0
    if view is not None and recorded.version <= seen:
        return view
    if recorded.version != seen + 1:
        raise EventMissing(recorded, seen)
    entry = TimelineEntry(
        event_id=public_event_id(recorded.event_id),
        type=event_type(recorded.event),
        version=recorded.version,
        occurred_at=_occurred_at(recorded),
        recorded_at=recorded.recorded_at,
        data=_shown(recorded.event),
    )
    if view is None:
        return ChargeView(
            charge_id=charge_of(recorded.stream_id),
            stream_id=recorded.stream_id,
            charge=evolve(None, recorded.event),
            updated_at=recorded.recorded_at,
            timeline=(entry,),
        )
    return msgspec.structs.replace(
        view,
        charge=evolve(view.charge, recorded.event),
        updated_at=recorded.recorded_at,
        timeline=(*view.timeline, entry),
    )


def view_of_stream(events: Iterable[RecordedEvent]) -> ChargeView | None:
    """The view of one stream's events in order; None for no events. For requests that cannot wait for the view."""
    view: ChargeView | None = None
    for recorded in events:
        view = project(view, recorded)
    return view


def _occurred_at(recorded: RecordedEvent) -> datetime:
    match recorded.event:
        case ChargeCreated():
            return recorded.event.created_at
        case ChargeOutcomeUnknown():
            return recorded.event.since
        case ChargeActionRequired():
            return recorded.recorded_at
        case ChargeAuthorized() | ChargeCaptured() | ChargeFailed() | ChargeCanceled():
            return recorded.event.occurred_at
        case _:
            assert_never(recorded.event)


def _shown(event: ChargeEvent) -> dict[str, str | int | None]:
    """What a merchant sees of an event: never the PSP's free text, which is for staff."""
    match event:
        case ChargeCreated():
            return {
                "amount_minor": event.amount_minor,
                "currency": event.currency,
                "capture_method": event.capture_method,
            }
        case ChargeAuthorized():
            return {
                "amount_minor": event.amount_minor,
                "currency": event.currency,
                "capture_before": event.capture_before.isoformat() if event.capture_before else None,
            }
        case ChargeCaptured():
            return {"amount_minor": event.amount_minor, "currency": event.currency}
        case ChargeFailed():
            return {"code": event.code, "decline_code": event.decline_code, "advice": event.advice}
        case ChargeActionRequired():
            return {"redirect_url": event.redirect_url}
        case ChargeOutcomeUnknown():
            return {}
        case ChargeCanceled():
            return {"reason": event.reason}
        case _:
            assert_never(event)
