"""Which events follow from an outcome or a report of a refund. The rules of `payment_outcomes` hold here too."""

from typing import Final

from fincore.domain.charge import Charge
from fincore.domain.events import (
    ChargeEvent,
    RefundCorrected,
    RefundFailed,
    RefundOutcomeUnknown,
    RefundPending,
    RefundRequested,
    RefundSucceeded,
)
from fincore.domain.fee_fields import fee_fields
from fincore.domain.ids import RefundId
from fincore.domain.outcome import PspReference, RefundRejected, RefundReport, Unknown
from fincore.domain.refund import Refund
from fincore.domain.refusal import Refusal

Events = tuple[ChargeEvent, ...]


def decide_refund(
    charge: Charge,
    refund_id: RefundId | None,
    outcome: RefundReport | RefundRejected | Unknown,
    *,
    new_refund_id: RefundId,
) -> Events | Refusal:
    """The events that follow from what a PSP reported about a refund.

    A report that names no refund of ours, by id or by the PSP's reference, is of one made at the PSP: it becomes a
    refund of the charge under `new_refund_id`, even where the charge would not allow it. It has happened.

    One by which more than was captured would be given back contradicts the others, one of which has failed since.
    """
    if (
        isinstance(outcome, RefundReport)
        and (refusal := refund_mismatch(charge, refund_id, outcome)) is not None
    ):
        return refusal
    if isinstance(outcome, RefundReport) and _gives_back_too_much(charge, refund_id, outcome):
        return Refusal(
            "contradicts_state",
            f"the PSP refunded {outcome.money} of {charge.captured_minor} minor units captured, of which "
            f"{charge.refunded_minor} were given back before",
        )
    return _decided(charge, refund_id, outcome, new_refund_id)


def _decided(
    charge: Charge,
    refund_id: RefundId | None,
    outcome: RefundReport | RefundRejected | Unknown,
    new_refund_id: RefundId,
) -> Events | Refusal:
    if isinstance(outcome, RefundReport):
        refund = _refund_of(charge, refund_id or outcome.refund_id, outcome.psp_reference)
        return (
            _refund_elsewhere(charge, outcome, new_refund_id)
            if refund is None
            else _refund_reported(charge, refund, outcome)
        )
    refund = charge.refund(refund_id) if refund_id else None
    if refund is None or refund.status != "processing":
        return ()
    if isinstance(outcome, Unknown):
        if refund.unknown_since is not None:
            return ()
        return (RefundOutcomeUnknown(refund_id=refund.refund_id, reason=outcome.reason, since=outcome.since),)
    return (
        RefundFailed(
            refund_id=refund.refund_id,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_account=charge.psp_account,
            amount_minor=refund.amount_minor,
            currency=charge.amount.currency,
            code=outcome.code,
            was_succeeded=False,
            occurred_at=outcome.occurred_at,
        ),
    )


def correct_refund(charge: Charge, refund_id: RefundId, record: RefundReport) -> Events | Refusal:
    """The events that bring a refund into line with the PSP's own record, read just now, even where they contradict its other refunds.

    `refund_id` is the id that the refund has, or gets where the charge does not know it yet.
    """
    if (refusal := refund_mismatch(charge, refund_id, record)) is not None:
        return refusal
    refund = _refund_of(charge, refund_id, record.psp_reference)
    if refund is None or refund.status != "failed" or record.status != "succeeded":
        return _decided(charge, refund.refund_id if refund else None, record, refund_id)
    return (
        RefundCorrected(
            refund_id=refund.refund_id,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_account=charge.psp_account,
            psp_reference=record.psp_reference,
            amount_minor=refund.amount_minor,
            currency=charge.amount.currency,
            occurred_at=record.occurred_at,
            **fee_fields(record.fee if refund.fee is None else None),
        ),
    )


def _gives_back_too_much(charge: Charge, refund_id: RefundId | None, report: RefundReport) -> bool:
    refund = _refund_of(charge, refund_id or report.refund_id, report.psp_reference)
    if report.status == "failed" or (refund is not None and refund.status == "succeeded"):
        return False
    if report.status == "pending" and refund is not None and refund.status != "processing":
        return False
    return charge.refunded_minor + report.money.amount_minor > charge.captured_minor


