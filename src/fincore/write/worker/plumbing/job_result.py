"""What a recording, or a clock that is not trusted, means for the job."""

from collections.abc import Sequence
from typing import Final, assert_never

from fincore.domain.clock import AgeClock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId
from fincore.domain.refusal import Refusal
from fincore.eventstore.recorder import Contended, Recorded
from fincore.write.queue.port import Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing.recorder import NoSuchCharge

CONTENDED_PAUSE_SECONDS: Final = 0.25
CLOCK_PAUSE_SECONDS: Final = 60.0
"""How long a job waits that could not judge an age."""
CONTENDED_PAUSE_SECONDS_MAX: Final = 600.0


def job_result(
    charge_id: ChargeId, recorded: Recorded[ChargeEvent] | Refusal | NoSuchCharge | Contended, *, attempt: int
) -> JobResult:
    """Done, again, or held for a person: with a refusal the PSP contradicts the log. `attempt` counts the tries so far, from 1."""
    match recorded:
        case Recorded():
            return Done()
        case Contended():
            return RetryIn(
                contended_pause_seconds(attempt),
                "the charge kept changing while this was to be recorded, or the PSP's record could not be read",
            )
        case Refusal():
            return Hold(f"{charge_id}: {recorded.detail}; compare the charge with the PSP's dashboard")
        case NoSuchCharge():
            return Hold(f"{charge_id}: the log has no such charge")
        case _:
            assert_never(recorded)


def contended_pause_seconds(attempt: int) -> float:
    """The pause after the attempt with this number, from 1: each is twice as long as the one before, up to the bound."""
    return min(CONTENDED_PAUSE_SECONDS * 2.0 ** min(attempt - 1, 60), CONTENDED_PAUSE_SECONDS_MAX)


def most_pressing(results: Sequence[JobResult]) -> JobResult:
    """The result of a job with several parts: to be done again if one part is, else held if one part is."""
    again = [result for result in results if isinstance(result, RetryIn)]
    if again:
        return min(again, key=lambda result: result.delay_seconds)
    return next((result for result in results if isinstance(result, Hold)), Done())


def wait_for_clock(clock: AgeClock) -> RetryIn:
    """Later, before any call: what the job would do depends on an age that cannot be judged now."""
    return RetryIn(
        CLOCK_PAUSE_SECONDS,
        clock.distrust() or "it was asked for in the future: the clock went back",
        nothing_ran=True,
    )
