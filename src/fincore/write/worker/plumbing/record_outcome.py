"""Recording an outcome or a report on its charge; where the log contradicts it, recording the PSP's own record.

A webhook is a snapshot that may be late, so a report that contradicts the log is never believed. The PSP's record is
read, and a correction is written only if the record still contradicts the log.
"""

from collections.abc import Callable, Mapping
from functools import partial

import structlog

from fincore.domain.attempt_outcomes import decide_attempt
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.dispute_reports import decide_dispute
from fincore.domain.events import ChargeEvent, ReportHeld, ReportReleased
from fincore.domain.fraud_warning_reports import decide_fraud_warning
from fincore.domain.ids import ChargeId, RefundId, new_dispute_id, new_refund_id
from fincore.domain.outcome import (
    ActionRequired,
    DisputeReport,
    FraudWarningReport,
    KnownOutcome,
    Pending,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.domain.payment_corrections import correct_payment
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.refund_outcomes import correct_refund, decide_refund
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Contended, Recorded
from fincore.write.psp.port import NotFound
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.plumbing.metrics import CORRECTIONS
from fincore.write.worker.plumbing.recorder import Decision, NoSuchCharge

_log = structlog.get_logger(__name__)

RecordResult = Recorded[ChargeEvent] | Refusal | NoSuchCharge | Contended


def no_more_events(_: Charge) -> tuple[ChargeEvent, ...]:
    """No event beside those that follow from a report."""
    return ()


async def record_payment_outcome(
    context: JobContext,
    loaded: LoadedCharge,
    outcome: KnownOutcome | Rejected | Unknown,
    provenance: Provenance,
    *,
    additional: Decision = no_more_events,
) -> RecordResult:
    """Record the outcome of a payment, or of the operation that the loaded charge waits for.

    `additional` gives events to be committed together with those that follow: that the report is held, or released. Where the
    loaded charge's attempt was given up meanwhile, the outcome is that attempt's: it is recorded as such and changes nothing else.
    """
    number = loaded.charge.attempt_number

    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        if charge.attempt_number != number:
            if isinstance(outcome, Rejected | Unknown):
                return ()
            return decide_attempt(charge, number, outcome, context.clock.now())
        if (
            isinstance(outcome, Rejected | Unknown | ActionRequired | Pending)
            and charge.operation != loaded.charge.operation
        ):
            # Another operation was requested meanwhile: this outcome is not about it.
            return ()
        return decide_payment(charge, outcome)

    recorded = await context.recorder.record(
        loaded.charge_id, _with(decision, additional), provenance, known=loaded.charge
    )
    if not _is_contradiction(recorded):
        return recorded
    reference = None if isinstance(outcome, Rejected | Unknown) else outcome.psp_reference
    return await _align_payment(context, loaded, reference, provenance, recorded, additional=additional)


async def record_refund_outcome(
    context: JobContext,
    loaded: LoadedCharge,
    refund_id: RefundId | None,
    outcome: RefundReport | RefundRejected | Unknown,
    provenance: Provenance,
    *,
    payment_reference: PspReference | None = None,
    additional: Decision = no_more_events,
) -> RecordResult:
    """Record the outcome of a refund, or a report of money given back that is no refund of ours yet.

    `payment_reference` is the payment that the report names, for a charge that does not know its own.
    """
    id_if_new = new_refund_id()
    recorded = await context.recorder.record(
        loaded.charge_id,
        _with(lambda charge: decide_refund(charge, refund_id, outcome, new_refund_id=id_if_new), additional),
        provenance,
        known=loaded.charge,
    )
    if not _is_contradiction(recorded) or not isinstance(outcome, RefundReport):
        return recorded
    charge = await context.recorder.load(loaded.charge_id) or loaded.charge
    if charge.attempt_number != loaded.charge.attempt_number:
        return Contended()
    if charge.captured_minor > 0:
        known_as = refund_id or outcome.refund_id or id_if_new
        return await _align_refunds(
            context,
            loaded,
            charge,
            provenance,
            recorded,
            additional=additional,
            reported={known_as: outcome.psp_reference},
        )
    # Money given back of a charge that has taken none, as far as the log knows: the log is behind.
    aligned = await _align_payment(context, loaded, payment_reference, provenance, recorded)
    if not isinstance(aligned, Recorded) or not aligned.events:
        return recorded if isinstance(aligned, Recorded) else aligned
    return await record_refund_outcome(
        context,
        loaded,
        refund_id,
        outcome,
        provenance,
        payment_reference=payment_reference,
        additional=additional,
    )


async def _align_refunds(
    context: JobContext,
    loaded: LoadedCharge,
    charge: Charge,
    provenance: Provenance,
    contradiction: RecordResult,
    *,
    additional: Decision,
    reported: Mapping[RefundId, PspReference],
) -> RecordResult:
    """Read the PSP's records of the reported refund and of all that count as given back, and record them.

    Of refunds that together exceed what was captured, any one may have failed since.
    """
    given_back = {one.refund_id: one.psp_reference for one in charge.refunds if one.status == "succeeded"}
    records: dict[RefundId, RefundReport] = {}
    for refund_id, reference in {**given_back, **reported}.items():
        record = await psp_call.inquire_refund(loaded.gateway, charge, refund_id, reference, context.clock)
        match record:
            case RefundReport():
                records[refund_id] = record
            case NotFound() | Unknown():
                return contradiction
            case _:
                return Contended()

    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        events: list[ChargeEvent] = []
        # Those that failed first: they free their amounts for the others.
        for refund_id, record in sorted(records.items(), key=lambda one: one[1].status != "failed"):
            decided = correct_refund(charge, refund_id, record)
            if isinstance(decided, Refusal):
                return decided
            for event in decided:
                charge = evolve(charge, event)
            events += decided
        return tuple(events)

    return await _correct(context, loaded.charge_id, charge.version, _with(decision, additional), provenance)


async def record_dispute_report(
    context: JobContext,
    loaded: LoadedCharge,
    report: DisputeReport,
    provenance: Provenance,
    *,
    payment_reference: PspReference | None,
    additional: Decision = no_more_events,
) -> RecordResult:
    """Record a report of a dispute of the payment `payment_reference`, if the dispute is still as the loaded charge has it.

    The totals of a PSP that shows only what is put aside now continue what was known when it was asked. A dispute presupposes a
    capture: a charge that knows of none is aligned with the PSP's record first.
    """
    before = loaded.charge.dispute_called(report.psp_reference)
    decision = _with(partial(decide_dispute, report=report, new_dispute_id=new_dispute_id()), additional)

    async def record() -> RecordResult:
        return await _record_if(
            lambda charge: charge.dispute_called(report.psp_reference) == before,
            context,
            loaded.charge_id,
            decision,
            provenance,
        )

    recorded = await record()
    if not _is_contradiction(recorded):
        return recorded
    aligned = await _align_payment(context, loaded, payment_reference, provenance, recorded)
    return await record() if isinstance(aligned, Recorded) else aligned


async def record_fraud_warning(
    context: JobContext,
    loaded: LoadedCharge,
    report: FraudWarningReport,
    provenance: Provenance,
    *,
    payment_reference: PspReference | None,
    additional: Decision = no_more_events,
) -> RecordResult:
    """Record what a PSP says of a warning of fraud in the payment `payment_reference`.

    A charge that knows no payment is aligned with the PSP's record first: the warning may come before the response to our call.
    """
    decision = _with(partial(decide_fraud_warning, report=report), additional)
    recorded = await context.recorder.record(loaded.charge_id, decision, provenance)
    if not _is_contradiction(recorded):
        return recorded
    aligned = await _align_payment(context, loaded, payment_reference, provenance, recorded)
    if not isinstance(aligned, Recorded):
        return aligned
    return await context.recorder.record(loaded.charge_id, decision, provenance)


def _with(decision: Decision, additional: Decision) -> Decision:
    """Both decisions as one, `additional` judged on the charge before the events of `decision`."""

    def decide_both(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        decided = decision(charge)
        if isinstance(decided, Refusal):
            return decided
        more = additional(charge)
        return more if isinstance(more, Refusal) else (*decided, *more)

    return decide_both


def _is_contradiction(recorded: RecordResult) -> bool:
    return isinstance(recorded, Refusal) and recorded.code == "contradicts_state"


async def _align_payment(
    context: JobContext,
    loaded: LoadedCharge,
    reference: PspReference | None,
    provenance: Provenance,
    contradiction: RecordResult,
    *,
    additional: Decision = no_more_events,
) -> RecordResult:
    """Read the PSP's record of the payment and correct the charge by it; return the contradiction if there is none.

    `reference` is the payment that the report names, for a charge that does not know its own: a search might lag.
    """
    charge = await context.recorder.load(loaded.charge_id) or loaded.charge
    if charge.attempt_number != loaded.charge.attempt_number:
        # Another account carries the charge by now: the report is about an attempt that was given up.
        return Contended()
    record = await psp_call.inquire(
        loaded.gateway, loaded.charge_id, charge, context.clock, reported_reference=reference
    )
    match record:
        case Retryable():
            return Contended()
        case NotFound() | Unknown():
            return contradiction
        case _:
            decision = _with(partial(correct_payment, outcome=record), additional)
            return await _correct(context, loaded.charge_id, charge.version, decision, provenance)


async def _correct(
    context: JobContext, charge_id: ChargeId, version_before: int, decision: Decision, provenance: Provenance
) -> RecordResult:
    """Correct the charge, unless it changed since before the record was read: the record may be old by now."""
    recorded = await _record_if(
        lambda charge: charge.version == version_before, context, charge_id, decision, provenance
    )
    if isinstance(recorded, Recorded):
        corrections = [one for one in recorded.events if not isinstance(one, ReportHeld | ReportReleased)]
        if corrections:
            CORRECTIONS.inc()
            _log.warning("worker.corrected", charge_id=charge_id, events=len(corrections))
    return recorded


async def _record_if(
    is_unchanged: Callable[[Charge], bool],
    context: JobContext,
    charge_id: ChargeId,
    decision: Decision,
    provenance: Provenance,
) -> RecordResult:
    """Record what is decided on a charge that is still as it was when the PSP was asked; write nothing on another."""
    is_old = False

    def decide_if_unchanged(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        nonlocal is_old
        is_old = not is_unchanged(charge)
        return () if is_old else decision(charge)

    recorded = await context.recorder.record(charge_id, decide_if_unchanged, provenance)
    return Contended() if is_old else recorded
