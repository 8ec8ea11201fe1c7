"""Checkout sessions as an aggregate of the log: one stream holds a session, its attempts are charges with streams of their own."""

from collections.abc import Sequence
from typing import Final

from fincore.domain.checkout_session import CheckoutSession, evolve_session, fold_session
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS, CheckoutSessionEvent
from fincore.domain.ids import CheckoutSessionId, session_stream_of
from fincore.domain.job import Job
from fincore.eventstore.aggregate import Aggregate
from fincore.eventstore.commit import ClaimedReference
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import Recorder
from fincore.eventstore.writer import Writer
from fincore.write.checkout.session_jobs import session_jobs


def _no_references(_: CheckoutSession, __: CheckoutSession) -> tuple[ClaimedReference, ...]:
    """What PSPs call something belongs to charges."""
    return ()


CHECKOUT_SESSIONS: Final[Aggregate[CheckoutSessionId, CheckoutSession, CheckoutSessionEvent]] = Aggregate(
    events=CHECKOUT_SESSION_EVENTS,
    stream_of=session_stream_of,
    fold=fold_session,
    evolve=evolve_session,
    version_of=lambda session: session.version,
    new_references=_no_references,
)

SessionRecorder = Recorder[CheckoutSessionId, CheckoutSession, CheckoutSessionEvent]


def session_recorder(
    log: EventLog[CheckoutSessionEvent], writer: Writer[CheckoutSessionEvent]
) -> SessionRecorder:
    """Records on sessions, with the jobs that their events call for in the same Commit."""

    def jobs(
        session_id: CheckoutSessionId, _: CheckoutSession, events: Sequence[CheckoutSessionEvent]
    ) -> tuple[Job, ...]:
        return session_jobs(session_id, events)

    return Recorder(CHECKOUT_SESSIONS, log, writer, jobs)
