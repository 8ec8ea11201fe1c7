"""What a PSP's word does to a charge: `decide` for payments, `decide_refund`, `decide_dispute`, and `correct`.

The same fact may arrive as the answer to our call, as a webhook and from the janitor, in any order and more than once:
deciding about what the charge knows already gives no events. A fact that contradicts how a charge ended is refused;
whoever brought it asks the PSP for its own record now, and gives that to `correct`.
"""

from datetime import datetime
from typing import Final, Literal, assert_never

from fincore.domain.charge import TERMINAL, TRANSITIONS, Charge
from fincore.domain.dispute import DISPUTE_TRANSITIONS, Dispute, evolve_dispute
from fincore.domain.events import (
    CancelFailed,
    CaptureFailed,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCorrected,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargeOutcomeUnknown,
    ChargeStatus,
    DisputeClosed,
    DisputeEvent,
    DisputeFundsReinstated,
    DisputeFundsWithdrawn,
    DisputeLost,
    DisputeOpened,
    DisputeUpdated,
    DisputeWon,
    FeeAssessed,
    RefundCorrected,
    RefundFailed,
    RefundOutcomeUnknown,
    RefundPending,
    RefundRequested,
    RefundSucceeded,
    event_type,
)
from fincore.domain.fee_plan import platform_fee_minor
from fincore.domain.ids import DisputeId, RefundId
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    DisputeReport,
    DisputeStatus,
    Expired,
    Fact,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
    Unknown,
)
from fincore.domain.refund import Refund
from fincore.domain.refusal import Refusal

Events = tuple[ChargeEvent, ...]


def decide(charge: Charge, fact: Fact | Rejected | Unknown) -> Events | Refusal:
    """The events that follow from what a PSP reported about a payment; none when the charge knows it already."""
    match fact:
        case Unknown():
            return _unknown(charge, fact)
        case Rejected():
            return _rejected(charge, fact)
        case Approved():
            return _approved(charge, fact)
        case Declined():
            if charge.status in ("failed", "canceled", "expired"):
                return ()
            return _if_allowed(charge, _failed(fact))
        case ActionRequired():
            if charge.status in ("requires_action", "authorized", *TERMINAL):
                return ()
            event = ChargeActionRequired(psp_reference=fact.psp_reference, redirect_url=fact.redirect_url)
            return _if_allowed(charge, event)
        case Canceled() | Expired():
            if charge.status in ("canceled", "failed", "expired"):
                return ()
            return _if_allowed(charge, _given_up(fact))
        case _:
            assert_never(fact)


def correct(charge: Charge, fact: Fact) -> Events | Refusal:
    """The events that bring a charge into line with the PSP's own record, read just now.

    Where the charge has ended and the record says otherwise that is one `charge.corrected`; else as `decide`.
    """
    if charge.status not in TERMINAL or isinstance(fact, ActionRequired):
        return decide(charge, fact)
    after, captured_after_minor = _record(fact)
    refusal = _not_of(charge, fact) if isinstance(fact, Approved) else None
    if refusal is not None:
        return refusal
    is_same = after == charge.status or {after, charge.status} <= _NO_MONEY
    if is_same and captured_after_minor == charge.captured_minor:
        return decide(charge, fact) if isinstance(fact, Approved) else ()
    reference = fact.psp_reference or charge.psp_reference
    if reference is None:
        return Refusal(
            "contradicts_state",
            f"the PSP's record is {after} and names no payment; the charge is {charge.status}",
        )
    return (
        ChargeCorrected(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=reference,
            status_before=charge.status,
            status_after=after,
            captured_before_minor=charge.captured_minor,
            captured_after_minor=captured_after_minor,
            currency=charge.amount.currency,
            reason=f"the PSP's own record says {after}",
            occurred_at=fact.occurred_at,
            platform_fee_before_minor=platform_fee_minor(charge.fee_plan, charge.captured_minor),
            platform_fee_after_minor=platform_fee_minor(charge.fee_plan, captured_after_minor),
        ),
    )


