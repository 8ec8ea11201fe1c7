"""One checkout session as staff see it: its attempts, and every event. The address of its page is left out: it can pay."""

from datetime import datetime
from typing import Final

from fincore.backoffice.stream_history import StreamHistory, Telling, stream_history
from fincore.domain.checkout_session import CheckoutSession, evolve_session
from fincore.domain.checkout_session_events import CheckoutSessionEvent, session_event_type
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import CheckoutSessionId, session_stream_of
from fincore.domain.public_session_event import session_event_at
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog


def _occurred_at(recorded: RecordedEvent[CheckoutSessionEvent]) -> datetime:
    return session_event_at(recorded.event)


_TELLING: Final[Telling[CheckoutSession, CheckoutSessionEvent]] = Telling(
    evolve=evolve_session,
    type_of=session_event_type,
    occurred_at=_occurred_at,
    hidden=frozenset({"merchant_id", "livemode", "plan", "page"}),
)


class SessionNotFound(FinCoreError):
    """The log has no such checkout session."""

    def __init__(self, session_id: CheckoutSessionId) -> None:
        super().__init__(f"there is no checkout session {session_id}")


async def session_history(
    log: EventLog[CheckoutSessionEvent], session_id: CheckoutSessionId
) -> StreamHistory[CheckoutSession]:
    """The history of a checkout session. Raise `SessionNotFound`."""
    history = await stream_history(log, session_stream_of(session_id), _TELLING)
    if not history.events:
        raise SessionNotFound(session_id)
    return history
