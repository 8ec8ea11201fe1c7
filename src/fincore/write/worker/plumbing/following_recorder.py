"""A recorder that commits with its events the jobs and reviews that the policies call for, for workers and staff alike.

It counts outcomes, and writes one line of log for each Commit: which events a charge got, without what they hold.
"""

from collections.abc import Callable, Mapping, Sequence

from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent, ReviewOpened
from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.domain.outcome import PspName
from fincore.domain.risk_review import was_declined
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.write.payments.recorded_line import log_recorded
from fincore.write.psp.limits import PspLimits
from fincore.write.worker.plumbing.outcome_counts import OutcomeCounts
from fincore.write.worker.plumbing.recorder import ChargeRecorder
from fincore.write.worker.policies.follow_up_jobs import FollowUpTimes, PollPolicy, follow_up_jobs
from fincore.write.worker.policies.janitor import JanitorPolicy
from fincore.write.worker.policies.reviews import ReviewPolicy, opened_review


def following_recorder(
    log: EventLog[ChargeEvent],
    writer: Writer[ChargeEvent],
    *,
    clock: Clock,
    limits: Mapping[PspName, PspLimits],
    janitor: JanitorPolicy,
    poll: PollPolicy,
    reviews: ReviewPolicy,
    draw: Callable[[], float],
) -> ChargeRecorder:
    """A recorder of charges. `limits` are those of the PSPs that are configured; events of another PSP are about no hold.

    `draw` gives fractions in [0, 1), the jitter of first inquiries.
    """

    def hold_seconds(charge: Charge) -> float:
        return limits[charge.psp].hold_seconds if charge.psp in limits else 0.0

    def follow_ups(charge_id: ChargeId, charge: Charge, events: Sequence[ChargeEvent]) -> tuple[Job, ...]:
        times = FollowUpTimes(
            policy=poll,
            first_inquiry_seconds=janitor.pause_seconds(1, fraction=draw()),
            hold_seconds=hold_seconds(charge),
        )
        return follow_up_jobs(charge_id, events, clock.now(), times, is_declined=was_declined(charge))

    def open_review(charge: Charge, events: Sequence[ChargeEvent]) -> tuple[ReviewOpened, ...]:
        return opened_review(
            charge, events, policy=reviews, hold_seconds=hold_seconds(charge), now=clock.now()
        )

    counts = OutcomeCounts()

    def told(charge_id: ChargeId, charge: Charge, events: Sequence[ChargeEvent]) -> None:
        now = clock.now()
        counts.count(charge, events, now)
        age_ms = round((now - charge.created_at).total_seconds() * 1000)
        log_recorded(charge_id, charge, events, age_ms=age_ms)

    return ChargeRecorder(log, writer, follow_ups, open_review, told)