def decide_refund(
    charge: Charge,
    refund_id: RefundId | None,
    said: RefundReport | RefundRejected | Unknown,
    *,
    new_refund_id: RefundId,
) -> Events | Refusal:
    """The events that follow from what a PSP reported about a refund.

    A report that names no refund of ours, by id or by the PSP's reference, is of one made at the PSP: it becomes a
    refund of the charge under `new_refund_id`, whatever the charge would have allowed us. It has happened.
    """
    if isinstance(said, RefundReport):
        refund = _refund_of(charge, refund_id or said.refund_id, said.psp_reference)
        return (
            _refund_elsewhere(charge, said, new_refund_id)
            if refund is None
            else _refund_reported(charge, refund, said)
        )
    refund = charge.refund(refund_id) if refund_id else None
    if refund is None or refund.status != "processing":
        return ()
    if isinstance(said, Unknown):
        if refund.unknown_since is not None:
            return ()
        return (RefundOutcomeUnknown(refund_id=refund.refund_id, reason=said.reason, since=said.since),)
    return (
        RefundFailed(
            refund_id=refund.refund_id,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            amount_minor=refund.amount_minor,
            currency=charge.amount.currency,
            code=said.code,
            was_succeeded=False,
            occurred_at=said.occurred_at,
        ),
    )


def correct_refund(charge: Charge, refund: Refund, record: RefundReport) -> Events | Refusal:
    """The events that bring a refund into line with the PSP's own record, read just now."""
    if refund.status != "failed" or record.status != "succeeded":
        return decide_refund(charge, refund.refund_id, record, new_refund_id=refund.refund_id)
    if (refusal := _not_of_refund(charge, refund, record)) is not None:
        return refusal
    return (
        RefundCorrected(
            refund_id=refund.refund_id,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=record.psp_reference,
            amount_minor=refund.amount_minor,
            currency=charge.amount.currency,
            occurred_at=record.occurred_at,
        ),
    )


def decide_dispute(charge: Charge, said: DisputeReport, *, new_dispute_id: DisputeId) -> Events | Refusal:
    """The events that follow from what a PSP reported about a dispute.

    A report tells all that has moved so far, so that reports may be late, doubled or lost: what is more than the
    dispute knows is an event, and an older report adds nothing.
    """
    if said.money.currency != charge.amount.currency:
        return Refusal(
            "currency_differs", f"the dispute is over {said.money}, the charge is for {charge.amount}"
        )
    dispute = next((one for one in charge.disputes if one.psp_reference == said.psp_reference), None)
    events: list[DisputeEvent] = []
    if dispute is None:
        # It may be over by the time we hear of it; it was opened all the same, and its end is an event of its own.
        opened_as: DisputeStatus = said.status if said.status in _RANK_OF_OPEN else "needs_response"
        opened = DisputeOpened(
            dispute_id=new_dispute_id,
            psp_reference=said.psp_reference,
            amount_minor=said.money.amount_minor,
            currency=said.money.currency,
            reason=said.reason,
            status=opened_as,
            is_inquiry=said.is_inquiry,
            occurred_at=said.occurred_at,
            evidence_due_by=said.evidence_due_by,
        )
        events.append(opened)
        dispute = evolve_dispute(None, opened)
    events += _movements(charge, dispute, said)
    progress = _progress(dispute, said)
    return (*events, progress) if progress else tuple(events)


_NO_MONEY: Final[frozenset[ChargeStatus]] = frozenset({"failed", "canceled", "expired"})
"""Ends that do not contradict each other: the customer has paid nothing."""