def refund_mismatch(charge: Charge, refund_id: RefundId | None, report: RefundReport) -> Refusal | None:
    """Why what a PSP says of a refund cannot be about this charge, or about its refund `refund_id`, if so."""
    if report.money.currency != charge.amount.currency:
        return Refusal(
            "currency_differs", f"the PSP refunded {report.money}, the charge is for {charge.amount}"
        )
    if report.money.amount_minor < 1:
        return Refusal("amount_differs", f"the PSP reports a refund of {report.money}")
    if report.money.amount_minor > charge.amount.amount_minor:
        return Refusal(
            "amount_exceeds_charge", f"the PSP refunded {report.money}, the charge is for {charge.amount}"
        )
    named_id = refund_id or report.refund_id
    named = charge.refund(named_id) if named_id else None
    known = next((one for one in charge.refunds if one.psp_reference == report.psp_reference), None)
    if named is not None and known is not None and known.refund_id != named.refund_id:
        return Refusal(
            "psp_reference_differs",
            f"{report.psp_reference} is {known.refund_id} here, and the PSP reports it as {named.refund_id}",
        )
    refund = _refund_of(charge, named_id, report.psp_reference)
    if refund is None:
        return None
    if refund.amount_minor != report.money.amount_minor:
        return Refusal(
            "amount_differs",
            f"the PSP refunded {report.money}, {refund.refund_id} is for {refund.amount_minor} minor units",
        )
    if refund.psp_reference not in (None, report.psp_reference):
        return Refusal(
            "psp_reference_differs",
            f"{refund.refund_id} is {refund.psp_reference} at the PSP, not {report.psp_reference}",
        )
    return None


def _refund_of(charge: Charge, refund_id: RefundId | None, psp_reference: PspReference) -> Refund | None:
    by_id = charge.refund(refund_id) if refund_id else None
    return by_id or next((one for one in charge.refunds if one.psp_reference == psp_reference), None)


def _refund_elsewhere(charge: Charge, report: RefundReport, refund_id: RefundId) -> Events | Refusal:
    if charge.captured_minor == 0:
        return Refusal(
            "contradicts_state", f"the PSP refunded {report.money} of a charge that is {charge.status}"
        )
    requested = RefundRequested(
        refund_id=refund_id,
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        amount_minor=report.money.amount_minor,
        currency=report.money.currency,
        requested_at=report.occurred_at,
        origin="psp",
        psp_reference=report.psp_reference,
    )
    return (requested, _refund_event(charge, refund_id, report, was_succeeded=False))


def _refund_reported(charge: Charge, refund: Refund, report: RefundReport) -> Events | Refusal:
    if refund.status == "failed" and report.status == "succeeded":
        return Refusal(
            "contradicts_state", f"refund.succeeded contradicts refund {refund.refund_id}, which failed"
        )
    if report.status == refund.status or _REFUND_RANK[report.status] < _REFUND_RANK[refund.status]:
        return ()
    return (_refund_event(charge, refund.refund_id, report, was_succeeded=refund.status == "succeeded"),)


_REFUND_RANK: Final = {"processing": 0, "pending": 1, "succeeded": 2, "failed": 3}
"""How far along a refund is: what is behind the state it has reached is old news."""


def _refund_event(
    charge: Charge, refund_id: RefundId, report: RefundReport, *, was_succeeded: bool
) -> RefundPending | RefundSucceeded | RefundFailed:
    if report.status == "pending":
        return RefundPending(
            refund_id=refund_id, psp_reference=report.psp_reference, occurred_at=report.occurred_at
        )
    if report.status == "succeeded":
        return RefundSucceeded(
            refund_id=refund_id,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_account=charge.psp_account,
            psp_reference=report.psp_reference,
            amount_minor=report.money.amount_minor,
            currency=report.money.currency,
            occurred_at=report.occurred_at,
            **fee_fields(report.fee),
        )
    returned = charge.refund(refund_id) if was_succeeded else None
    fee = None if returned is None else returned.fee
    return RefundFailed(
        refund_id=refund_id,
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        psp=charge.psp,
        psp_account=charge.psp_account,
        amount_minor=report.money.amount_minor,
        currency=report.money.currency,
        code=report.failure_code or "unknown_reason",
        was_succeeded=was_succeeded,
        occurred_at=report.occurred_at,
        psp_reference=report.psp_reference,
        **fee_fields(fee),
    )
