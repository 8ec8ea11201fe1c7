"""Recording what a PSP said; where it contradicts how a charge or refund ended, what the PSP's own record says now.

A webhook is a snapshot that may be late. So a contradiction is never believed from one: the record is read, and a
correction written only if the record still contradicts us.
"""

from collections.abc import Mapping
from functools import partial

import structlog

from fincore.domain.charge import Charge, evolve
from fincore.domain.dispute_reports import decide_dispute
from fincore.domain.events import ChargeEvent, ReportHeld, ReportReleased
from fincore.domain.ids import ChargeId, RefundId, new_dispute_id, new_refund_id
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    DisputeReport,
    Expired,
    Fact,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
    Unknown,
)
from fincore.domain.payment_outcomes import correct, decide
from fincore.domain.refund_outcomes import correct_refund, decide_refund
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.write.psp.port import NotFound
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import Desk, OpenCharge
from fincore.write.worker.plumbing.metrics import CORRECTIONS
from fincore.write.worker.plumbing.recorder import Contended, Decision, NoSuchCharge, Recorded

_log = structlog.get_logger(__name__)

Settled = Recorded | Refusal | NoSuchCharge | Contended


def nothing_beside(_: Charge) -> tuple[ChargeEvent, ...]:
    """No event beside those that follow from a report."""
    return ()


