"""The jobs `charge.authorize`, `charge.complete`, `charge.capture`, `charge.cancel`: call the PSP for the operation that a charge waits for."""

from functools import partial

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, Operation, RerouteCode
from fincore.domain.failover import next_candidate, reroute
from fincore.domain.ids import ChargeId
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import OperationOutcome, Rejected, Retryable, Unknown
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.queue.job_payloads import AuthorizeJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.routing.breaker import Open
from fincore.write.worker.plumbing.carry_out import CarriedOut, carry_out
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.finish_call import finish_call, key_age
from fincore.write.worker.plumbing.job_result import job_result, wait_for_clock
from fincore.write.worker.plumbing.record_outcome import record_payment_outcome
from fincore.write.worker.policies.findings import finding_on
from fincore.write.worker.policies.janitor import Doubt


class OperateCharge:
    """Handles one kind of operation. Doing the same job twice, or on two workers, operates once: the key is the same.

    A charge that may go on to another account is called only by the first claim of its job. Each later one may have a call of an
    earlier one beside it, so it leaves the outcome to the janitor: whichever of the two is recorded first, the other sees it.
    """

    def __init__(self, context: JobContext, operation: Operation) -> None:
        self._context = context
        self._kind = operation

    async def __call__(self, job: ClaimedJob) -> JobResult:
        """Call the PSP, unless the outcome is known or the janitor owns it already."""
        context = self._context
        payload = msgspec.json.decode(job.payload, type=AuthorizeJob)
        loaded = await context.load_for_job(payload.charge_id)
        if isinstance(loaded, Hold):
            return await self._without_gateway(job, payload, loaded)
        operation = self._due(loaded.charge, payload)
        if operation is None:
            return Done()
        age = key_age(context, loaded, self._kind, operation.requested_at)
        if age == "unclear":
            return wait_for_clock(context.clock)
        provenance = _provenance(job, loaded.charge_id)
        may_fail_over = self._kind == "authorize" and next_candidate(loaded.charge) is not None
        outcome: OperationOutcome
        if age == "past":
            outcome = Unknown(
                reason=f"the {operation.kind} waited too long to be sent safely", since=context.clock.now()
            )
        elif may_fail_over and job.may_have_run:
            may_fail_over = False
            outcome = Unknown(
                reason="another worker had this job and may have called the PSP", since=context.clock.now()
            )
        elif may_fail_over and (opened := self._breaker_of(loaded)) is not None:
            return await self._without_account(job, loaded, opened)
        else:
            if not may_fail_over:
                # It is sent in any case. Where the account is out of reach, this call, or a later one, is the one that tries it.
                self._breaker_of(loaded)
            carried = await self._carry_out(loaded, operation, provenance, may_have_run=job.may_have_run)
            loaded, outcome = carried.loaded, carried.outcome
            may_fail_over = may_fail_over and not carried.fails_everywhere
        return await finish_call(
            context,
            job,
            loaded,
            self._kind,
            outcome,
            record=partial(record_payment_outcome, context, loaded, provenance=provenance),
            fail_over=partial(self._fail_over, job, loaded) if may_fail_over else None,
        )

    def _due(self, charge: Charge, payload: AuthorizeJob) -> PendingOperation | None:
        """The operation that the job is to carry out; None where that is over, or owned by another job."""
        operation = charge.operation
        if operation is None or operation.kind != self._kind or charge.unknown_since is not None:
            return None
        if charge.pending_until is not None:
            # The PSP has taken it on: `charge.follow` polls it.
            return None
        if operation.kind == "authorize" and operation.number != payload.attempt:
            # A rerouting gave this attempt up, and wrote the job of the next one.
            return None
        return operation

    async def _carry_out(
        self,
        loaded: LoadedCharge,
        operation: PendingOperation,
        provenance: Provenance,
        *,
        may_have_run: bool,
    ) -> CarriedOut:
        now = self._context.clock.now()
        carried = await carry_out(self._context, loaded, operation, provenance, may_have_run=may_have_run)
        if isinstance(carried.outcome, Rejected | Retryable | Unknown):
            return carried
        # A response that shows the payment as it was before decides nothing, whichever HTTP status it has.
        finding = finding_on(operation.kind, carried.outcome)
        outcome = Unknown(reason=finding.reason, since=now) if isinstance(finding, Doubt) else finding
        return CarriedOut(carried.loaded, outcome)

    def _breaker_of(self, loaded: LoadedCharge) -> Open | None:
        """The breaker of the account, where it is open.

        It keeps back only what another account can take: a charge that has nowhere else to go is sent all the same, rather than
        kept waiting for an account that may be back.
        """
        breaker = self._context.breaker
        if breaker is None:
            return None
        answer = breaker.may_call(loaded.charge.psp, loaded.charge.psp_account)
        return answer if isinstance(answer, Open) else None

    async def _without_account(self, job: ClaimedJob, loaded: LoadedCharge, opened: Open) -> JobResult:
        """The charge goes to the next account at once; where it has changed meanwhile, it is looked at again."""
        reason = f"the account's breaker is open: {opened.reason}"
        # Every earlier claim had a call that is known not to have happened.
        not_happened = Retryable(reason=reason, was_called=job.attempt > 1)
        failed_over = await self._fail_over(job, loaded, not_happened)
        return failed_over or RetryIn(opened.retry_after_seconds, reason, nothing_ran=True)

    async def _fail_over(
        self, job: ClaimedJob, loaded: LoadedCharge, not_happened: Retryable
    ) -> JobResult | None:
        """Give the attempt up for the next account; None where the charge has changed meanwhile."""
        operation, now = loaded.charge.operation, self._context.clock.now()
        code: RerouteCode = "account_unavailable" if not_happened.was_called else "account_not_called"

        def decision(charge: Charge) -> tuple[ChargeEvent, ...]:
            if operation is None:
                return ()
            return reroute(charge, operation, code=code, reason=not_happened.reason, now=now)

        recorded = await self._context.recorder.record(
            loaded.charge_id, decision, _provenance(job, loaded.charge_id)
        )
        if isinstance(recorded, Recorded) and not recorded.events:
            return None
        return job_result(loaded.charge_id, recorded, attempt=job.attempt)

    async def _without_gateway(self, job: ClaimedJob, payload: AuthorizeJob, held: Hold) -> JobResult:
        """No gateway is configured: if none was when the job was claimed before, nothing was called."""
        if self._kind != "authorize" or job.may_have_run:
            return held
        now = self._context.clock.now()

        def decision(charge: Charge) -> tuple[ChargeEvent, ...]:
            operation = self._due(charge, payload)
            if operation is None:
                return ()
            return reroute(charge, operation, code="account_not_called", reason=held.reason, now=now)

        recorded = await self._context.recorder.record(
            payload.charge_id, decision, _provenance(job, payload.charge_id)
        )
        return Done() if isinstance(recorded, Recorded) and recorded.events else held


def _provenance(job: ClaimedJob, charge_id: ChargeId) -> Provenance:
    return Provenance(correlation=charge_id, actor="worker", causation=f"job:{job.job_id}")
