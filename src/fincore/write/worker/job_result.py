"""What a recording, or a clock that is not trusted, means for the job at hand."""

from typing import Final, assert_never

from fincore.domain.clock import AgeClock
from fincore.domain.ids import ChargeId
from fincore.domain.refusal import Refusal
from fincore.write.queue.port import Done, Hold, JobResult, RetryIn
from fincore.write.worker.record import Contended, NoSuchCharge, Recorded

CONTENDED_PAUSE_SECONDS: Final = 0.25
CLOCK_PAUSE_SECONDS: Final = 60.0
"""How long a job waits that could not judge an age."""


def job_result(charge_id: ChargeId, recorded: Recorded | Refusal | NoSuchCharge | Contended) -> JobResult:
    """Done, again, or held for a person: a refusal is a PSP's word against what the log says."""
    match recorded:
        case Recorded():
            return Done()
        case Contended():
            return RetryIn(CONTENDED_PAUSE_SECONDS, "the charge kept changing while this was to be recorded")
        case Refusal():
            return Hold(f"{charge_id}: {recorded.detail}; compare the charge with the PSP's dashboard")
        case NoSuchCharge():
            return Hold(f"{charge_id}: the log has no such charge")
        case _:
            assert_never(recorded)


def wait_for_clock(clock: AgeClock) -> RetryIn:
    """Later: what the job would do depends on an age that cannot be judged now."""
    return RetryIn(
        CLOCK_PAUSE_SECONDS, clock.distrust() or "it was asked for in the future: the clock went back"
    )