def _record(fact: Approved | Declined | Canceled | Expired) -> tuple[ChargeStatus, int]:
    """What a PSP's record says of a payment: the state, and what was taken."""
    match fact:
        case Approved(kind="captured"):
            return "succeeded", fact.money.amount_minor
        case Approved():
            return "authorized", 0
        case Declined():
            return "failed", 0
        case Canceled():
            return "canceled", 0
        case Expired():
            return "expired", 0
        case _:
            assert_never(fact)


def _unknown(charge: Charge, fact: Unknown) -> Events:
    if charge.operation is None or charge.unknown_since is not None:
        return ()
    return (ChargeOutcomeUnknown(reason=fact.reason, since=fact.since, operation=charge.operation.kind),)


def _rejected(charge: Charge, fact: Rejected) -> Events | Refusal:
    """A refused capture or cancellation; of an operation that is over by now, it says nothing new."""
    if charge.operation is None or charge.operation.kind == "authorize":
        return ()
    rejection = CaptureFailed if charge.operation.kind == "capture" else CancelFailed
    failure = fact.failure
    return _if_allowed(
        charge,
        rejection(
            code=failure.code,
            message=failure.message,
            advice=failure.advice,
            occurred_at=fact.occurred_at,
            decline_code=failure.decline_code,
        ),
    )


def _approved(charge: Charge, fact: Approved) -> Events | Refusal:
    if (refusal := _not_of(charge, fact)) is not None:
        return refusal
    if fact.kind == "authorized":
        if charge.status in ("authorized", "succeeded", "canceled", "expired"):
            return ()
        return _if_allowed(
            charge,
            ChargeAuthorized(
                merchant_id=charge.merchant_id,
                livemode=charge.livemode,
                psp=charge.psp,
                psp_reference=fact.psp_reference,
                amount_minor=fact.money.amount_minor,
                currency=fact.money.currency,
                occurred_at=fact.occurred_at,
                capture_before=fact.capture_before,
            ),
        )
    if charge.status == "succeeded":
        return _captured_again(charge, fact)
    return _if_allowed(
        charge,
        ChargeCaptured(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=fact.psp_reference,
            amount_minor=fact.money.amount_minor,
            currency=fact.money.currency,
            occurred_at=fact.occurred_at,
            fee_minor=fact.fee.amount_minor if fact.fee else 0,
            fee_currency=fact.fee.currency if fact.fee else None,
            platform_fee_minor=platform_fee_minor(charge.fee_plan, fact.money.amount_minor),
        ),
    )


def _captured_again(charge: Charge, fact: Approved) -> Events | Refusal:
    """A capture the charge knows; it may tell the fee that an earlier report of it did not."""
    if fact.money.amount_minor != charge.captured_minor:
        return Refusal(
            "contradicts_state",
            f"the PSP reports a capture of {fact.money}, the charge knows one of {charge.captured_minor} minor units",
        )
    if fact.fee is None or charge.fee is not None:
        return ()
    return (
        FeeAssessed(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=fact.psp_reference,
            fee_minor=fact.fee.amount_minor,
            currency=fact.fee.currency,
            occurred_at=fact.occurred_at,
        ),
    )


def _not_of(charge: Charge, fact: Approved) -> Refusal | None:
    """Why an approval cannot be of this charge, if so."""
    if fact.money.currency != charge.amount.currency:
        return Refusal("currency_differs", f"the PSP reports {fact.money}, the charge is for {charge.amount}")
    if fact.money.amount_minor > charge.amount.amount_minor:
        return Refusal(
            "amount_exceeds_charge", f"the PSP reports {fact.money}, the charge is for {charge.amount}"
        )
    if charge.psp_reference is not None and charge.psp_reference != fact.psp_reference:
        return Refusal(
            "psp_reference_differs",
            f"the charge is {charge.psp_reference} at the PSP, not {fact.psp_reference}",
        )
    return None


def _failed(fact: Declined) -> ChargeFailed:
    failure = fact.failure
    return ChargeFailed(
        code=failure.code,
        message=failure.message,
        advice=failure.advice,
        decline_code=failure.decline_code,
        psp_reference=fact.psp_reference,
        occurred_at=fact.occurred_at,
    )


