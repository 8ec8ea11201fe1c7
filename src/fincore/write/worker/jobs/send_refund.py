"""The job `refund.send`: call the PSP for a refund and record the outcome."""

from functools import partial
from typing import Final

import msgspec

from fincore.domain.outcome import Unknown
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import RefundJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext
from fincore.write.worker.plumbing.finish_call import finish_call, key_age
from fincore.write.worker.plumbing.job_result import wait_for_clock
from fincore.write.worker.plumbing.record_outcome import record_refund_outcome

HELD_PAUSE_SECONDS: Final = 60.0
"""The pause of a refund that was accepted before a report about the same money was held. It waits while its key is safe;
after that its outcome becomes unknown, and the janitor finds that it never happened."""


class SendRefund:
    """Handles `refund.send`. Doing the same job twice, or on two workers, refunds once: the key is the same."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Call the PSP, unless the outcome is known or the janitor owns it already."""
        context = self._context
        payload = msgspec.json.decode(job.payload, type=RefundJob)
        loaded = await context.load_for_job(payload.charge_id)
        if isinstance(loaded, Hold):
            return loaded
        refund = loaded.charge.refund(payload.refund_id)
        if refund is None:
            return Hold(f"{payload.refund_id}: {payload.charge_id} has no such refund")
        if refund.status != "processing" or refund.unknown_since is not None:
            return Done()
        age = key_age(context, loaded, "refund", refund.requested_at)
        if age == "unclear":
            return wait_for_clock(context.clock)
        if loaded.charge.held_reports and age != "past":
            return RetryIn(HELD_PAUSE_SECONDS, "a report of the PSP about the charge is held")
        outcome = (
            Unknown(reason="the refund waited too long to be sent safely", since=context.clock.now())
            if age == "past"
            else await psp_call.refund(loaded.gateway, loaded.charge_id, loaded.charge, refund, context.clock)
        )
        provenance = Provenance(correlation=loaded.charge_id, actor="worker", causation=f"job:{job.job_id}")
        record = partial(record_refund_outcome, context, loaded, payload.refund_id, provenance=provenance)
        return await finish_call(context, job, loaded, "refund", outcome, record=record)