async def settle_payment(
    desk: Desk,
    at_hand: OpenCharge,
    said: Fact | Rejected | Unknown,
    provenance: Provenance,
    *,
    beside: Decision = nothing_beside,
) -> Settled:
    """Record what was said about a payment, or of the operation that the charge at hand waits for.

    `beside` gives events to be committed together with those that follow: that the report is held, or released.
    """

    def decision(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        if isinstance(said, Rejected | Unknown) and charge.operation != at_hand.charge.operation:
            # Another one was asked for since; what became of that nobody has said.
            return ()
        return decide(charge, said)

    settled = await desk.recorder.record(at_hand.charge_id, _with(decision, beside), provenance)
    if not _is_contradiction(settled):
        return settled
    reference = None if isinstance(said, Rejected | Unknown) else said.psp_reference
    return await _brought_into_line(desk, at_hand, reference, provenance, settled, beside=beside)


async def settle_refund(
    desk: Desk,
    at_hand: OpenCharge,
    refund_id: RefundId | None,
    said: RefundReport | RefundRejected | Unknown,
    provenance: Provenance,
    *,
    payment_reference: PspReference | None = None,
    beside: Decision = nothing_beside,
) -> Settled:
    """Record what was said about a refund, or about money given back that is no refund of ours yet.

    `payment_reference` is the payment it was said to be of, for a charge that does not know its own.
    """
    id_if_new = new_refund_id()
    settled = await desk.recorder.record(
        at_hand.charge_id,
        _with(lambda charge: decide_refund(charge, refund_id, said, new_refund_id=id_if_new), beside),
        provenance,
    )
    if not _is_contradiction(settled) or not isinstance(said, RefundReport):
        return settled
    charge = await desk.recorder.load(at_hand.charge_id) or at_hand.charge
    if charge.captured_minor > 0:
        known_as = refund_id or said.refund_id or id_if_new
        return await _refunds_brought_into_line(
            desk, at_hand, charge, provenance, settled, beside=beside, told_of={known_as: said.psp_reference}
        )
    # Money given back of a charge that has taken none, as far as we know: the charge is behind.
    behind = await _brought_into_line(desk, at_hand, payment_reference, provenance, settled)
    if not isinstance(behind, Recorded) or not behind.events:
        return settled if isinstance(behind, Recorded) else behind
    return await settle_refund(
        desk,
        at_hand,
        refund_id,
        said,
        provenance,
        payment_reference=payment_reference,
        beside=beside,
    )


async def _refunds_brought_into_line(
    desk: Desk,
    at_hand: OpenCharge,
    charge: Charge,
    provenance: Provenance,
    contradiction: Settled,
    *,
    beside: Decision,
    told_of: Mapping[RefundId, PspReference],
) -> Settled:
    """Read the PSP's records of the refund that was told of and of all that count as given back, and follow them.

    Of refunds that do not fit together any one may have failed since.
    """
    given_back = {one.refund_id: one.psp_reference for one in charge.refunds if one.status == "succeeded"}
    records: dict[RefundId, RefundReport] = {}
    for refund_id, reference in {**given_back, **told_of}.items():
        record = await psp_call.inquire_refund(at_hand.gateway, charge, refund_id, reference, desk.clock)
        match record:
            case RefundReport():
                records[refund_id] = record
            case NotFound() | Unknown():
                return contradiction
            case _:
                return Contended()

    def follow(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        events: list[ChargeEvent] = []
        # Those that failed first: they make room for the others.
        for refund_id, record in sorted(records.items(), key=lambda one: one[1].status != "failed"):
            decided = correct_refund(charge, refund_id, record)
            if isinstance(decided, Refusal):
                return decided
            for event in decided:
                charge = evolve(charge, event)
            events += decided
        return tuple(events)

    return await _corrected(desk, at_hand.charge_id, charge.version, _with(follow, beside), provenance)


async def settle_dispute(
    desk: Desk,
    at_hand: OpenCharge,
    said: DisputeReport,
    provenance: Provenance,
    *,
    payment_reference: PspReference | None,
    beside: Decision = nothing_beside,
) -> Settled:
    """Record what was said about a dispute of the payment `payment_reference`.

    It presupposes a capture: a charge that knows of none is brought into line with the PSP's record first.
    """
    decision = partial(decide_dispute, said=said, new_dispute_id=new_dispute_id())
    settled = await desk.recorder.record(at_hand.charge_id, _with(decision, beside), provenance)
    if not _is_contradiction(settled):
        return settled
    behind = await _brought_into_line(desk, at_hand, payment_reference, provenance, settled)
    if not isinstance(behind, Recorded):
        return behind
    return await desk.recorder.record(at_hand.charge_id, _with(decision, beside), provenance)


def _with(decision: Decision, beside: Decision) -> Decision:
    """The decision, and what is to be written beside it, judged on the charge as it is then."""

    def decide_both(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        decided = decision(charge)
        if isinstance(decided, Refusal):
            return decided
        more = beside(charge)
        return more if isinstance(more, Refusal) else (*decided, *more)

    return decide_both


def _is_contradiction(settled: Settled) -> bool:
    return isinstance(settled, Refusal) and settled.code == "contradicts_state"


async def _brought_into_line(
    desk: Desk,
    at_hand: OpenCharge,
    reference: PspReference | None,
    provenance: Provenance,
    contradiction: Settled,
    *,
    beside: Decision = nothing_beside,
) -> Settled:
    """Read the PSP's record of the payment and correct the charge by it; the contradiction, where there is none.

    `reference` is the payment that was spoken of, for a charge that does not know its own: a search might lag.
    """
    charge = await desk.recorder.load(at_hand.charge_id) or at_hand.charge
    record = await psp_call.inquire(
        at_hand.gateway, at_hand.charge_id, charge, desk.clock, told_reference=reference
    )
    match record:
        case Approved() | Declined() | Canceled() | Expired() | ActionRequired():
            decision = _with(partial(correct, fact=record), beside)
            return await _corrected(desk, at_hand.charge_id, charge.version, decision, provenance)
        case NotFound() | Unknown():
            return contradiction
        case _:
            return Contended()


async def _corrected(
    desk: Desk, charge_id: ChargeId, version_before: int, decision: Decision, provenance: Provenance
) -> Settled:
    """Correct the charge, unless it changed since before the record was read: what was read may be old by now."""
    is_old = False

    def decide_if_unchanged(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        nonlocal is_old
        is_old = charge.version != version_before
        return () if is_old else decision(charge)

    settled = await desk.recorder.record(charge_id, decide_if_unchanged, provenance)
    if is_old:
        return Contended()
    if isinstance(settled, Recorded):
        corrections = [one for one in settled.events if not isinstance(one, ReportHeld | ReportReleased)]
        if corrections:
            CORRECTIONS.inc()
            _log.warning("worker.corrected", charge_id=charge_id, events=len(corrections))
    return settled