def _given_up(fact: Canceled | Expired) -> ChargeCanceled | ChargeExpired:
    if isinstance(fact, Canceled):
        return ChargeCanceled(
            reason=fact.reason, psp_reference=fact.psp_reference, occurred_at=fact.occurred_at
        )
    return ChargeExpired(reason=fact.reason, psp_reference=fact.psp_reference, occurred_at=fact.occurred_at)


def _if_allowed(charge: Charge, event: ChargeEvent) -> Events | Refusal:
    if (charge.status, event_type(event)) in TRANSITIONS:
        return (event,)
    return Refusal("contradicts_state", f"{event_type(event)} contradicts a charge that is {charge.status}")


def _refund_of(charge: Charge, refund_id: RefundId | None, psp_reference: PspReference) -> Refund | None:
    by_id = charge.refund(refund_id) if refund_id else None
    return by_id or next((one for one in charge.refunds if one.psp_reference == psp_reference), None)


def _refund_elsewhere(charge: Charge, said: RefundReport, refund_id: RefundId) -> Events | Refusal:
    if said.money.currency != charge.amount.currency:
        return Refusal(
            "currency_differs", f"the PSP refunded {said.money}, the charge is for {charge.amount}"
        )
    if charge.captured_minor == 0:
        return Refusal(
            "contradicts_state", f"the PSP refunded {said.money} of a charge that is {charge.status}"
        )
    requested = RefundRequested(
        refund_id=refund_id,
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        amount_minor=said.money.amount_minor,
        currency=said.money.currency,
        requested_at=said.occurred_at,
        origin="psp",
        psp_reference=said.psp_reference,
    )
    return (requested, _refund_event(charge, refund_id, said, was_succeeded=False))


def _refund_reported(charge: Charge, refund: Refund, said: RefundReport) -> Events | Refusal:
    if (refusal := _not_of_refund(charge, refund, said)) is not None:
        return refusal
    if refund.status == "failed" and said.status == "succeeded":
        return Refusal(
            "contradicts_state", f"refund.succeeded contradicts refund {refund.refund_id}, which failed"
        )
    if said.status == refund.status or _REFUND_RANK[said.status] < _REFUND_RANK[refund.status]:
        return ()
    return (_refund_event(charge, refund.refund_id, said, was_succeeded=refund.status == "succeeded"),)


_REFUND_RANK: Final = {"processing": 0, "pending": 1, "succeeded": 2, "failed": 3}
"""How far along a refund is: what is behind the state it has reached is old news."""


def _not_of_refund(charge: Charge, refund: Refund, said: RefundReport) -> Refusal | None:
    if said.money.currency != charge.amount.currency:
        return Refusal(
            "currency_differs", f"the PSP refunded {said.money}, the charge is for {charge.amount}"
        )
    if said.money.amount_minor != refund.amount_minor:
        return Refusal(
            "amount_differs",
            f"the PSP refunded {said.money}, {refund.refund_id} is for {refund.amount_minor} minor units",
        )
    if refund.psp_reference is not None and refund.psp_reference != said.psp_reference:
        return Refusal(
            "psp_reference_differs",
            f"{refund.refund_id} is {refund.psp_reference} at the PSP, not {said.psp_reference}",
        )
    return None


def _refund_event(
    charge: Charge, refund_id: RefundId, said: RefundReport, *, was_succeeded: bool
) -> RefundPending | RefundSucceeded | RefundFailed:
    if said.status == "pending":
        return RefundPending(
            refund_id=refund_id, psp_reference=said.psp_reference, occurred_at=said.occurred_at
        )
    if said.status == "succeeded":
        return RefundSucceeded(
            refund_id=refund_id,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=said.psp_reference,
            amount_minor=said.money.amount_minor,
            currency=said.money.currency,
            occurred_at=said.occurred_at,
        )
    return RefundFailed(
        refund_id=refund_id,
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        psp=charge.psp,
        amount_minor=said.money.amount_minor,
        currency=said.money.currency,
        code=said.failure_code or "unknown_reason",
        was_succeeded=was_succeeded,
        occurred_at=said.occurred_at,
        psp_reference=said.psp_reference,
    )


