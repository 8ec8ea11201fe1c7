"""Which events bring a charge into line with the PSP's own record of its payment, read on purpose. Pure."""

from typing import Final, assert_never

from fincore.domain.charge import TERMINAL, Charge
from fincore.domain.events import ChargeCorrected, ChargeEvent, ChargeStatus
from fincore.domain.fee_plan import platform_fee_minor
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    KnownOutcome,
    Pending,
)
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.refusal import Refusal
from fincore.domain.report_mismatch import other_payment_named, payment_mismatch

Events = tuple[ChargeEvent, ...]


def correct_payment(
    charge: Charge, outcome: KnownOutcome, *, is_read_by_person: bool = False
) -> Events | Refusal:
    """The events that bring a charge into line with the PSP's own record, read just now.

    One `charge.corrected` where the charge has ended and the record says otherwise; else as `decide_payment`.
    """
    if charge.status not in TERMINAL or isinstance(outcome, ActionRequired | Consented | Pending):
        return decide_payment(charge, outcome, is_read_by_person=is_read_by_person)
    after, captured_after_minor = _record(outcome)
    mismatch = other_payment_named if is_read_by_person else payment_mismatch
    if (refusal := mismatch(charge, outcome)) is not None:
        return refusal
    reserved_minor = charge.captured_minor - charge.refundable_minor
    if captured_after_minor < reserved_minor:
        return Refusal(
            "contradicts_state",
            f"the PSP's record is {after} with {captured_after_minor} minor units captured, and "
            f"{reserved_minor} of the charge are refunded or being refunded",
        )
    if captured_after_minor == 0 and charge.disputes:
        return Refusal(
            "contradicts_state",
            f"the PSP's record is {after} with nothing captured, and the charge is disputed",
        )
    is_same = after == charge.status or {after, charge.status} <= _NO_MONEY
    if is_same and captured_after_minor == charge.captured_minor:
        is_paid = isinstance(outcome, Approved)
        return decide_payment(charge, outcome, is_read_by_person=is_read_by_person) if is_paid else ()
    reference = outcome.psp_reference or charge.psp_reference
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
            psp_account=charge.psp_account,
            psp_reference=reference,
            status_before=charge.status,
            status_after=after,
            captured_before_minor=charge.captured_minor,
            captured_after_minor=captured_after_minor,
            currency=charge.amount.currency,
            reason=f"the PSP's own record says {after}",
            occurred_at=outcome.occurred_at,
            platform_fee_before_minor=platform_fee_minor(charge.fee_plan, charge.captured_minor),
            platform_fee_after_minor=platform_fee_minor(charge.fee_plan, captured_after_minor),
        ),
    )


_NO_MONEY: Final[frozenset[ChargeStatus]] = frozenset({"failed", "canceled", "expired"})
"""Ends that do not contradict each other: the customer has paid nothing."""


def _record(outcome: Approved | Declined | Canceled | Expired) -> tuple[ChargeStatus, int]:
    """What a PSP's record says of a payment: the state, and what was taken."""
    match outcome:
        case Approved(kind="captured"):
            return "succeeded", outcome.money.amount_minor
        case Approved():
            return "authorized", 0
        case Declined():
            return "failed", 0
        case Canceled():
            return "canceled", 0
        case Expired():
            return "expired", 0
        case _:
            assert_never(outcome)
