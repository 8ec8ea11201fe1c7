"""The job `charge.inquire`: ask the PSP once how a charge and its refunds stand.

The merchant's server waits for it, because the customer is back and no webhook has come yet; or a person of staff does, because an
outcome is unknown. Other jobs ask in any case: this one is never held, repeats no call and cancels nothing.
"""

from typing import Final, TypeVar

import msgspec

from fincore.domain.outcome import Approved, Canceled, Consented, Declined, Expired, Pending
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.in_doubt import InDoubt, OperationInDoubt, RefundInDoubt
from fincore.write.worker.plumbing.record_outcome import record_payment_outcome
from fincore.write.worker.policies.janitor import Doubt

INQUIRED_REFUNDS_MAX: Final = 5
"""Refunds of a charge that one job asks about."""

OutcomeT = TypeVar("OutcomeT")


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
        if not isinstance(loaded, Hold):
            await self._ask(job, loaded)
        return RetryIn(
            self._context.poll_policy.inquiry_interval_seconds, "the PSP is asked once an interval"
        )

    async def _ask(self, job: ClaimedJob, loaded: LoadedCharge) -> None:
        charge = loaded.charge
        if charge.status == "requires_action":
            record = await psp_call.inquire(loaded.gateway, loaded.charge_id, charge, self._context.clock)
            if isinstance(record, Approved | Declined | Canceled | Expired | Consented | Pending):
                provenance = Provenance(
                    correlation=loaded.charge_id, actor="worker", causation=f"job:{job.job_id}"
                )
                await record_payment_outcome(self._context, loaded, record, provenance)
        elif charge.operation is not None and charge.unknown_since is not None:
            await _look(OperationInDoubt(self._context, job, loaded, charge.operation))
        open_refunds = [one for one in charge.refunds if one.status in ("processing", "pending")]
        for refund in open_refunds[:INQUIRED_REFUNDS_MAX]:
            await _look(RefundInDoubt(self._context, job, loaded, refund))


async def _look(in_doubt: InDoubt[OutcomeT]) -> None:
    """Record what the PSP's record shows; one that decides nothing is left to the janitor."""
    finding = await in_doubt.inquire()
    if not isinstance(finding, Doubt):
        await in_doubt.record(finding)