_RANK_OF_OPEN: Final[dict[DisputeStatus, int]] = {"needs_response": 0, "under_review": 1}


def _movements(charge: Charge, dispute: Dispute, said: DisputeReport) -> list[DisputeEvent]:
    """What has moved beyond what the dispute knows."""
    found: list[DisputeEvent] = []
    for kind, total, fee_minor, known_minor, known_fee_minor in (
        (
            DisputeFundsWithdrawn,
            said.withdrawn,
            said.withdrawn_fee_minor,
            dispute.withdrawn_minor,
            dispute.withdrawn_fee_minor,
        ),
        (
            DisputeFundsReinstated,
            said.reinstated,
            said.reinstated_fee_minor,
            dispute.reinstated_minor,
            dispute.reinstated_fee_minor,
        ),
    ):
        if total is None:
            continue
        more_minor, more_fee_minor = total.amount_minor - known_minor, fee_minor - known_fee_minor
        if more_minor > 0 or (more_minor == 0 and more_fee_minor > 0):
            found.append(
                kind(
                    dispute_id=dispute.dispute_id,
                    merchant_id=charge.merchant_id,
                    livemode=charge.livemode,
                    psp=charge.psp,
                    psp_reference=said.psp_reference,
                    amount_minor=more_minor,
                    fee_minor=max(more_fee_minor, 0),
                    currency=total.currency,
                    occurred_at=said.occurred_at,
                )
            )
    return found


def _progress(dispute: Dispute, said: DisputeReport) -> DisputeEvent | None:
    """How the dispute itself moved on, if it did."""
    is_newer = said.occurred_at > dispute.updated_at
    match said.status:
        case "won" | "lost" | "closed" as verdict:
            event = _verdict(dispute.dispute_id, verdict, said.occurred_at)
            if verdict == dispute.status or (dispute.status not in _RANK_OF_OPEN and not is_newer):
                return None
            return event if (dispute.status, event_type(event)) in DISPUTE_TRANSITIONS else None
        case "needs_response" | "under_review":
            if dispute.status in _RANK_OF_OPEN:
                is_old = _RANK_OF_OPEN[said.status] < _RANK_OF_OPEN[dispute.status] and not is_newer
            else:
                # Only a closed inquiry comes back, as a chargeback.
                is_old = dispute.status != "closed" or said.is_inquiry or not is_newer
            is_known = (said.status, said.is_inquiry, said.evidence_due_by) == (
                dispute.status,
                dispute.is_inquiry,
                dispute.evidence_due_by,
            )
            if is_old or is_known or said.occurred_at < dispute.updated_at:
                return None
            return DisputeUpdated(
                dispute_id=dispute.dispute_id,
                status=said.status,
                is_inquiry=said.is_inquiry,
                occurred_at=said.occurred_at,
                evidence_due_by=said.evidence_due_by,
            )
        case _:
            assert_never(said.status)


def _verdict(
    dispute_id: DisputeId, verdict: Literal["won", "lost", "closed"], occurred_at: datetime
) -> DisputeWon | DisputeLost | DisputeClosed:
    match verdict:
        case "won":
            return DisputeWon(dispute_id=dispute_id, occurred_at=occurred_at)
        case "lost":
            return DisputeLost(dispute_id=dispute_id, occurred_at=occurred_at)
        case "closed":
            return DisputeClosed(dispute_id=dispute_id, occurred_at=occurred_at)
        case _:
            assert_never(verdict)
