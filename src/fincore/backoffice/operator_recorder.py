"""Records what a person decides on charges, with the jobs that follow, as the worker records outcomes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent, ReviewOpened
from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.domain.outcome import PspName
from fincore.domain.risk_review import was_declined
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.write.psp.limits import PspLimits
from fincore.write.queue.port import DeadLetters
from fincore.write.worker.plumbing.recorder import ChargeRecorder
from fincore.write.worker.policies.follow_up_jobs import FollowUpTimes, PollPolicy, follow_up_jobs
from fincore.write.worker.policies.janitor import JanitorPolicy
from fincore.write.worker.policies.reviews import ReviewPolicy, opened_review


class Resolver(NamedTuple):
    """What recording a decision needs: the log, a running writer, the dead letters, the time, and PSPs' limits.

    `reviews` applies where a decision has the PSP hold money of a charge under review.
    """

    log: EventLog[ChargeEvent]
    writer: Writer[ChargeEvent]
    jobs: DeadLetters
    clock: Clock
    limits: Mapping[PspName, PspLimits]
    reviews: ReviewPolicy = ReviewPolicy()


def operator_recorder(resolver: Resolver) -> ChargeRecorder:
    """A recorder that commits with a decision the jobs that it calls for."""
    now = resolver.clock.now()

    def follow_up(charge_id: ChargeId, charge: Charge, events: Sequence[ChargeEvent]) -> tuple[Job, ...]:
        times = FollowUpTimes(
            policy=PollPolicy(),
            first_inquiry_seconds=JanitorPolicy().pause_seconds(1, fraction=0.5),
            hold_seconds=resolver.limits[charge.psp].hold_seconds,
        )
        return follow_up_jobs(charge_id, events, now, times, is_declined=was_declined(charge))

    def open_review(charge: Charge, events: Sequence[ChargeEvent]) -> tuple[ReviewOpened, ...]:
        hold_seconds = resolver.limits[charge.psp].hold_seconds
        return opened_review(charge, events, policy=resolver.reviews, hold_seconds=hold_seconds, now=now)

    return ChargeRecorder(resolver.log, resolver.writer, follow_up, open_review)
