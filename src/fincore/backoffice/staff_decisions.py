"""What people of staff decide about charges, each once for its idempotency key: reviews, unknown outcomes, held reports, inquiries."""

from collections.abc import Callable

import msgspec

from fincore.backoffice.operator_recorder import Resolver, operator_recorder
from fincore.backoffice.unknown_outcomes import attempts_given_up, requeue_held
from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent
from fincore.domain.held_report import release_report
from fincore.domain.ids import ChargeId, RefundId, RequestId
from fincore.domain.refusal import Refusal
from fincore.domain.resolution import (
    DecidedChargeOutcome,
    DecidedRefundOutcome,
    Resolution,
    decide_charge_outcome,
    decide_refund_outcome,
)
from fincore.domain.review_decisions import decide_review
from fincore.domain.risk import ReviewVerdict
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.commit import (
    Commit,
    IdempotencyKey,
    Provenance,
    RenderedResponse,
    Replayed,
    StoredResponse,
)
from fincore.eventstore.recorder import Contended
from fincore.postgres.pool import Pool
from fincore.write.psp.held_reports import list_held_reports
from fincore.write.queue.job_payloads import inquire_job, process_webhook_job
from fincore.write.worker.jobs.inquire_charge import INQUIRED_REFUNDS_MAX
from fincore.write.worker.plumbing.recorder import Decision, NoSuchCharge


class StaffRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides, why, and under which idempotency key; `fingerprint` is what a repetition must have in common."""

    staff: StaffActor
    reason: str
    request_id: RequestId
    key: IdempotencyKey
    fingerprint: bytes

    @property
    def provenance(self) -> Provenance:
        """Where the events come from."""
        return Provenance(
            correlation=self.request_id,
            actor=self.staff.actor,
            by=self.staff.username,
            reason=self.reason,
        )


class Answered(msgspec.Struct, frozen=True):
    """What the request is answered. `is_replay`: an earlier one with the key got it, and nothing was changed now."""

    stored: StoredResponse
    is_replay: bool


Render = Callable[[Charge], RenderedResponse]
"""The answer, by the charge after what was decided."""


class StaffDecisions:
    """Records what people decide. `eventstore` is where held reports are listed from."""

    def __init__(self, resolver: Resolver, eventstore: Pool) -> None:
        self._resolver = resolver
        self._pool = eventstore
        self._recorder = operator_recorder(resolver)

    async def load(self, charge_id: ChargeId) -> Charge | None:
        """The charge as the log tells it now, or None."""
        return await self._recorder.load(charge_id)

    async def review(
        self, request: StaffRequest, charge_id: ChargeId, verdict: ReviewVerdict, render: Render
    ) -> Answered | Refusal | NoSuchCharge | Contended:
        """Approve or decline a charge under review, with the capture or the cancellation that follows."""
        now = self._resolver.clock.now()

        def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
            return decide_review(charge, verdict, by=request.staff.username, reason=request.reason, now=now)

        return await self._record(request, charge_id, decision, render)

    async def resolve_charge(
        self,
        request: StaffRequest,
        charge_id: ChargeId,
        outcome: DecidedChargeOutcome,
        resolution: Resolution,
        render: Render,
    ) -> Answered | Refusal | NoSuchCharge | Contended:
        """Record what a person found out about a charge. The dead letters that waited for it go on."""
        now = self._resolver.clock.now()
        given_up = await attempts_given_up(self._resolver.jobs, charge_id)

        def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
            return decide_charge_outcome(charge, outcome, resolution, now, given_up=given_up)

        answered = await self._record(request, charge_id, decision, render)
        if isinstance(answered, Answered):
            await requeue_held(self._resolver.jobs, charge_id)
        return answered

    async def resolve_refund(
        self,
        request: StaffRequest,
        refund: tuple[ChargeId, RefundId],
        outcome: DecidedRefundOutcome,
        resolution: Resolution,
        render: Render,
    ) -> Answered | Refusal | NoSuchCharge | Contended:
        """Record what a person found out about a refund of a charge. The dead letters that waited for it go on."""
        charge_id, refund_id = refund
        now = self._resolver.clock.now()

        def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
            return decide_refund_outcome(charge, refund_id, outcome, resolution, now)

        answered = await self._record(request, charge_id, decision, render)
        if isinstance(answered, Answered):
            await requeue_held(self._resolver.jobs, refund_id)
        return answered

    async def release_report(
        self, request: StaffRequest, charge_id: ChargeId, psp_event_id: str, render: Render
    ) -> Answered | Refusal | NoSuchCharge | Contended:
        """Release a held report: the charge goes on without it."""
        now = self._resolver.clock.now()

        def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
            return release_report(
                charge.held_reports,
                psp_event_id,
                released_by=request.staff.username,
                reason=request.reason,
                now=now,
            )

        return await self._record(request, charge_id, decision, render)

    async def read_report_again(
        self, request: StaffRequest, charge_id: ChargeId, psp_event_id: str, render: Render
    ) -> Answered | Refusal | NoSuchCharge:
        """Have the worker read a held report again: one that it understands is then released."""
        earlier = await self._resolver.writer.find_response(request.key)
        if earlier is not None:
            return Answered(earlier, is_replay=True)
        found = await list_held_reports(
            self._pool, charge_id=charge_id, psp_event_id=psp_event_id, report_type=None, limit=1
        )
        charge = await self.load(charge_id)
        if charge is None:
            return NoSuchCharge()
        if not found:
            return Refusal("report_not_held", f"the charge holds no report {psp_event_id}")
        job = process_webhook_job(found[0].psp, found[0].psp_account, found[0].psp_event_id)
        commit = Commit[ChargeEvent](provenance=request.provenance, jobs=(job,))
        return await self._commit(request, commit, render(charge))

    async def inquire(self, request: StaffRequest, charge_id: ChargeId, answer: RenderedResponse) -> Answered:
        """Have the worker ask the PSP now how the charge and its refunds stand."""
        commit = Commit[ChargeEvent](provenance=request.provenance, jobs=(inquire_job(charge_id),))
        return await self._commit(request, commit, answer)

    async def _commit(
        self, request: StaffRequest, commit: Commit[ChargeEvent], answer: RenderedResponse
    ) -> Answered:
        stored = StoredResponse(fingerprint=request.fingerprint, response=answer)
        result = await self._resolver.writer.commit(
            msgspec.structs.replace(commit, idempotency=(request.key, stored))
        )
        return (
            Answered(result.stored, is_replay=True)
            if isinstance(result, Replayed)
            else Answered(stored, is_replay=False)
        )

    async def _record(
        self, request: StaffRequest, charge_id: ChargeId, decision: Decision, render: Render
    ) -> Answered | Refusal | NoSuchCharge | Contended:
        answers: list[StoredResponse] = []

        def answer(charge: Charge) -> StoredResponse:
            answers.append(StoredResponse(fingerprint=request.fingerprint, response=render(charge)))
            return answers[-1]

        recorded = await self._recorder.record_once(
            charge_id, decision, request.provenance, request.key, answer
        )
        match recorded:
            case Refusal() | NoSuchCharge() | Contended():
                return recorded
            case Replayed(stored):
                return Answered(stored, is_replay=True)
            case _:
                return Answered(answers[-1], is_replay=False)


def what_is_asked(charge: Charge) -> list[str]:
    """What an inquiry asks the PSP about: `payment`, and the ids of refunds; nothing where nothing waits for the PSP."""
    refunds = [one.refund_id for one in charge.refunds if one.status in ("processing", "pending")]
    is_open = charge.status == "requires_action" or (
        charge.operation is not None and charge.unknown_since is not None
    )
    return [*(("payment",) if is_open else ()), *refunds[:INQUIRED_REFUNDS_MAX]]
