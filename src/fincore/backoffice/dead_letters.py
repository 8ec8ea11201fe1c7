"""Dead letters: jobs that failed for good. List them, look at one, do them again, discard one that nothing waits for."""

from datetime import datetime
from typing import NamedTuple, TypeAlias

from fincore.backoffice.job_outlook import JobOutlook, JobSubject, outlook_of, subject_of
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.checkout_session import CheckoutSession, fold_session
from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.errors import EventImpossible, FinCoreError, InvalidId, StreamUnreadable
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import (
    ChargeId,
    CheckoutSessionId,
    parse_charge_id,
    parse_checkout_session_id,
    session_stream_of,
    stream_of,
)
from fincore.domain.job import JobKind
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Connection
from fincore.write.queue.port import DeadLetters, HeldJob, HeldPlace, JobId

Letter: TypeAlias = HeldJob
LetterPlace: TypeAlias = HeldPlace


class NoSuchDeadLetter(FinCoreError):
    """No job is held under this id since that time: it was done again or discarded meanwhile, or there never was one."""

    def __init__(self, place: HeldPlace) -> None:
        super().__init__(
            f"there is no dead letter of job {place.job_id[:20]!r} that is held since then: list the dead letters again"
        )


class NotDiscardable(FinCoreError):
    """Something waits for the job: without it an outcome would never be known."""

    def __init__(self, outlook: JobOutlook) -> None:
        super().__init__(
            f"something waits for this job: {outlook.does} Replay it, or record what became of what it is about"
        )


class Letters(NamedTuple):
    """The dead letters, and the logs from which what they are about is read."""

    jobs: DeadLetters
    charges: EventLog[ChargeEvent]
    sessions: EventLog[CheckoutSessionEvent]


class DeadLetter(NamedTuple):
    """A dead letter, what it is about, and what a replay would do. `subject` is None where the payload cannot be read."""

    job: HeldJob
    subject: JobSubject | None
    outlook: JobOutlook


class LetterPage(NamedTuple):
    """One page of dead letters, newest first."""

    letters: list[HeldJob]
    has_more: bool


async def list_dead_letters(
    letters: Letters, *, limit: int, kind: JobKind | None = None, after: HeldPlace | None = None
) -> LetterPage:
    """The dead letters after a place in the list, newest first."""
    found = await letters.jobs.held(limit=limit + 1, kind=kind, after=after)
    return LetterPage(found[:limit], len(found) > limit)


def place_of(held_at: datetime, job_id: str) -> LetterPlace:
    """The place of the dead letter of a job that is held since a time."""
    return HeldPlace(held_at, JobId(job_id))


async def show_dead_letter(letters: Letters, place: HeldPlace) -> DeadLetter:
    """One dead letter, and what doing it again would do now. Raise `NoSuchDeadLetter`."""
    letter = await letters.jobs.find_held(place.job_id)
    if letter is None or letter.held_at != place.held_at:
        raise NoSuchDeadLetter(place)
    return await look_at(letters, letter)


async def replay_dead_letter(letters: Letters, place: HeldPlace, *, within: Connection) -> HeldJob:
    """Make a dead letter due again in a transaction, and return it. Raise `NoSuchDeadLetter`, as for a second person who was later."""
    letter = await letters.jobs.replay(place, within=within)
    if letter is None:
        raise NoSuchDeadLetter(place)
    return letter


async def discard_dead_letter(letters: Letters, place: HeldPlace, *, within: Connection) -> DeadLetter:
    """Delete a dead letter that nothing waits for in a transaction, and return it, for the record of the act.

    What is over stays over: a charge that is asked for something else later gets a job of its own. Raise `NoSuchDeadLetter` and
    `NotDiscardable`.
    """
    shown = await show_dead_letter(letters, place)
    if shown.outlook.is_needed:
        raise NotDiscardable(shown.outlook)
    if await letters.jobs.discard(place, within=within) is None:
        raise NoSuchDeadLetter(place)
    return shown


async def look_at(letters: Letters, letter: HeldJob) -> DeadLetter:
    """A dead letter with what it is about and what a replay would do."""
    subject = subject_of(letter)
    charge = None if subject is None else await _charge(letters, subject.charge_id)
    session = None if subject is None else await _session(letters, subject.checkout_session_id)
    return DeadLetter(letter, subject, outlook_of(letter, charge, session))


async def _charge(letters: Letters, charge_id: ChargeId | None) -> Charge | None:
    if charge_id is None:
        return None
    try:
        events = await letters.charges.load(stream_of(parse_charge_id(charge_id)))
        return fold(one.event for one in events)
    except (InvalidId, StreamUnreadable, EventImpossible):
        return None


async def _session(letters: Letters, session_id: CheckoutSessionId | None) -> CheckoutSession | None:
    if session_id is None:
        return None
    try:
        events = await letters.sessions.load(session_stream_of(parse_checkout_session_id(session_id)))
        return fold_session(one.event for one in events)
    except (InvalidId, StreamUnreadable, EventImpossible):
        return None
