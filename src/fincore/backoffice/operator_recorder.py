"""Records what a person decides on charges, with the jobs that follow, as the worker records outcomes."""

from collections.abc import Mapping
from typing import NamedTuple

from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.outcome import PspName
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.write.psp.limits import PspLimits
from fincore.write.queue.port import DeadLetters
from fincore.write.worker.plumbing.following_recorder import following_recorder
from fincore.write.worker.plumbing.recorder import ChargeRecorder
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fincore.write.worker.policies.janitor import JanitorPolicy
from fincore.write.worker.policies.reviews import ReviewPolicy


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
    return following_recorder(
        resolver.log,
        resolver.writer,
        clock=resolver.clock,
        limits=resolver.limits,
        janitor=JanitorPolicy(),
        poll=PollPolicy(),
        reviews=resolver.reviews,
        draw=lambda: 0.5,  # a person's decisions come one by one: no jitter
    )
