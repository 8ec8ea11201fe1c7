"""The job `charge.inquire`: ask the PSP once how a charge stands after its customer may have acted.

The merchant's server waits for it, because the customer is back and no webhook has come yet. `charge.follow` polls the
charge in any case: this job is never held, and cancels nothing.
"""

import msgspec

from fincore.domain.outcome import Approved, Canceled, Consented, Declined, Expired, Pending
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.record_outcome import record_payment_outcome


class InquireCharge:
    """Handles `charge.inquire`. The PSP is asked at the first attempt only.

    The job then stays in the queue for `inquiry_interval_seconds`: its `dedupe_key` keeps others of the charge out, so
    that the PSP is asked no more often, however many processes are asked by however many requests.
    """

    def __init__(self, context: JobContext) -> None:
        self._context = context

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Ask, and record what the PSP's record says; the job is over an interval later in any case."""
        if job.attempt > 1:
            return Done()
        loaded = await self._context.load_for_job(msgspec.json.decode(job.payload, type=ChargeJob).charge_id)
        if not isinstance(loaded, Hold) and loaded.charge.status == "requires_action":
            record = await psp_call.inquire(
                loaded.gateway, loaded.charge_id, loaded.charge, self._context.clock
            )
            if isinstance(record, Approved | Declined | Canceled | Expired | Consented | Pending):
                provenance = Provenance(
                    correlation=loaded.charge_id, actor="worker", causation=f"job:{job.job_id}"
                )
                await record_payment_outcome(self._context, loaded, record, provenance)
        return RetryIn(
            self._context.poll_policy.inquiry_interval_seconds, "the PSP is asked once an interval"
        )
