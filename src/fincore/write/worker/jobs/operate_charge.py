"""The jobs `charge.authorize`, `charge.complete`, `charge.capture`, `charge.cancel`: call the PSP for the operation that a charge waits for."""

from functools import partial

import msgspec

from fincore.domain.events import Operation
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import OperationOutcome, Rejected, Retryable, Unknown
from fincore.eventstore.commit import Provenance
from fincore.write.queue.job_payloads import ChargeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult
from fincore.write.worker.plumbing.carry_out import CarriedOut, carry_out
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.finish_call import finish_call, key_age
from fincore.write.worker.plumbing.job_result import wait_for_clock
from fincore.write.worker.plumbing.record_outcome import record_payment_outcome
from fincore.write.worker.policies.findings import finding_on
from fincore.write.worker.policies.janitor import Doubt


class OperateCharge:
    """Handles one kind of operation. Doing the same job twice, or on two workers, operates once: the key is the same."""

    def __init__(self, context: JobContext, operation: Operation) -> None:
        self._context = context
        self._kind = operation

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Call the PSP, unless the outcome is known or the janitor owns it already."""
        context = self._context
        loaded = await context.load_for_job(msgspec.json.decode(job.payload, type=ChargeJob).charge_id)
        if isinstance(loaded, Hold):
            return loaded
        operation = loaded.charge.operation
        if operation is None or operation.kind != self._kind or loaded.charge.unknown_since is not None:
            return Done()
        if loaded.charge.pending_until is not None:
            # The PSP has taken it on: `charge.follow` polls it.
            return Done()
        age = key_age(context, loaded, self._kind, operation.requested_at)
        if age == "unclear":
            return wait_for_clock(context.clock)
        provenance = Provenance(correlation=loaded.charge_id, actor="worker", causation=f"job:{job.job_id}")
        outcome: OperationOutcome
        if age == "past":
            outcome = Unknown(
                reason=f"the {operation.kind} waited too long to be sent safely", since=context.clock.now()
            )
        else:
            loaded, outcome = await self._carry_out(loaded, operation, provenance)
        record = partial(record_payment_outcome, context, loaded, provenance=provenance)
        return await finish_call(context, job, loaded, self._kind, outcome, record=record)

    async def _carry_out(
        self, loaded: LoadedCharge, operation: PendingOperation, provenance: Provenance
    ) -> CarriedOut:
        now = self._context.clock.now()
        carried = await carry_out(self._context, loaded, operation, provenance)
        if isinstance(carried.outcome, Rejected | Retryable | Unknown):
            return carried
        # A response that shows the payment as it was before decides nothing, whichever HTTP status it has.
        finding = finding_on(operation.kind, carried.outcome)
        outcome = Unknown(reason=finding.reason, since=now) if isinstance(finding, Doubt) else finding
        return CarriedOut(carried.loaded, outcome)
