"""Events into views. Pure: the same events give the same view, live, rebuilt, or folded for one request."""

from collections.abc import Iterable

import msgspec

from fincore.domain.charge_fold import after_event
from fincore.domain.errors import FinCoreError
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import charge_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.read.paymentdb.charge_view import ChargeView


class EventMissing(FinCoreError):
    """A stream continues after a version the reader was never given; the view would be wrong, so it stays behind."""

    def __init__(self, name: str, version: int, seen: int) -> None:
        super().__init__(
            f"{name} goes on at version {version} after version {seen}: "
            "check the log with `fincore check`, then rebuild the view"
        )


def project(view: ChargeView | None, recorded: RecordedEvent[ChargeEvent]) -> ChargeView:
    """The view after an event; the same view when it already holds that event.

    Raises `EventMissing` for an event that skips a version, and `EventImpossible`.
    """
    seen = view.charge.version if view else 0
    if view is not None and recorded.version <= seen:
        return view
    if recorded.version != seen + 1:
        raise EventMissing(charge_of(recorded.stream_id), recorded.version, seen)
    if view is None:
        return ChargeView(
            charge_id=charge_of(recorded.stream_id),
            stream_id=recorded.stream_id,
            charge=after_event(None, recorded.event),
            updated_at=recorded.recorded_at,
        )
    return msgspec.structs.replace(
        view,
        charge=after_event(view.charge, recorded.event),
        updated_at=recorded.recorded_at,
    )


def view_of_stream(events: Iterable[RecordedEvent[ChargeEvent]]) -> ChargeView | None:
    """The view of one stream's events in order; None for no events. For requests that cannot wait for the view."""
    view: ChargeView | None = None
    for recorded in events:
        view = project(view, recorded)
    return view
