"""Events of checkout sessions into views. Pure: the same events give the same rows, live, rebuilt, or folded for one request."""

from collections.abc import Iterable, Mapping

from fincore.domain.checkout_session import session_after
from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.ids import StreamId, session_of
from fincore.domain.recorded_event import RecordedEvent
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


def changed_sessions(
    events: Iterable[RecordedEvent[CheckoutSessionEvent]], views: Mapping[StreamId, SessionView]
) -> list[SessionView]:
    """The sessions that some events change, each as it stands after the last of them, in one order for all callers."""
    changed: dict[StreamId, SessionView] = {}
    for recorded in events:
        before = changed.get(recorded.stream_id) or views.get(recorded.stream_id)
        after = project_session(before, recorded)
        if after is not before:
            changed[recorded.stream_id] = after
    return [changed[stream_id] for stream_id in sorted(changed)]
