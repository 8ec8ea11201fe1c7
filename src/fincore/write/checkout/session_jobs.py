"""The jobs that the events of a checkout session call for, written in the same Commit as the events. Pure."""

from collections.abc import Sequence
from typing import Final

from fincore.domain.checkout_session_events import (
    CheckoutAttemptStarted,
    CheckoutExpiryRequested,
    CheckoutPaidAgain,
    CheckoutSessionCreated,
    CheckoutSessionEvent,
    CheckoutSwitchRequested,
)
from fincore.domain.ids import CheckoutSessionId
from fincore.domain.job import Job
from fincore.write.queue.job_payloads import expire_session_job, follow_session_job

_FOLLOWED: Final = (
    CheckoutAttemptStarted | CheckoutSwitchRequested | CheckoutExpiryRequested | CheckoutPaidAgain
)
"""After these something is to be done with the charge of an attempt."""


def session_jobs(session_id: CheckoutSessionId, events: Sequence[CheckoutSessionEvent]) -> tuple[Job, ...]:
    """One job for all that is to be done now, and one for the end of a new session's time."""
    jobs: list[Job] = []
    for event in events:
        if isinstance(event, CheckoutSessionCreated):
            lasts_seconds = (event.expires_at - event.created_at).total_seconds()
            jobs.append(expire_session_job(session_id, delay_seconds=lasts_seconds))
    if any(isinstance(event, _FOLLOWED) for event in events):
        jobs.append(follow_session_job(session_id))
    return tuple(jobs)
