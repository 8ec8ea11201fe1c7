"""An operation or a refund with an unknown outcome: how to ask about it, repeat it, and record what became of it."""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Generic, TypeVar

from fincore.domain.age import age_against
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import KnownOutcome, RefundRejected, RefundReport, Rejected, Retryable, Unknown
from fincore.domain.refund import Refund
from fincore.eventstore.commit import Provenance
from fincore.write.psp.limits import PspOperation
from fincore.write.queue.port import ClaimedJob
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.carry_out import carry_out
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.record_outcome import (
    RecordResult,
    record_payment_outcome,
    record_refund_outcome,
)
from fincore.write.worker.policies.findings import (
    decide_never_happened,
    finding_on,
    refund_finding_on,
    refund_never_happened,
)
from fincore.write.worker.policies.janitor import (
    AskAgain,
    Doubt,
    GiveUp,
    Question,
    Step,
    ask_again,
    next_step,
)

OutcomeT = TypeVar("OutcomeT")


class InDoubt(ABC, Generic[OutcomeT]):
    """What the janitor works on. `name` says in sentences and logs which operation or refund it is."""

    name: str
    operation: PspOperation

    def __init__(self, context: JobContext, job: ClaimedJob, loaded: LoadedCharge) -> None:
        self.context = context
        self.loaded = loaded
        self.inquiry = job.attempt
        self.provenance = Provenance(
            correlation=loaded.charge_id, actor="janitor", causation=f"job:{job.job_id}"
        )

    @abstractmethod
    async def inquire(self) -> OutcomeT | Doubt:
        """Ask the PSP for its record."""

    @abstractmethod
    async def repeat(self) -> OutcomeT | Doubt:
        """Make the same call again under the same idempotency key."""

    @abstractmethod
    async def record(self, outcome: OutcomeT) -> RecordResult:
        """Record the outcome on the charge."""

    @abstractmethod
    async def record_never_happened(self) -> RecordResult:
        """Record that it never happened, unless its outcome is known by now."""

    @abstractmethod
    def question(self) -> Question:
        """What the janitor has to know of it."""

    def next_step(self, doubt: Doubt) -> Step:
        """What the janitor decides after an inquiry that decided nothing."""
        policy, fraction = self.context.janitor_policy, self.context.draw()
        return next_step(doubt, self.question(), policy, fraction=fraction)

    def ask_again(self, reason: str) -> AskAgain:
        """Inquire again at the next time of the janitor's schedule."""
        policy, fraction = self.context.janitor_policy, self.context.draw()
        return ask_again(reason, self.question(), policy, fraction=fraction)


class OperationInDoubt(InDoubt[KnownOutcome | Rejected]):
    """The pending operation of a charge."""

    def __init__(
        self, context: JobContext, job: ClaimedJob, loaded: LoadedCharge, pending: PendingOperation
    ) -> None:
        super().__init__(context, job, loaded)
        self.name = str(loaded.charge_id)
        self.operation = pending.kind
        self._pending = pending

    async def inquire(self) -> KnownOutcome | Doubt:
        """The outcome that the PSP's record of the payment shows."""
        loaded = self.loaded
        record = await psp_call.inquire(loaded.gateway, loaded.charge_id, loaded.charge, self.context.clock)
        return finding_on(self._pending.kind, record)

    async def repeat(self) -> KnownOutcome | Rejected | Doubt:
        """The outcome of the repeated call; the charge as it was when it was made is loaded."""
        self.loaded, outcome, _ = await carry_out(
            self.context, self.loaded, self._pending, self.provenance, may_have_run=True
        )
        return outcome if isinstance(outcome, Rejected) else finding_on(self._pending.kind, outcome)

    async def record(self, outcome: KnownOutcome | Rejected) -> RecordResult:
        """Record it as an outcome of the payment."""
        return await record_payment_outcome(self.context, self.loaded, outcome, self.provenance)

    async def record_never_happened(self) -> RecordResult:
        """Fail the charge, or reject the operation, in one commit with the check that it is unknown still."""
        now = self.context.clock.now()
        return await self.context.recorder.record(
            self.loaded.charge_id,
            lambda charge: decide_never_happened(charge, self._pending, now),
            self.provenance,
        )

    def question(self) -> Question:
        """The PSP is searched where its own id of the payment is not known."""
        charge, clock = self.loaded.charge, self.context.clock
        return Question(
            inquiry=self.inquiry,
            requested_at=self._pending.requested_at,
            unknown_since=charge.unknown_since or self._pending.requested_at,
            now=clock.now(),
            limits=self.loaded.gateway.limits.operations[self._pending.kind],
            is_searched=charge.psp_reference is None,
            distrust=clock.distrust(),
        )


