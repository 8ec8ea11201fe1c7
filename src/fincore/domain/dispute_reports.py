"""Which events follow from a report of a dispute: each movement of money once, and each decision of the bank once.

The rules of `payment_outcomes` hold here too.
"""

from datetime import datetime
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.dispute import DISPUTE_TRANSITIONS, Dispute, evolve_dispute
from fincore.domain.events import (
    ChargeEvent,
    DisputeClosed,
    DisputeEvent,
    DisputeFundsHeld,
    DisputeFundsReinstated,
    DisputeFundsReleased,
    DisputeFundsWithdrawn,
    DisputeLost,
    DisputeOpened,
    DisputeUpdated,
    DisputeWon,
    event_type,
)
from fincore.domain.ids import DisputeId
from fincore.domain.money import Money
from fincore.domain.outcome import DisputeMovements, DisputeReport, DisputeStatus
from fincore.domain.refusal import Refusal

Events = tuple[ChargeEvent, ...]


DISPUTED_TIMES_CAPTURED_MAX: Final = 2
"""A disputed amount may exceed what was captured where the bank counts in the cardholder's currency and the rate moved;
more than this many times of it is no exchange rate."""


def decide_dispute(charge: Charge, report: DisputeReport, *, new_dispute_id: DisputeId) -> Events | Refusal:
    """The events that follow from what a PSP reported about a dispute.

    A report tells all that has moved so far, so that reports may be late, doubled or lost: what is more than the
    dispute knows is an event, and an older report adds nothing. A dispute presupposes a capture: of a charge that has
    taken nothing it contradicts what is known.
    """
    if charge.captured_minor == 0:
        return Refusal(
            "contradicts_state",
            f"the PSP reports a dispute of a charge that is {charge.status}: nothing was taken",
        )
    if (refusal := _implausible(charge, report)) is not None:
        return refusal
    dispute = charge.dispute_called(report.psp_reference)
    events: list[DisputeEvent] = []
    if dispute is None:
        # It may be over by the time we hear of it; it was opened all the same, and its end is an event of its own.
        opened_as: DisputeStatus = (
            report.status
            if report.status is not None and report.status in _RANK_OF_OPEN
            else "needs_response"
        )
        opened = DisputeOpened(
            dispute_id=new_dispute_id,
            psp_reference=report.psp_reference,
            amount_minor=report.money.amount_minor,
            currency=report.money.currency,
            reason=report.reason,
            category=report.category,
            status=opened_as,
            is_inquiry=report.is_inquiry,
            occurred_at=report.occurred_at,
            evidence_due_by=report.evidence_due_by,
        )
        events.append(opened)
        dispute = evolve_dispute(None, opened)
    events += _movements(charge, dispute, report)
    if report.status is None:
        return tuple(events)
    return (*events, *_progress(dispute, report, report.status))


def dispute_doubt(charge: Charge, report: DisputeReport) -> Refusal | None:
    """What a person has to look at in a report that is recorded all the same."""
    if report.money.currency != charge.amount.currency:
        return Refusal(
            "currency_differs", f"the dispute is over {report.money}, the charge is for {charge.amount}"
        )
    return None


def _implausible(charge: Charge, report: DisputeReport) -> Refusal | None:
    """Why the amounts of a report cannot be of this charge, if so. Other currencies cannot be compared."""
    currency = charge.amount.currency
    if report.money.amount_minor < 1 or any(_has_negative(one) for one in report.movements):
        return Refusal(
            "amount_differs",
            f"the PSP reports a dispute over {report.money}, or a total of its movements that is below 0",
        )
    most_minor = DISPUTED_TIMES_CAPTURED_MAX * charge.captured_minor
    named = [report.money] if report.money.currency == currency else []
    moved = [
        Money(taken_minor - given_back_minor, currency)
        for one in report.movements
        if one.currency == currency
        for taken_minor, given_back_minor in (
            (one.withdrawn_minor, one.reinstated_minor),
            (one.held_minor, one.released_minor),
        )
    ]
    for money in (*named, *moved):
        if abs(money.amount_minor) > most_minor:
            captured = Money(charge.captured_minor, currency)
            return Refusal(
                "amount_exceeds_charge",
                f"the PSP reports a dispute over {money} of a charge that took {captured}",
            )
    return None


def _has_negative(total: DisputeMovements) -> bool:
    return any(isinstance(amount, int) and amount < 0 for amount in msgspec.structs.astuple(total))


_RANK_OF_OPEN: Final[dict[DisputeStatus, int]] = {"needs_response": 0, "under_review": 1}


