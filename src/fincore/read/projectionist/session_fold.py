"""Events of checkout sessions into views. Pure: the same events give the same rows, live, rebuilt, or folded for one request."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fincore.domain.checkout_session import session_after
from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.ids import StreamId, session_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.read.paymentdb import session_event_row, session_row
from fincore.read.paymentdb.session_row import SessionView
from fincore.read.projectionist.fold import EventMissing


def project_session(view: SessionView | None, recorded: RecordedEvent[CheckoutSessionEvent]) -> SessionView:
    """The view after an event; the same view when it already holds that event.

    Raises `EventMissing` for an event that skips a version, and `EventImpossible`.
    """
    seen = view.session.version if view else 0
    if view is not None and recorded.version <= seen:
        return view
    if recorded.version != seen + 1:
        raise EventMissing(session_of(recorded.stream_id), recorded.version, seen)
    return SessionView(
        stream_id=recorded.stream_id,
        session=session_after(view.session if view else None, recorded.event),
        updated_at=recorded.recorded_at,
    )


class SessionRows(NamedTuple):
    """Rows of the sessions, in one order for all callers, and rows of their events that merchants are told, in log order."""

    sessions: list[tuple[object, ...]]
    events: list[tuple[object, ...]]


def session_rows(
    events: Iterable[RecordedEvent[CheckoutSessionEvent]], views: Mapping[StreamId, SessionView]
) -> SessionRows:
    """The rows that some events change, each session as it stands after the last of them."""
    changed: dict[StreamId, SessionView] = {}
    told: list[tuple[object, ...]] = []
    for recorded in events:
        before = changed.get(recorded.stream_id) or views.get(recorded.stream_id)
        after = project_session(before, recorded)
        if after is before:
            continue
        changed[recorded.stream_id] = after
        if row := session_event_row.row_of(after, recorded):
            told.append(row)
    return SessionRows([session_row.row_of(changed[stream_id]) for stream_id in sorted(changed)], told)