class RefundInDoubt(InDoubt[RefundReport | RefundRejected]):
    """A refund of which the PSP's decision is not known, or which the PSP carries out later (`pending`)."""

    def __init__(self, context: JobContext, job: ClaimedJob, loaded: LoadedCharge, refund: Refund) -> None:
        super().__init__(context, job, loaded)
        self.name = f"{refund.refund_id} of {loaded.charge_id}"
        self.operation = "refund"
        self._refund = refund

    async def inquire(self) -> RefundReport | Doubt:
        """The report that the PSP's record shows; of a pending refund, only one that says more than pending."""
        refund, clock = self._refund, self.context.clock
        record = await psp_call.inquire_refund(
            self.loaded.gateway, self.loaded.charge, refund.refund_id, refund.psp_reference, clock
        )
        finding = refund_finding_on(record)
        if isinstance(finding, RefundReport) and finding.status == refund.status:
            return Doubt(kind="undecided", reason="the PSP has not carried the refund out yet")
        return finding

    async def repeat(self) -> RefundReport | RefundRejected | Doubt:
        """The outcome of the repeated call, which waits while a report about the same money is held."""
        loaded, clock = self.loaded, self.context.clock
        if loaded.charge.held_reports:
            return Doubt(kind="not_done", reason="a report of the PSP is held")
        outcome = await psp_call.refund(loaded.gateway, loaded.charge_id, loaded.charge, self._refund, clock)
        return refund_finding_on(outcome) if isinstance(outcome, Retryable | Unknown) else outcome

    async def record(self, outcome: RefundReport | RefundRejected) -> RecordResult:
        """Record it as an outcome of the refund."""
        return await record_refund_outcome(
            self.context, self.loaded, self._refund.refund_id, outcome, self.provenance
        )

    async def record_never_happened(self) -> RecordResult:
        """Fail the refund; nothing changes where it is decided by now."""
        return await self.record(refund_never_happened(self.context.clock.now()))

    def question(self) -> Question:
        """The refunds of a payment are listed, so that the PSP is never searched."""
        clock = self.context.clock
        return Question(
            inquiry=self.inquiry,
            requested_at=self._refund.requested_at,
            unknown_since=self._refund.unknown_since or self._refund.requested_at,
            now=clock.now(),
            limits=self.loaded.gateway.limits.operations["refund"],
            is_searched=False,
            distrust=clock.distrust(),
        )

    def next_step(self, doubt: Doubt) -> Step:
        """By the janitor's rules; a pending refund is polled for as long as the poll policy says."""
        if self._refund.status != "pending":
            return super().next_step(doubt)
        policy = self.context.poll_policy
        patience = timedelta(seconds=policy.refund_give_up_seconds)
        if age_against(patience, self._refund.requested_at, self.context.clock) == "past":
            return GiveUp(
                f"pending at the PSP for {patience.days} days; look it up at the PSP, "
                "then say what became of it with `fincore charges resolve`"
            )
        return AskAgain(policy.refund_pause_seconds, "the PSP has not carried the refund out yet")