def _movements(charge: Charge, dispute: Dispute, report: DisputeReport) -> list[DisputeEvent]:
    """What has moved beyond what the dispute knows, in each currency."""
    found: list[DisputeEvent] = []
    for total in report.movements:
        known = dispute.moved_in(total.currency)
        for kind, more_minor, more_fee_minor in (
            (
                DisputeFundsWithdrawn,
                total.withdrawn_minor - known.withdrawn_minor,
                total.withdrawn_fee_minor - known.withdrawn_fee_minor,
            ),
            (
                DisputeFundsReinstated,
                total.reinstated_minor - known.reinstated_minor,
                total.reinstated_fee_minor - known.reinstated_fee_minor,
            ),
        ):
            if more_minor > 0 or (more_minor == 0 and more_fee_minor > 0):
                found.append(
                    kind(
                        dispute_id=dispute.dispute_id,
                        merchant_id=charge.merchant_id,
                        livemode=charge.livemode,
                        psp=charge.psp,
                        psp_account=charge.psp_account,
                        psp_reference=report.psp_reference,
                        amount_minor=more_minor,
                        fee_minor=max(more_fee_minor, 0),
                        currency=total.currency,
                        occurred_at=report.occurred_at,
                    )
                )
        for kind_of_hold, more_minor in (
            (DisputeFundsHeld, total.held_minor - known.held_minor),
            (DisputeFundsReleased, total.released_minor - known.released_minor),
        ):
            if more_minor > 0:
                found.append(
                    kind_of_hold(
                        dispute_id=dispute.dispute_id,
                        merchant_id=charge.merchant_id,
                        livemode=charge.livemode,
                        psp=charge.psp,
                        psp_account=charge.psp_account,
                        psp_reference=report.psp_reference,
                        amount_minor=more_minor,
                        currency=total.currency,
                        occurred_at=report.occurred_at,
                    )
                )
    return found


def _progress(dispute: Dispute, report: DisputeReport, status: DisputeStatus) -> tuple[DisputeEvent, ...]:
    """How the dispute itself moved on, if it did."""
    if report.is_inquiry and not dispute.is_inquiry:
        # An inquiry becomes a chargeback and never the other way, and a second is long enough for both.
        return ()
    is_escalated = dispute.is_inquiry and not report.is_inquiry
    is_newer = is_escalated or report.occurred_at > dispute.updated_at
    if not is_newer and report.occurred_at < dispute.updated_at:
        return ()
    match status:
        case "won" | "lost" | "closed" as ending:
            if dispute.status not in _RANK_OF_OPEN and (ending == dispute.status or not is_newer):
                return ()
            if is_escalated:
                # The chargeback may be over by the time we hear of it.
                began = _updated(dispute, report, "needs_response")
                return (began, *_progress(evolve_dispute(dispute, began), report, status))
            event = _ended(dispute.dispute_id, ending, report.occurred_at)
            return (event,) if (dispute.status, event_type(event)) in DISPUTE_TRANSITIONS else ()
        case "needs_response" | "under_review":
            if dispute.status in _RANK_OF_OPEN:
                is_old = _RANK_OF_OPEN[status] < _RANK_OF_OPEN[dispute.status] and not is_newer
            else:
                # Only a closed inquiry comes back, as a chargeback.
                is_old = dispute.status != "closed" or report.is_inquiry or not is_newer
            is_known = (status, report.is_inquiry, report.evidence_due_by) == (
                dispute.status,
                dispute.is_inquiry,
                dispute.evidence_due_by,
            )
            if is_old or is_known:
                return ()
            return (_updated(dispute, report, status),)
        case _:
            assert_never(status)


def _updated(dispute: Dispute, report: DisputeReport, status: DisputeStatus) -> DisputeUpdated:
    return DisputeUpdated(
        dispute_id=dispute.dispute_id,
        status=status,
        is_inquiry=report.is_inquiry,
        occurred_at=report.occurred_at,
        evidence_due_by=report.evidence_due_by,
    )


def _ended(
    dispute_id: DisputeId, ending: Literal["won", "lost", "closed"], occurred_at: datetime
) -> DisputeWon | DisputeLost | DisputeClosed:
    match ending:
        case "won":
            return DisputeWon(dispute_id=dispute_id, occurred_at=occurred_at)
        case "lost":
            return DisputeLost(dispute_id=dispute_id, occurred_at=occurred_at)
        case "closed":
            return DisputeClosed(dispute_id=dispute_id, occurred_at=occurred_at)
        case _:
            assert_never(ending)
