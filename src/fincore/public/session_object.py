"""What an event of a checkout session is about: the session as its merchant would have seen it just after the event. Pure."""

from collections.abc import Collection, Iterable

from fincore.domain.checkout_session import CheckoutSession, session_after
from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import session_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.public.checkout_session_body import CheckoutSessionBody, checkout_session_body


def session_objects(
    stream: Iterable[RecordedEvent[CheckoutSessionEvent]], versions: Collection[int]
) -> dict[int, CheckoutSessionBody]:
    """The session after some events of its stream, by version, from its first event on; the stream is folded once.

    There is none after an event that cannot be, and after those that follow it.
    """
    found: dict[int, CheckoutSessionBody] = {}
    last = max(versions, default=0)
    session: CheckoutSession | None = None
    for recorded in stream:
        if recorded.version > last:
            break
        try:
            session = session_after(session, recorded.event)
        except EventImpossible:
            break
        if recorded.version in versions:
            found[recorded.version] = checkout_session_body(session_of(recorded.stream_id), session)
    return found
