"""What a recording means for the job that asked for it."""

from typing import Final, assert_never

from fincore.domain.ids import ChargeId
from fincore.domain.refusal import Refusal
from fincore.write.queue.port import Done, Hold, JobResult, RetryIn
from fincore.write.worker.record import Contended, NoSuchCharge, Recorded

CONTENDED_PAUSE_SECONDS: Final = 0.25


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
